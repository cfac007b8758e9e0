import type { FlightRow } from "../api/types";

/** A flight of the tests' own: EWR to ORD, 10:00 to 12:40 at EWR's clocks; what is told of it is laid over. */
export function sample(
  told: Partial<Omit<FlightRow, "departure" | "arrival">> & {
    departure?: Partial<FlightRow["departure"]>;
    arrival?: Partial<FlightRow["arrival"]>;
  } = {},
): FlightRow {
  const number = told.number ?? "UA1545";
  const out = told.departure?.scheduled_out ?? "2026-11-21T15:00:00Z";
  const into = told.arrival?.scheduled_in ?? "2026-11-21T17:40:00Z";
  return {
    id: `${number}-20261121-EWR`,
    version: 1,
    airline: "United Airlines",
    codeshares: [],
    phase: "scheduled",
    delayed: false,
    ...told,
    number,
    departure: {
      airport: "EWR",
      city: "Newark",
      zone: "America/New_York",
      scheduled_out: out,
      expected_out: out,
      terminal: "C",
      gate: "C71",
      delay_minutes: 0,
      ...told.departure,
    },
    arrival: {
      airport: "ORD",
      city: "Chicago",
      zone: "America/Chicago",
      scheduled_in: into,
      expected_in: into,
      terminal: "1",
      belt: "4",
      delay_minutes: 0,
      ...told.arrival,
    },
  };
}
