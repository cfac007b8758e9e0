import { isoDate } from "../ui/times";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** A time of day as people type it: 14:05, 1405, 9.30; as HH:MM, or undefined where it is none. */
export function readTime(typed: string): string | undefined {
  const found = /^\s*([01]?\d|2[0-3])\s*[:.h]?\s*([0-5]\d)\s*$/.exec(typed);
  return found ? `${found[1]?.padStart(2, "0")}:${found[2]}` : undefined;
}

/**
 * The instant at which the clocks of a zone show a time of day: on `date` (YYYY-MM-DD) where it is given, else the one
 * that is nearest to `near`. Undefined where the clocks skip that time: they go forward then.
 */
export function instantOf(time: string, zone: string, near: string, date?: string): string | undefined {
  const to = Date.parse(near);
  const today = isoDate(near, zone);
  const days = date ? [date] : [-1, 0, 1].map((days) => addDays(today, days));
  // Which day is meant is decided before the clocks are asked: a time that is skipped must not become another day's.
  const meant = days.sort(
    (a, b) => Math.abs(asUtc(a, time) - local(to, zone)) - Math.abs(asUtc(b, time) - local(to, zone)),
  );
  const found = instantsOf(meant[0] ?? today, time, zone).sort((a, b) => Math.abs(a - to) - Math.abs(b - to));
  return found[0] === undefined ? undefined : new Date(found[0]).toISOString().replace(".000", "");
}

/** An instant moved by minutes, on a whole minute. */
export function later(instant: string, minutes: number): string {
  const moved = Math.floor(Date.parse(instant) / MINUTE) * MINUTE + minutes * MINUTE;
  return new Date(moved).toISOString().replace(".000", "");
}

/** A day (YYYY-MM-DD) some days on. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY).toISOString().slice(0, 10);
}

/** The instants at which a zone's clocks show this: none where they are put forward over it, two where put back. */
function instantsOf(date: string, time: string, zone: string): number[] {
  const shown = asUtc(date, time);
  const offsets = new Set([shown - DAY, shown + DAY].map((at) => local(at, zone) - at));
  return [...offsets].map((offset) => shown - offset).filter((at) => local(at, zone) === shown);
}

/** What a zone's clocks show at an instant, as if it were UTC. */
function local(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(instant);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  return asUtc(`${part("year")}-${part("month")}-${part("day")}`, `${part("hour")}:${part("minute")}`);
}

function asUtc(date: string, time: string): number {
  return Date.parse(`${date}T${time}Z`);
}
