import type { Direction, FlightRow, Phase } from "../api/types";
import { isoDate } from "../ui/times";
import { here } from "./wording";

/** One line of a board's list: a flight, or the day on which those below it are scheduled. */
export type Line = { kind: "day"; key: string; at: string } | { kind: "flight"; key: string; row: FlightRow };

const OVER: Record<Direction, readonly Phase[]> = {
  departures: ["departed", "airborne", "landed", "arrived", "diverted", "cancelled"],
  arrivals: ["arrived", "diverted", "cancelled"],
};
const STAYS = { departures: 10 * 60_000, arrivals: 30 * 60_000 }; // arrivals: until the bags are there

/** Whether nobody waits for a flight any more; it stays on the board for a while after it left or came. */
export function gone(row: FlightRow, direction: Direction, now: number): boolean {
  const { actual, expected, scheduled } = here(row, direction);
  const at = actual ?? expected ?? scheduled;
  return OVER[direction].includes(row.phase) && !!at && Date.parse(at) + STAYS[direction] < now;
}

/** The flights as lines, with a heading where the local day of the schedule is another than before. */
export function lines(rows: readonly FlightRow[], direction: Direction, zone: string, now: number): Line[] {
  let before = isoDate(now, zone);
  return rows.flatMap((row) => {
    const { scheduled, expected } = here(row, direction);
    const at = scheduled ?? expected;
    const flight: Line = { kind: "flight", key: row.id, row };
    const date = at ? isoDate(at, zone) : before;
    if (!at || date === before) return [flight];
    before = date;
    return [{ kind: "day", key: `day ${date}`, at }, flight];
  });
}
