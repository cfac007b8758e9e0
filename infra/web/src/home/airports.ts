import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import type { AirportLine } from "../api/types";

/** An airport that has a board: one with an IATA code. */
export type Airport = AirportLine & { iata: string };

const HOURS = 3_600_000;

/** The airports that a person most likely means. */
export function useAirports(text: string) {
  const q = text.trim();
  return useQuery({
    queryKey: ["airports", q.toLowerCase()],
    queryFn: ({ signal }) => asked({ q, limit: 7 }, signal),
    enabled: q.length > 0,
    staleTime: HOURS,
    placeholderData: (before) => before, // the list stays while the next letter is answered
    meta: { kept: true },
  });
}

/** The airports whose flights this site has from their own systems. */
export function useOwnAirports() {
  return useQuery({
    queryKey: ["airports"],
    queryFn: ({ signal }) => asked({}, signal),
    staleTime: HOURS,
    meta: { kept: true },
  });
}

/** An airport by its code; null where there is none. */
export function useAirport(iata: string) {
  return useQuery({
    queryKey: ["airports", iata.toLowerCase()],
    queryFn: ({ signal }) => asked({ q: iata, limit: 7 }, signal),
    staleTime: HOURS,
    meta: { kept: true },
    select: (airports) => airports.find((airport) => airport.iata === iata) ?? null,
  });
}

async function asked(query: { q?: string; limit?: number }, signal: AbortSignal): Promise<Airport[]> {
  const { airports } = await unwrap(api.GET("/v1/airports", { params: { query }, signal }));
  return airports.filter((airport): airport is Airport => typeof airport.iata === "string");
}
