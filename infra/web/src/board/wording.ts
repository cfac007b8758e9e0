import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { Direction, FlightRow } from "../api/types";
import type { Tone } from "../ui/states";

/** One end of a leg as its airport's board needs it. */
export type Stop = {
  airport?: string | null;
  city?: string | null;
  scheduled?: string | null;
  expected?: string | null;
  actual?: string | null;
  terminal?: string | null;
  /** Where to go: the gate of a departure, the baggage belt of an arrival. */
  place?: string | null;
  delay: number;
};

/** Minutes from which on a flight counts as late, as the API has it. */
export const LATE = 15;

/** The end of a leg at the board's own airport. */
export function here(row: FlightRow, direction: Direction): Stop {
  return direction === "departures" ? origin(row) : destination(row);
}

/** The other end: where to, or where from. */
export function there(row: FlightRow, direction: Direction): Stop {
  return direction === "departures" ? destination(row) : origin(row);
}

/** Whether a flight is delayed at this board's end. */
export function late(row: FlightRow, direction: Direction): boolean {
  return row.phase !== "cancelled" && here(row, direction).delay >= LATE;
}

/** What is to be said of a flight on a board, and how it sounds. `clock` words a time by the airport's clocks. */
export function status(
  row: FlightRow,
  direction: Direction,
  clock: (instant: string) => string,
): { words: MessageDescriptor; tone?: Tone } {
  const { scheduled, expected } = here(row, direction);
  const time = expected && expected !== scheduled ? clock(expected) : undefined;
  const away = direction === "arrivals"; // what happens at the gate there is of no use here

  switch (row.phase) {
    case "cancelled":
      return { words: msg`Cancelled`, tone: "bad" };
    case "diverted":
      return row.diverted_to
        ? { words: msg`Diverted to ${row.diverted_to}`, tone: "bad" }
        : { words: msg`Diverted`, tone: "bad" };
    case "returned":
      return { words: msg`Returned`, tone: "late" };
    case "landed":
      return { words: msg`Landed`, tone: "good" };
    case "arrived":
      return { words: msg`Arrived`, tone: "good" };
    case "departed":
      if (!away) return { words: msg`Departed` };
      break;
    case "airborne":
      if (!away || !late(row, direction)) return { words: msg`In the air` };
      break;
    case "boarding":
      if (!away) return { words: msg`Boarding`, tone: "good" };
      break;
    case "final-call":
      if (!away) return { words: msg`Final call`, tone: "late" };
      break;
    case "gate-closed":
      if (!away) return { words: msg`Gate closed`, tone: "bad" };
      break;
  }
  if (late(row, direction)) {
    return time ? { words: msg`Delayed ${time}`, tone: "late" } : { words: msg`Delayed`, tone: "late" };
  }
  if (time) return { words: msg`Expected ${time}` };
  if (row.phase === "check-in" && !away) return { words: msg`Check-in open`, tone: "good" };
  return { words: msg`On time`, tone: "good" };
}

/** A flight number as it is read: UA 1545. */
export function spaced(number: string): string {
  return number.replace(/^([A-Z]{3}|[A-Z0-9]{2})(\d)/, "$1 $2");
}

function origin({ departure: end }: FlightRow): Stop {
  return {
    airport: end.airport,
    city: end.city,
    scheduled: end.scheduled_out,
    expected: end.expected_out,
    actual: end.actual_out,
    terminal: end.terminal,
    place: end.gate,
    delay: end.delay_minutes ?? 0,
  };
}

function destination({ arrival: end }: FlightRow): Stop {
  return {
    airport: end.airport,
    city: end.city,
    scheduled: end.scheduled_in,
    expected: end.expected_in,
    actual: end.actual_in,
    terminal: end.terminal,
    place: end.belt,
    delay: end.delay_minutes ?? 0,
  };
}
