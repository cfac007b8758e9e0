import type { ChangeLine, FlightDetail } from "../api/types";

/** Something that was said of a flight, on its way out. Times are milliseconds of one clock. */
export type Outgoing = {
  id: number;
  sentAt: number;
  /** Versions that the WebSocket told since, and when: a change may be on the boards before its answer is here. */
  heard: readonly { version: number; at: number }[];
  /** What the API took: the version it was saved in, and what changed; no version: all of it was known. */
  saved?: { version: number | undefined; changes: readonly ChangeLine[]; to: FlightDetail };
  /** How long it took until the boards had it. */
  boardsAfter?: number;
};

/** It is being sent. */
export function sent(id: number, at: number): Outgoing {
  return { id, sentAt: at, heard: [] };
}

/** The API took it: all changes stand in the last of the versions that they made. */
export function saved(out: Outgoing, flight: FlightDetail, changes: readonly ChangeLine[]): Outgoing {
  const version = changes.length ? Math.max(...changes.map((change) => change.version)) : undefined;
  return onBoards({ ...out, saved: { version, changes, to: flight } });
}

/** The WebSocket told a version of the flight. */
export function heard(out: Outgoing, version: number, at: number): Outgoing {
  return out.boardsAfter === undefined ? onBoards({ ...out, heard: [...out.heard, { version, at }] }) : out;
}

function onBoards(out: Outgoing): Outgoing {
  const version = out.saved?.version;
  if (version === undefined) return out;
  const first = out.heard.find((each) => each.version >= version);
  return first ? { ...out, boardsAfter: Math.max(0, Math.round(first.at - out.sentAt)) } : out;
}

/** How those who follow learn of it (chalicelib/alerts/model.py): at once, soon, later, or by looking at the flight. */
export type Telling =
  | "at-once"
  | "soon"
  | "time"
  | "time-later"
  | "gate-later"
  | "belt"
  | "belt-later"
  | "page";

const HOUR = 3_600_000;

/** What of the changes followers are told, and when; `now`: the flight clock. */
export function telling(changes: readonly ChangeLine[], flight: FlightDetail, now: number): Telling[] {
  if (flight.phase === "cancelled") {
    return [changes.some((change) => change.field === "cancelled") ? "at-once" : "page"];
  }
  return [...new Set(changes.map((change) => tells(change, flight, now)))];
}

function tells(change: ChangeLine, flight: FlightDetail, now: number): Telling {
  const left = !!(flight.departure.actual_out ?? flight.runway.actual_off);
  const arrived = !!(flight.arrival.actual_in ?? flight.runway.actual_on);
  const out = Date.parse(flight.departure.expected_out ?? "") - now;
  switch (change.field) {
    case "cancelled":
    case "diverted_to":
      return "at-once";
    case "departure_gate":
    case "departure_terminal":
      if (left || change.after === null || change.after === undefined) return "page";
      return out <= 3 * HOUR ? "soon" : "gate-later";
    case "estimated_out":
      return left ? "page" : out <= 24 * HOUR ? "time" : "time-later";
    case "estimated_in":
      return left && !arrived && flight.phase !== "diverted" ? "time" : "page";
    case "belt":
      if (change.after === null || change.after === undefined) return "page";
      return arrived ? "belt" : "belt-later";
  }
  return "page";
}
