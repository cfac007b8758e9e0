import type { Direction, FlightRow } from "../api/types";
import { gone } from "./lines";
import { here } from "./wording";

const HEAD_AND_FOOT = 4.3; // of a letter's height
const ROW = 1.35;
const HOURS = 4;
const PAGES = 8; // a passenger waits a minute and a half for a page, at most

/** How large the letters are, in pixels, and how many rows fit a screen: by its height, as its width allows. */
export function roomOf(width: number, height: number): { letter: number; rows: number } {
  const letter = Math.round(Math.min(height * 0.056, width * 0.0305) * 10) / 10;
  return { letter, rows: Math.max(1, Math.floor((height / letter - HEAD_AND_FOOT) / ROW)) };
}

/** The pages of a wall: what is still to come in the next hours, in order. There is always one, if empty. */
export function paged(
  flights: readonly FlightRow[],
  direction: Direction,
  now: number,
  rows: number,
): FlightRow[][] {
  const until = now + HOURS * 3_600_000;
  const coming = flights.filter((row) => {
    const { scheduled, expected } = here(row, direction);
    return !gone(row, direction, now) && Date.parse(scheduled ?? expected ?? "") < until;
  });
  const pages = Array.from({ length: Math.min(PAGES, Math.ceil(coming.length / rows)) }, (_, page) =>
    coming.slice(page * rows, (page + 1) * rows),
  );
  return pages.length ? pages : [[]];
}
