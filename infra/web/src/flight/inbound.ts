import type { I18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { LATE } from "../board/wording";
import type { Flight } from "../live/merge";
import type { Tone } from "../ui/states";
import { moment, span } from "./spans";

/** Where the aircraft of a flight is, from the leg that brings it. Only what follows from facts is said. */
export function aircraftPlace(leg: Flight, flight: Flight, i18n: I18n): { says: string; tone?: Tone } {
  const here = flight.departure.city ?? flight.departure.airport;
  const from = leg.departure.city ?? leg.departure.airport;
  const zone = leg.arrival.zone ?? "UTC";
  const at = (instant: string) => moment(instant, zone, i18n, flight.departure.scheduled_out);
  const comes = leg.arrival.airport === flight.departure.airport;
  const goes = !["departed", "airborne", "landed", "arrived", "cancelled", "diverted"].includes(flight.phase);
  switch (leg.phase) {
    case "arrived":
      if (!comes) break;
      return { says: arrived(), tone: "good" };
    case "landed":
      if (!comes) break;
      return {
        says: i18n._(msg`Your aircraft has landed in ${here} and is on its way to the gate`),
        tone: "good",
      };
    case "cancelled":
      return {
        says: i18n._(
          msg`The flight that was to bring your aircraft from ${from} is cancelled: yours may leave late, or with another aircraft`,
        ),
        tone: "late",
      };
    case "diverted":
      if (comes && leg.arrival.actual_in) {
        const time = at(leg.arrival.actual_in);
        return {
          says: i18n._(msg`Your aircraft was diverted, and reached ${here} at ${time}`),
          tone: "good",
        };
      }
      return {
        says: i18n._(
          msg`The flight that was to bring your aircraft from ${from} was diverted: yours may leave late, or with another aircraft`,
        ),
        tone: "late",
      };
    case "returned":
      return {
        says: i18n._(msg`Your aircraft came back to ${from}: your flight may leave late`),
        tone: "late",
      };
    default:
  }
  const expected = leg.arrival.expected_in;
  const air = leg.phase === "airborne" || leg.phase === "departed";
  if (!comes || !expected) {
    return {
      says: air
        ? i18n._(msg`Your aircraft is in the air, from ${from}`)
        : i18n._(msg`Your aircraft is still in ${from}`),
    };
  }
  const time = at(expected);
  const late = leg.arrival.delay_minutes ?? 0;
  const out = flight.departure.expected_out;
  if (out && Date.parse(expected) >= Date.parse(out)) {
    const leaves = moment(out, flight.departure.zone, i18n, flight.departure.scheduled_out);
    return {
      says: air
        ? i18n._(
            msg`Your aircraft is on its way from ${from} and arrives at ${time}: your flight can’t leave at ${leaves} with it`,
          )
        : i18n._(
            msg`Your aircraft is still in ${from} and arrives at ${time}: your flight can’t leave at ${leaves} with it`,
          ),
      tone: "late",
    };
  }
  if (late >= LATE) {
    const by = span(late, i18n);
    return {
      says: air
        ? i18n._(
            msg`Your aircraft is on its way from ${from} and arrives at ${time}, ${by} late: your flight may leave late`,
          )
        : i18n._(
            msg`Your aircraft is still in ${from} and arrives at ${time}, ${by} late: your flight may leave late`,
          ),
      tone: "late",
    };
  }
  return {
    says: air
      ? i18n._(msg`Your aircraft is on its way from ${from} and arrives at ${time}`)
      : i18n._(msg`Your aircraft is still in ${from} and arrives at ${time}`),
  };

  function arrived(): string {
    const since = leg.arrival.actual_in && at(leg.arrival.actual_in);
    if (!since) return i18n._(msg`Your aircraft is on the ground in ${here}`);
    return goes
      ? i18n._(msg`Your aircraft has been on the ground in ${here} since ${since}`)
      : i18n._(msg`Your aircraft came in from ${from} at ${since}`);
  }
}
