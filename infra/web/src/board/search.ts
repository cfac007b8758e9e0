import type { Direction, FlightRow } from "../api/types";
import { here, late, there } from "./wording";

/** What a board is narrowed to, as it stands in its address. */
export type BoardSearch = {
  q?: string;
  show?: "delayed" | "cancelled";
  terminal?: string;
  airline?: string;
  earlier?: true;
  wall?: true;
};

/** Read a board's search parameters; what is not understood is left out. */
export function readBoardSearch(search: Record<string, unknown>): BoardSearch {
  const { show } = search;
  return {
    q: text(search.q),
    show: show === "delayed" || show === "cancelled" ? show : undefined,
    terminal: text(search.terminal),
    airline: text(search.airline),
    earlier: search.earlier === true ? true : undefined,
    wall: search.wall === true ? true : undefined,
  };
}

/** The flights of a board that are asked for. */
export function narrowed(rows: readonly FlightRow[], asked: BoardSearch, direction: Direction): FlightRow[] {
  const wanted = reading(asked.q ?? "");
  return rows.filter(
    (row) =>
      (asked.show !== "delayed" || late(row, direction)) &&
      (asked.show !== "cancelled" || row.phase === "cancelled") &&
      (!asked.terminal || here(row, direction).terminal === asked.terminal) &&
      (!asked.airline || row.airline === asked.airline) &&
      wanted(row, direction),
  );
}

/** The codeshares among a flight's that a search means, to be shown where there is little room. */
export function meantCodeshares(row: FlightRow, q: string): string[] {
  const number = flightNumber(q);
  return number ? row.codeshares.filter((each) => folded(each).startsWith(number)) : [];
}

function reading(q: string): (row: FlightRow, direction: Direction) => boolean {
  const number = flightNumber(q);
  if (number) return (row) => [row.number, ...row.codeshares].some((each) => folded(each).startsWith(number));
  const parts = folded(q).split(/\s+/).filter(Boolean);
  return (row, direction) => {
    const words = wordsOf(row, direction);
    return parts.every((part) => words.includes(` ${part}`));
  };
}

/** A flight number as it is written without spaces and leading zeros, where the text is one or begins one. */
function flightNumber(q: string): string | undefined {
  const read = /^([a-z]{3}|[a-z]\d|\d[a-z]|[a-z]{2})\s*0*(\d{1,4}[a-z]?)$/.exec(folded(q).trim());
  return read ? `${read[1]}${read[2]}` : undefined;
}

const known = { departures: new WeakMap<FlightRow, string>(), arrivals: new WeakMap<FlightRow, string>() };

/** All that a flight can be found by: each word with a space before it. */
function wordsOf(row: FlightRow, direction: Direction): string {
  let words = known[direction].get(row);
  if (words === undefined) {
    const { city, airport } = there(row, direction);
    const numbers = [row.number, ...row.codeshares];
    const digits = numbers.map((each) => each.replace(/^([A-Z]{3}|..)/, ""));
    const all = [...numbers, ...digits, city, airport, row.diverted_to, row.airline];
    words = ` ${folded(all.filter(Boolean).join(" ")).replace(/[^\p{L}\p{N}]+/gu, " ")}`;
    known[direction].set(row, words);
  }
  return words;
}

/** Text without what search does not mind: case and accents. */
function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function text(value: unknown): string | undefined {
  return ["string", "number", "boolean"].includes(typeof value) ? String(value) || undefined : undefined;
}
