import type { FlightDetail, OperatorUpdate } from "../api/types";
import { instantOf, readTime } from "./localTime";

export const PLACES = [
  "departure_gate",
  "departure_terminal",
  "arrival_gate",
  "arrival_terminal",
  "belt",
] as const;
export type Place = (typeof PLACES)[number];
export type TimeField = "estimated_out" | "estimated_in";

/** A time as it was typed, on the day that was chosen, if one was; or an instant that a button made. */
export type Typed = { text: string; day?: string } | { instant: string };
export type Reason = { code: string; minutes: string };

/** What was touched of a flight and not sent yet. "" takes back; a diversion to "?" is one that is not known where to. */
export type Draft = { [field in Place | "note"]?: string } & { [field in TimeField]?: Typed } & {
  delay_codes?: readonly Reason[];
  diverted_to?: string;
};

/** Why what was typed can't be sent: no time of day, a time that the clocks skip, minutes that are none. */
export type Wrong = "no-time" | "skipped" | "no-minutes";
export type Wrongs = { [field in TimeField | "delay_codes"]?: Wrong };

/** What is known of a flight, in the words of a draft. */
export function known(flight: FlightDetail): Required<Omit<Draft, TimeField>> {
  return {
    departure_gate: flight.departure.gate ?? "",
    departure_terminal: flight.departure.terminal ?? "",
    arrival_gate: flight.arrival.gate ?? "",
    arrival_terminal: flight.arrival.terminal ?? "",
    belt: flight.arrival.belt ?? "",
    note: flight.note ?? "",
    delay_codes: flight.delays.map(({ code, minutes }) => ({
      code,
      minutes: minutes ? String(minutes) : "",
    })),
    diverted_to: flight.diverted_to === "" ? "?" : (flight.diverted_to ?? ""),
  };
}

/** The times of an end as the panel reads them: the schedule, the estimate, and the one that a typed time is near to. */
export function timesOf(flight: FlightDetail, field: TimeField) {
  const { departure, arrival, runway } = flight;
  const [zone, scheduled, estimated] =
    field === "estimated_out"
      ? [departure.zone, departure.scheduled_out ?? runway.scheduled_off, departure.estimated_out]
      : [arrival.zone ?? "UTC", arrival.scheduled_in ?? runway.scheduled_on, arrival.estimated_in];
  const near = scheduled ?? estimated ?? noonOf(flight.id);
  return { zone, scheduled: scheduled ?? undefined, estimated: estimated ?? undefined, near };
}

/** The instant that was typed; undefined where it is none, or nothing. */
export function instantTyped(typed: Typed, flight: FlightDetail, field: TimeField): string | undefined {
  if ("instant" in typed) return typed.instant;
  const { zone, near } = timesOf(flight, field);
  const time = readTime(typed.text);
  return time && instantOf(time, zone, near, typed.day);
}

/** What is to be sent: what was touched and is otherwise than what is known. Null takes back. */
export function toSend(draft: Draft, flight: FlightDetail): { update: OperatorUpdate; wrong: Wrongs } {
  const now = known(flight);
  const update: OperatorUpdate = {};
  const wrong: Wrongs = {};
  for (const field of [...PLACES, "note", "diverted_to"] as const) {
    const text = draft[field]?.trim();
    if (text !== undefined && text !== now[field]) update[field] = text || null;
  }
  for (const field of ["estimated_out", "estimated_in"] as const) {
    const typed = draft[field];
    if (!typed) continue;
    const { estimated } = timesOf(flight, field);
    if ("text" in typed && !typed.text.trim()) {
      if (estimated) update[field] = null;
      continue;
    }
    const instant = instantTyped(typed, flight, field);
    if (!instant) wrong[field] = "text" in typed && readTime(typed.text) ? "skipped" : "no-time";
    else if (!estimated || Date.parse(instant) !== Date.parse(estimated)) update[field] = instant;
  }
  if (draft.delay_codes && JSON.stringify(draft.delay_codes) !== JSON.stringify(now.delay_codes)) {
    if (draft.delay_codes.some(({ minutes }) => !isMinutes(minutes))) wrong.delay_codes = "no-minutes";
    else {
      const codes = draft.delay_codes.map(({ code, minutes }) =>
        minutes ? { code, minutes: Number(minutes) } : { code },
      );
      update.delay_codes = codes.length ? codes : null;
    }
  }
  return { update, wrong };
}

/** Minutes as they are typed: none, or 1 to 4320. */
export function isMinutes(text: string): boolean {
  return text === "" || (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 4320);
}

/** The draft without what was sent; what was typed since stays. */
export function without(draft: Draft, sent: Draft): Draft {
  const left = { ...draft };
  for (const field of [
    ...PLACES,
    "note",
    "diverted_to",
    "estimated_out",
    "estimated_in",
    "delay_codes",
  ] as const) {
    if (left[field] === sent[field]) delete left[field];
  }
  return left;
}

/** Noon of the day that a flight's id names, where nobody said when it is to fly. */
function noonOf(id: string): string {
  const [, year, month, day] = /-(\d{4})(\d{2})(\d{2})-/.exec(id) ?? [];
  return `${year}-${month}-${day}T12:00:00Z`;
}
