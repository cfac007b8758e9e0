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
    select: withBoards,
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
    select: withBoards,
    meta: { kept: true },
  });
}

/** An airport by its IATA or ICAO code: its name, and where it lies. Null where none has the code. */
export function useAirport(code: string | null | undefined) {
  return useQuery({
    queryKey: ["airports", code?.toLowerCase()],
    queryFn: ({ signal }) => asked({ q: code ?? "", limit: 7 }, signal),
    enabled: Boolean(code),
    staleTime: HOURS,
    meta: { kept: true },
    select: (airports) => airports.find(({ iata, icao }) => iata === code || icao === code) ?? null,
  });
}

async function asked(query: { q?: string; limit?: number }, signal: AbortSignal): Promise<AirportLine[]> {
  return (await unwrap(api.GET("/v1/airports", { params: { query }, signal }))).airports;
}

function withBoards(airports: AirportLine[]): Airport[] {
  return airports.filter((airport): airport is Airport => typeof airport.iata === "string");
}
