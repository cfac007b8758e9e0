import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import { createElement, type ReactNode } from "react";
import { expect, it, vi } from "vitest";
import type { ChangeLine } from "../api/types";
import { sample } from "../board/sample.testing";
import { hear, useHistory } from "./flights";
import type { Board, History } from "./merge";

const HOUR = 3_600_000;

function board(airport: string, ...flights: Board["flights"]): Board {
  const window = { from: "2026-11-21T12:00:00Z", to: "2026-11-22T01:00:00Z" };
  return { airport, direction: "departures", zone: "UTC", ...window, feeds: [], flights, changed: {} };
}

function line(version: number): ChangeLine {
  return { version, kind: "gate", field: "departure_gate", source: "aidx", at: "2026-11-21T12:00:00Z" };
}

it("a change of one board's flight leaves the age of all other boards as it is", () => {
  const client = new QueryClient();
  const before = Date.now() - 2 * HOUR;
  client.setQueryData(["board", "EWR", "departures"], board("EWR", sample()), { updatedAt: before });
  client.setQueryData(["board", "JFK", "departures"], board("JFK"), { updatedAt: before });
  const flight = sample({ version: 2, departure: { gate: "C9" } });
  hear(client, new Map(), { type: "change", flight, version: 2, changes: [line(2)] });
  expect(client.getQueryState(["board", "EWR", "departures"])?.dataUpdatedAt).toBeGreaterThan(before);
  expect(client.getQueryState(["board", "JFK", "departures"])?.dataUpdatedAt).toBe(before);
});

it("a board that is addressed by the airport's ICAO code catches up, too", () => {
  const client = new QueryClient();
  const key = ["board", "KEWR", "departures"];
  client.setQueryData(key, board("EWR", sample()));
  const flights = [sample({ version: 2, departure: { gate: "C9" } })];
  hear(client, new Map(), { type: "state", topic: "airport:EWR:departures", part: 1, parts: 1, flights });
  expect(client.getQueryData<Board>(key)?.flights).toEqual(flights);
});

it("a change that is pushed while an older history is on its way stays in it", async () => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const { id } = sample();
  let answer = () => {};
  vi.stubGlobal(
    "fetch",
    () =>
      new Promise<Response>((told) => {
        answer = () => told(Response.json({ flight: id, version: 1, changes: [line(1)], more: false }));
      }),
  );
  const wrapper = ({ children }: { children: ReactNode }) =>
    createElement(QueryClientProvider, { client }, children);
  client.setQueryData<History>(["history", id], { version: 1, changes: [line(1)], missing: false });
  const { result } = renderHook(() => useHistory(id), { wrapper });
  await waitFor(() => expect(result.current.fetchStatus).toBe("fetching"));
  const flight = sample({ version: 2 });
  hear(client, new Map(), { type: "change", flight, version: 2, changes: [line(2)] });
  answer();
  await waitFor(() => expect(result.current.fetchStatus).toBe("idle"));
  expect(result.current.data?.changes.map(({ version }) => version)).toEqual([1, 2]);
});
