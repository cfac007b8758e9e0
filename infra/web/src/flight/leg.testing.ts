import type { Flight } from "../live/merge";

/** Noon in Newark and Boston, on the day of the flights of these tests. */
export const NOON = Date.parse("2026-11-21T17:00:00Z");

type Told = Partial<Omit<Flight, "departure" | "arrival">> & {
  departure?: Partial<Flight["departure"]>;
  arrival?: Partial<Flight["arrival"]>;
};

/** A flight from Newark to Boston, with what is told of it. */
export function leg({ departure, arrival, ...told }: Told = {}): Flight {
  return {
    id: "UA1545-20261121-EWR",
    version: 1,
    number: "UA1545",
    codeshares: [],
    phase: "scheduled",
    delayed: false,
    departure: { airport: "EWR", city: "Newark", zone: "America/New_York", ...departure },
    arrival: { airport: "BOS", city: "Boston", zone: "America/New_York", ...arrival },
    runway: {},
    delays: [],
    derived: false,
    observed: {},
    behind: false,
    ...told,
  };
}
