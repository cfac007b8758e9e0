import type { I18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { FlightDetail } from "../api/types";
import { LATE } from "../board/wording";
import type { Tone } from "../ui/states";
import { lateness, minutesTo, moment, span } from "./spans";

const ON_TIME = 5; // minutes of which nothing is said
const COUNTED_DOWN = 12 * 60; // minutes before which the time is told, not how long it is until then

/** What is the matter with a flight, in one sentence. */
export type Headline = { says: string; tone?: Tone };

/** The one sentence. `now`: the flight clock; `diversion`: the name of the airport it is diverted to. */
export function headline(flight: FlightDetail, now: number, i18n: I18n, diversion?: string): Headline {
  switch (flight.phase) {
    case "cancelled":
      return cancelled(flight, i18n);
    case "diverted":
      return diverted(flight, i18n, diversion);
    case "returned":
      return returned(flight, now, i18n);
    case "arrived":
      return arrived(flight, i18n);
    case "landed":
      return landed(flight, i18n);
    case "airborne":
    case "departed":
      return underWay(flight, now, i18n);
    default:
      return atTheGate(flight, now, i18n);
  }
}

function cancelled({ departure }: FlightDetail, i18n: I18n): Headline {
  const out = departure.scheduled_out;
  if (!out) return { says: i18n._(msg`Cancelled: this flight does not leave`), tone: "bad" };
  const time = moment(out, departure.zone, i18n);
  return { says: i18n._(msg`Cancelled: this flight does not leave at ${time}`), tone: "bad" };
}

function diverted(
  { departure, arrival, diverted_to, runway }: FlightDetail,
  i18n: I18n,
  named?: string,
): Headline {
  const to = named ?? diverted_to;
  const booked = arrival.city ?? arrival.airport ?? "";
  if (arrival.actual_in) {
    const time = moment(arrival.actual_in, arrival.zone ?? "UTC", i18n, arrival.scheduled_in);
    return {
      says: to
        ? i18n._(msg`Diverted to ${to}, then reached ${booked} at ${time}`)
        : i18n._(msg`Diverted, then reached ${booked} at ${time}`),
      tone: "late",
    };
  }
  if (!to) return { says: i18n._(msg`Diverted: not yet known where to`), tone: "bad" };
  if (diverted_to === departure.airport) {
    return { says: i18n._(msg`Turned back to ${to}`), tone: "bad" };
  }
  return {
    says: runway.actual_on
      ? i18n._(msg`Diverted: landed in ${to}, not in ${booked}`)
      : i18n._(msg`Diverted to ${to}`),
    tone: "bad",
  };
}

function returned({ departure }: FlightDetail, now: number, i18n: I18n): Headline {
  const back = departure.city ?? departure.airport;
  const again = departure.estimated_out;
  if (again && minutesTo(again, now) > 0) {
    const time = moment(again, departure.zone, i18n, departure.scheduled_out);
    return { says: i18n._(msg`Came back to ${back}, now leaves at ${time}`), tone: "bad" };
  }
  return { says: i18n._(msg`Came back to ${back}`), tone: "bad" };
}

function arrived({ arrival }: FlightDetail, i18n: I18n): Headline {
  const late = arrival.delay_minutes;
  const tone = (late ?? 0) >= LATE ? "late" : "good";
  const at = arrival.actual_in;
  if (!at) return { says: i18n._(msg`Arrived`), tone };
  const time = moment(at, arrival.zone ?? "UTC", i18n, arrival.scheduled_in);
  if (typeof late !== "number") return { says: i18n._(msg`Arrived at ${time}`), tone };
  const how = lateness(late, i18n);
  return { says: i18n._(msg`Arrived at ${time}, ${how}`), tone };
}

function landed({ arrival, runway }: FlightDetail, i18n: I18n): Headline {
  const tone = (arrival.delay_minutes ?? 0) >= LATE ? "late" : "good";
  if (!runway.actual_on) return { says: i18n._(msg`Landed, on its way to the gate`), tone };
  const time = moment(runway.actual_on, arrival.zone ?? "UTC", i18n, arrival.scheduled_in);
  return { says: i18n._(msg`Landed at ${time}, on its way to the gate`), tone };
}

function underWay({ phase, arrival }: FlightDetail, now: number, i18n: I18n): Headline {
  const air = phase === "airborne";
  const late = arrival.delay_minutes ?? 0;
  const tone = late >= LATE ? "late" : "good";
  if (!arrival.expected_in) {
    return { says: air ? i18n._(msg`In the air`) : i18n._(msg`Left the gate, not yet in the air`), tone };
  }
  const left = minutesTo(arrival.expected_in, now);
  if (left < 1) {
    const time = moment(arrival.expected_in, arrival.zone ?? "UTC", i18n, arrival.scheduled_in);
    const says = i18n._(msg`Was to arrive at ${time}, but that has not been reported yet`);
    return { says, tone: "late" };
  }
  const about = span(roundly(left), i18n);
  if (Math.abs(late) < ON_TIME) {
    const says = air
      ? i18n._(msg`In the air, arrives in about ${about}`)
      : i18n._(msg`Left the gate, arrives in about ${about}`);
    return { says, tone };
  }
  const how = lateness(late, i18n);
  const says = air
    ? i18n._(msg`In the air, ${how}: arrives in about ${about}`)
    : i18n._(msg`Left the gate, ${how}: arrives in about ${about}`);
  return { says, tone };
}

function atTheGate({ phase, departure }: FlightDetail, now: number, i18n: I18n): Headline {
  const out = departure.expected_out;
  if (!out) return { says: i18n._(msg`Scheduled: not yet known when it leaves`) };
  const left = minutesTo(out, now);
  const late = departure.delay_minutes ?? 0;
  const time = moment(out, departure.zone, i18n, departure.scheduled_out);
  const tone = late >= LATE ? "late" : "good";
  if (left < -1) {
    return { says: i18n._(msg`Was to leave at ${time}, but that has not been reported yet`), tone: "late" };
  }
  const how = lateness(late, i18n);
  const about = left < 1 ? span(1, i18n) : span(left, i18n);
  if (phase === "final-call") {
    return { says: i18n._(msg`Final call: go to the gate now, leaves in ${about}`), tone: "late" };
  }
  if (phase === "gate-closed") return { says: i18n._(msg`Gate closed, leaves in ${about}`), tone };
  if (phase === "boarding") {
    if (late < LATE) return { says: i18n._(msg`Boarding, leaves in ${about}`), tone };
    return { says: i18n._(msg`Boarding, now leaves at ${time}, ${how}`), tone };
  }
  if (late >= LATE) return { says: i18n._(msg`Delayed: now leaves at ${time}, ${how}`), tone };
  if (late <= -ON_TIME) {
    return { says: i18n._(msg`Earlier than scheduled: leaves at ${time}, ${how}`), tone: "late" };
  }
  const known = departure.scheduled_out
    ? moment(out, departure.zone, i18n, new Date(now).toISOString())
    : time;
  if (late >= ON_TIME) {
    return left > COUNTED_DOWN
      ? { says: i18n._(msg`Nearly on time, ${how}: leaves at ${known}`), tone }
      : { says: i18n._(msg`Nearly on time, ${how}: leaves in ${about}`), tone };
  }
  return left > COUNTED_DOWN
    ? { says: i18n._(msg`On time, leaves at ${known}`), tone }
    : { says: i18n._(msg`On time, leaves in ${about}`), tone };
}

/** As exact as an estimate is: to five minutes above half an hour. */
function roundly(minutes: number): number {
  return minutes > 30 ? Math.round(minutes / 5) * 5 : minutes;
}
