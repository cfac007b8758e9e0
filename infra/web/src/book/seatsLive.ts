import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, unwrap } from "../api/client";
import type { Cabin, SeatMapAnswer } from "../api/types";
import { live, useLive } from "../live/connection";
import { newer, nextEnd } from "./seatGrid";
import { wallNow } from "./wall";

const LOOK_EVERY = 30_000; // where the WebSocket is not there, and for what an operator blocks
const LONGEST = 2 ** 31 - 1; // of a timer

export const seatsKey = (flight: string) => ["seats", flight] as const;

/** The seats of a flight: by REST first, then live. */
export function useSeats(flight: string) {
  const client = useQueryClient();
  const topic = `seats:${flight}`;
  const query = useQuery({
    queryKey: seatsKey(flight),
    queryFn: async ({ signal }) => {
      const asked = { params: { path: { id: flight } }, signal, cache: "no-cache" } as const;
      const next = await unwrap(api.GET("/v1/flights/{id}/seats", asked));
      return newer(client.getQueryData<SeatMapAnswer>(seatsKey(flight)), next);
    },
    refetchInterval: LOOK_EVERY,
    staleTime: 5_000,
  });
  useLive([topic]);
  useEffect(
    () =>
      live.onTold((told) => {
        const seats = told.type === "state" && told.topic === topic ? told.seats : undefined;
        if (seats) client.setQueryData<SeatMapAnswer>(seatsKey(flight), (before) => newer(before, seats));
      }),
    [client, flight, topic],
  );
  return query;
}

/** Wall time, rendered again whenever the next held seat of a map is free. */
export function useEnds(map: SeatMapAnswer | undefined): number {
  const [now, setNow] = useState(wallNow);
  useEffect(() => {
    const end = map && nextEnd(map, now);
    if (end === undefined) return;
    const timer = setTimeout(() => setNow(wallNow()), Math.min(Math.max(0, end - wallNow()) + 50, LONGEST));
    return () => clearTimeout(timer);
  }, [map, now]);
  return now;
}

/** Whether some flight has not as many seats left in a cabin as are needed: then one can wait for them. */
export async function someFull(flights: readonly string[], cabin: Cabin, seats: number): Promise<boolean> {
  const left = await Promise.all(
    flights.map(async (id) => {
      const query = { cabin };
      const map = await unwrap(api.GET("/v1/flights/{id}/seats", { params: { path: { id }, query } }));
      return map.cabins.find((each) => each.cabin === cabin)?.left ?? 0;
    }),
  );
  return left.some((each) => each < seats);
}
