import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import type { BoardAnswer, ChangeLine, Direction, FeedLine, FlightRow } from "../api/types";
import { live, type Told, useLive } from "./connection";
import * as merge from "./merge";

const FULL_PART = 500; // flights that the API gives at once, at most
const LOOK_EVERY = 60_000; // for the window, which moves on, and for when the feeds spoke
const CATCH_UP_EVERY = 4_000; // until REST, which is cached on its way, tells what the WebSocket told already

/** What is kept of boards and flights is shown offline, with its age (main.tsx keeps queries of this meta). */
const KEPT = { kept: true };

const boardKey = (iata: string, direction: Direction) => ["board", iata, direction] as const;
const flightKey = (id: string) => ["flight", id] as const;
const historyKey = (id: string) => ["history", id] as const;

/** A board: by REST first, then live. `data` is a `merge.Board`. */
export function useBoard(iata: string, direction: Direction) {
  const client = useQueryClient();
  const key = boardKey(iata, direction);
  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const answer = await wholeBoard(iata, direction, signal);
      const before = client.getQueryData<merge.Board>(key);
      return merge.answered(before, answer, Date.now(), live.connection.state === "live");
    },
    refetchInterval: LOOK_EVERY,
    staleTime: 5_000,
    meta: KEPT,
  });
  useLive(query.data ? [`airport:${iata}:${direction}`] : []);
  return query;
}

/** One leg with everything known of it: by REST first, then live. `data` is a `merge.Flight`. */
export function useFlight(id: string) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: flightKey(id),
    queryFn: async ({ signal }) => {
      const detail = await unwrap(
        api.GET("/v1/flights/{id}", { params: { path: { id } }, signal, cache: "no-cache" }),
      );
      return merge.detailed(client.getQueryData<merge.Flight>(flightKey(id)), detail);
    },
    refetchInterval: ({ state }) => (state.data?.behind ? CATCH_UP_EVERY : LOOK_EVERY * 5),
    meta: KEPT,
  });
  useLive(query.data ? [`flight:${id}`] : []);
  return query;
}

/** What changed of a leg, oldest first: by REST first, then live (with `useFlight`). `data` is a `merge.History`. */
export function useHistory(id: string) {
  const client = useQueryClient();
  return useQuery({
    queryKey: historyKey(id),
    queryFn: async ({ signal }) => {
      const known = () => client.getQueryData<merge.History>(historyKey(id));
      const changes: ChangeLine[] = [];
      let after = known()?.missing ? 0 : (known()?.version ?? 0);
      for (;;) {
        const asked = { params: { path: { id }, query: { after } }, signal, cache: "no-cache" } as const;
        const answer = await unwrap(api.GET("/v1/flights/{id}/history", asked));
        changes.push(...answer.changes);
        const last = answer.changes.at(-1);
        // To what is known by now: more may have been pushed while this was asked.
        if (!answer.more || !last) return merge.continued(known(), { ...answer, changes });
        after = last.version;
      }
    },
    refetchInterval: ({ state }) => (state.data?.missing ? CATCH_UP_EVERY : false),
    meta: KEPT,
  });
}

/** Put what the WebSocket tells into the query cache, until the function that is returned is called. */
export function hearFlights(client: QueryClient): () => void {
  const parts = new Map<string, FlightRow[]>();
  return live.onTold((told) => hear(client, parts, told));
}

/** One message of the WebSocket. `parts`: the rows of a topic's state that came so far. */
export function hear(client: QueryClient, parts: Map<string, FlightRow[]>, told: Told): void {
  if (told.type === "change") {
    for (const [key, board] of client.getQueriesData<merge.Board>({ queryKey: ["board"] })) {
      const now = board && merge.changed(board, told.flight, Date.now());
      // A board of which nothing changed is not put anew: it would count as seen just now, and perhaps nobody watches it.
      if (now !== board) client.setQueryData<merge.Board>(key, now);
    }
    flightIs(client, told.flight);
    client.setQueryData<merge.History>(
      historyKey(told.flight.id),
      (history) => history && merge.grown(history, told.version, told.changes),
    );
  }
  if (told.type === "state" && told.seats === undefined) {
    const rows = [...(told.part === 1 ? [] : (parts.get(told.topic) ?? [])), ...told.flights];
    parts.set(told.topic, rows);
    if (told.part < told.parts) return;
    parts.delete(told.topic);
    // By what the board says of itself: its address may name the airport by another code than the topic does.
    const [, airport, direction] = told.topic.split(":");
    for (const [key, board] of client.getQueriesData<merge.Board>({ queryKey: ["board"] })) {
      if (board && board.airport === airport && board.direction === direction)
        client.setQueryData<merge.Board>(key, merge.stated(board, rows, Date.now()));
    }
    for (const row of rows) flightIs(client, row);
  }
}

/** A flight stands like this: what is shown of it follows, and is asked for where it is not all of it. */
function flightIs(client: QueryClient, row: FlightRow): void {
  const before = client.getQueryData<merge.Flight>(flightKey(row.id));
  if (!before || before.version >= row.version) return;
  client.setQueryData<merge.Flight>(flightKey(row.id), merge.pushed(before, row));
  void client.invalidateQueries({ queryKey: flightKey(row.id) });
  void client.invalidateQueries({ queryKey: historyKey(row.id) });
  void client.invalidateQueries({ queryKey: ["rights", row.id] });
}

async function wholeBoard(iata: string, direction: Direction, signal: AbortSignal): Promise<BoardAnswer> {
  const flights: FlightRow[] = [];
  let cursor: string | undefined;
  for (;;) {
    const query = { limit: FULL_PART, ...(cursor ? { cursor } : {}) };
    const asked = { params: { path: { iata }, query }, signal };
    const call = await (direction === "departures"
      ? api.GET("/v1/airports/{iata}/departures", asked)
      : api.GET("/v1/airports/{iata}/arrivals", asked));
    const answer = await unwrap(Promise.resolve(call));
    flights.push(...answer.flights);
    const feeds = heard(answer.feeds, call.response.headers.get("Gatecall-Feeds"));
    if (!answer.cursor) return { ...answer, feeds, flights };
    cursor = answer.cursor;
  }
}

/** The feeds with the time each last spoke as the header has it: where nothing else changed, the body is an older one. */
export function heard(feeds: readonly FeedLine[], header: string | null): FeedLine[] {
  const told = new Map(
    header?.split(", ").map((each): [string, string] => {
      const [name = "", at = ""] = each.split(";heard=");
      return [name, at];
    }),
  );
  return feeds.map((feed) => {
    const at = told.get(feed.name);
    return at && at > feed.heard_at ? { ...feed, heard_at: at, silent: false } : feed;
  });
}
