import type { I18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { ChangeLine } from "../api/types";
import type { Flight } from "../live/merge";
import { reasonWords, sameReason } from "./delayReasons";
import { moment } from "./spans";

/** What one version of a flight brought, in sentences. */
export type Entry = { version: number; at: string; source: string; lines: readonly string[] };

/**
 * What changed, newest first; and below it what was so already when the flight was first heard of. Versions of which
 * a passenger notices nothing are left out.
 */
export function timeline(flight: Flight, changes: readonly ChangeLine[], i18n: I18n): Entry[] {
  const entries: Entry[] = [];
  for (const change of [...changes, ...unreported(flight, changes)]) {
    const says = sentence(change, flight, i18n);
    if (!says) continue;
    const same = entries.find(
      ({ version, source, at }) =>
        version === change.version && source === change.source && (version > 1 || at === change.at),
    );
    if (!same) {
      entries.push({ version: change.version, at: change.at, source: change.source, lines: [says] });
    } else if (!same.lines.includes(says)) same.lines = [...same.lines, says];
  }
  return entries.sort((a, b) => b.version - a.version || (a.at < b.at ? 1 : -1));
}

/** What holds, but of which the history says nothing, as it was so when the flight was first heard of. */
function unreported(flight: Flight, changes: readonly ChangeLine[]): ChangeLine[] {
  const { departure, arrival, runway } = flight;
  const told = new Set(changes.map((change) => change.field));
  const facts = [
    ["cancelled", "cancelled", flight.phase === "cancelled" || undefined],
    ["diverted", "diverted_to", flight.diverted_to],
    ["returned", "returned", flight.phase === "returned" || undefined],
    ["departed", "actual_out", departure.actual_out],
    ["airborne", "actual_off", runway.actual_off],
    ["landed", "actual_on", runway.actual_on],
    ["arrived", "actual_in", arrival.actual_in],
    [moved(departure.scheduled_out, departure.estimated_out), "estimated_out", departure.estimated_out],
    [moved(arrival.scheduled_in, arrival.estimated_in), "estimated_in", arrival.estimated_in],
  ] as const;
  return facts.flatMap(([kind, field, after]) => {
    const seen = flight.observed[field];
    const known = after !== undefined && after !== null;
    return kind && known && seen && !told.has(field) ? [{ version: 1, kind, field, after, ...seen }] : [];
  });
}

function moved(scheduled: string | null | undefined, estimated: string | null | undefined) {
  if (!scheduled || !estimated || scheduled === estimated) return undefined;
  return scheduled < estimated ? "delayed" : "earlier";
}

/** One change as a sentence; none where a passenger notices nothing of it. */
export function sentence(change: ChangeLine, flight: Flight, i18n: I18n): string | undefined {
  const { kind, field, after, before } = change;
  if (/^(scheduled|estimated|actual)_/.test(field)) return timeSentence(change, flight, i18n);
  const now = text(after);
  const was = text(before) ?? "";
  switch (field) {
    case "cancelled":
      return kind === "cancelled" ? i18n._(msg`Cancelled`) : i18n._(msg`It flies after all`);
    case "diverted_to":
      if (after === "") return i18n._(msg`Diverted, not yet known where to`);
      if (now === flight.departure.airport) return i18n._(msg`Turns back to ${now}`);
      return now ? i18n._(msg`Diverted to ${now}`) : i18n._(msg`No longer diverted`);
    case "returned":
      return after === true ? i18n._(msg`Came back to the gate`) : undefined;
    case "shown":
      return kind === "withdrawn"
        ? i18n._(msg`Taken off public display`)
        : i18n._(msg`Back on public display`);
    case "departure_gate":
      if (!now) return i18n._(msg`Departure gate ${was} no longer holds`);
      return was
        ? i18n._(msg`New departure gate: ${now}, no longer ${was}`)
        : i18n._(msg`Departure gate: ${now}`);
    case "arrival_gate":
      if (!now) return i18n._(msg`Arrival gate ${was} no longer holds`);
      return was
        ? i18n._(msg`New arrival gate: ${now}, no longer ${was}`)
        : i18n._(msg`Arrival gate: ${now}`);
    case "departure_terminal":
      if (!now) return i18n._(msg`Departure terminal ${was} no longer holds`);
      return was
        ? i18n._(msg`New departure terminal: ${now}, no longer ${was}`)
        : i18n._(msg`Departure terminal: ${now}`);
    case "arrival_terminal":
      if (!now) return i18n._(msg`Arrival terminal ${was} no longer holds`);
      return was
        ? i18n._(msg`New arrival terminal: ${now}, no longer ${was}`)
        : i18n._(msg`Arrival terminal: ${now}`);
    case "belt":
      if (!now) return i18n._(msg`Baggage belt ${was} no longer holds`);
      return was
        ? i18n._(msg`Baggage now at belt ${now}, no longer ${was}`)
        : i18n._(msg`Baggage at belt ${now}`);
    case "registration":
      if (!now) return undefined;
      return was ? i18n._(msg`Another aircraft: ${now} instead of ${was}`) : i18n._(msg`Aircraft: ${now}`);
    case "aircraft_type":
      if (!now) return undefined;
      return was
        ? i18n._(msg`Another type of aircraft: ${now} instead of ${was}`)
        : i18n._(msg`Type of aircraft: ${now}`);
    case "destination":
      return now && i18n._(msg`Now flies to ${now}`);
    case "departure_stand":
    case "arrival_stand":
      return now && i18n._(msg`Stand: ${now}`);
    case "inbound":
      return now && i18n._(msg`The aircraft comes from flight ${numberOf(now)}`);
    case "note":
      return now ? i18n._(msg`Note to passengers: ${now}`) : i18n._(msg`The note to passengers was removed`);
    case "delay_codes":
      return reasonSentence(before, after, i18n);
    default:
      return stageSentence(kind, i18n);
  }
}

/** Who reported it, in plain words. */
export function sourceWords(source: string, i18n: I18n): string {
  const [kind = "", whose = ""] = source.split(":");
  if (kind === "replay") return i18n._(msg`the airport’s system`);
  if (kind === "aidx") return i18n._(msg`an airline’s or airport’s system`);
  if (kind !== "operator") return source;
  if (!whose) return i18n._(msg`an operator`);
  return whose.length === 3 && !/\d/.test(whose)
    ? i18n._(msg`staff for the airport ${whose}`)
    : i18n._(msg`staff for the airline ${whose}`);
}

function timeSentence(change: ChangeLine, flight: Flight, i18n: I18n): string | undefined {
  const { field, kind } = change;
  const atOrigin = /_(out|off)$/.test(field);
  const zone = atOrigin ? flight.departure.zone : (flight.arrival.zone ?? "UTC");
  const booked = atOrigin ? flight.departure.scheduled_out : flight.arrival.scheduled_in;
  const time = (value: unknown) =>
    typeof value === "string" ? moment(value, zone, i18n, booked) : undefined;
  const now = time(change.after);
  const first = field === "estimated_out" || field === "estimated_in" ? booked : undefined; // before it: the schedule
  const was = time(change.before ?? first);
  switch (field) {
    case "actual_out":
      if (!now) return i18n._(msg`That it left the gate was taken back`);
      return i18n._(msg`Left the gate at ${now}`);
    case "actual_off":
      return now && i18n._(msg`Took off at ${now}`);
    case "actual_on":
      return now && i18n._(msg`Landed at ${now}`);
    case "actual_in":
      return now && i18n._(msg`Reached the gate at ${now}`);
    case "scheduled_out":
      return now && was && i18n._(msg`The timetable changed: leaves at ${now} instead of ${was}`);
    case "scheduled_in":
      return now && was && i18n._(msg`The timetable changed: arrives at ${now} instead of ${was}`);
    case "estimated_out":
      if (!now) return flight.phase === "cancelled" ? undefined : i18n._(msg`No longer known when it leaves`);
      if (kind === "delayed" && was) return i18n._(msg`Leaves later: ${now} instead of ${was}`);
      if (kind === "earlier" && was) return i18n._(msg`Leaves earlier: ${now} instead of ${was}`);
      return flight.departure.actual_out ? undefined : i18n._(msg`Leaves at ${now}`);
    case "estimated_in":
      if (!now)
        return flight.phase === "cancelled" ? undefined : i18n._(msg`No longer known when it arrives`);
      if (kind === "delayed" && was) return i18n._(msg`Arrives later: ${now} instead of ${was}`);
      if (kind === "earlier" && was) return i18n._(msg`Arrives earlier: ${now} instead of ${was}`);
      return flight.arrival.actual_in ? undefined : i18n._(msg`Arrives at ${now}`);
    case "estimated_off":
      return now && !flight.runway.actual_off ? i18n._(msg`Take-off expected at ${now}`) : undefined;
    case "estimated_on":
      return now && !flight.runway.actual_on ? i18n._(msg`Landing expected at ${now}`) : undefined;
    default:
      return undefined;
  }
}

function stageSentence(kind: ChangeLine["kind"], i18n: I18n): string | undefined {
  switch (kind) {
    case "check-in":
      return i18n._(msg`Check-in opened`);
    case "boarding":
      return i18n._(msg`Boarding began`);
    case "final-call":
      return i18n._(msg`Final call`);
    case "gate-closed":
      return i18n._(msg`Gate closed`);
    case "departed":
      return i18n._(msg`Left the gate`);
    case "airborne":
      return i18n._(msg`In the air`);
    case "landed":
      return i18n._(msg`Landed`);
    case "arrived":
      return i18n._(msg`Reached the gate`);
    case "returned":
      return i18n._(msg`Came back to the gate`);
    default:
      return undefined;
  }
}

/** The reasons that are new; that the minutes they account for moved is no news. */
function reasonSentence(before: unknown, after: unknown, i18n: I18n): string | undefined {
  const known = codes(before);
  const told = codes(after).filter((code) => !known.some((each) => sameReason(each, code)));
  if (!told.length) return undefined;
  const reasons = new Intl.ListFormat(i18n.locale, { type: "unit" }).format(
    told.map((code) => reasonWords(code, i18n).words),
  );
  return i18n._(msg`Reason: ${reasons}`);
}

type Code = { code: string; scheme: string; reason: string };

function codes(value: unknown): Code[] {
  return Array.isArray(value) ? value.filter(isCode) : [];
}

function isCode(value: unknown): value is Code {
  if (typeof value !== "object" || value === null) return false;
  return "code" in value && "scheme" in value && "reason" in value && typeof value.reason === "string";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value ? value : undefined;
}

/** The number in a leg's id: UA1545 of UA1545-20130710-EWR. */
export function numberOf(id: string): string {
  return id.split("-")[0] ?? id;
}
