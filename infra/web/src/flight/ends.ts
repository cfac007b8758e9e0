import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { AirportLine, FlightDetail } from "../api/types";

type Instant = string | null | undefined;

/** One end of a leg as a passenger reads it. */
export type End = {
  airport: string;
  city?: string | null;
  zone: string;
  scheduled: Instant;
  /** The time that counts now; none where nobody knows one. */
  time: Instant;
  /** What that time is. */
  label: MessageDescriptor;
  /** Minutes late, negative where early; none where there is no time. */
  late?: number;
  /** Whether gate and terminal may still be told. */
  awaited: boolean;
  signs: readonly (readonly [label: MessageDescriptor, value: string | null | undefined])[];
  /** All times, in the order they come; by another airport’s clocks where one is named. */
  times: readonly (readonly [label: MessageDescriptor, instant: Instant, zone?: string])[];
};

/** Where it leaves. */
export function departureEnd(flight: FlightDetail): End {
  const { departure, runway, phase } = flight;
  const cancelled = phase === "cancelled";
  const left = departure.actual_out;
  const time = cancelled ? undefined : departure.expected_out;
  return {
    airport: departure.airport,
    city: departure.city,
    zone: departure.zone,
    scheduled: departure.scheduled_out,
    time,
    label: cancelled
      ? msg`Cancelled`
      : left && time === left
        ? msg`Left the gate`
        : departure.estimated_out
          ? msg`Now expected`
          : msg`Scheduled`,
    late: time ? (departure.delay_minutes ?? undefined) : undefined,
    awaited: !cancelled && !left,
    signs: [
      [msg`Gate`, departure.gate],
      [msg`Terminal`, departure.terminal],
      [msg`Stand`, flight.departure_stand],
    ],
    times: [
      [msg`Scheduled`, departure.scheduled_out],
      [msg`Expected`, cancelled || (left && time === left) ? undefined : departure.estimated_out],
      [msg`Left the gate`, left],
      [msg`Took off`, runway.actual_off],
    ],
  };
}

/** Where it is to arrive; a flight that goes elsewhere has no time there. `diversion`: where it is diverted to. */
export function arrivalEnd(flight: FlightDetail, diversion?: AirportLine | null): End {
  const { arrival, runway, phase } = flight;
  const cancelled = phase === "cancelled";
  const arrived = arrival.actual_in;
  const elsewhere = phase === "returned" || (phase === "diverted" && !arrived);
  const turned = diversion?.city ?? flight.diverted_to ?? "";
  const time =
    cancelled || elsewhere
      ? undefined
      : phase === "landed"
        ? (runway.actual_on ?? arrival.expected_in)
        : arrival.expected_in;
  return {
    airport: arrival.airport ?? "",
    city: arrival.city,
    zone: arrival.zone ?? "UTC",
    scheduled: arrival.scheduled_in,
    time,
    label: label(),
    late: time ? (arrival.delay_minutes ?? undefined) : undefined,
    awaited: !cancelled && !elsewhere && !arrived,
    signs: [
      [msg`Gate`, arrival.gate],
      [msg`Terminal`, arrival.terminal],
      [msg`Baggage belt`, arrival.belt],
      [msg`Stand`, flight.arrival_stand],
    ],
    times: [
      [msg`Scheduled`, arrival.scheduled_in],
      [msg`Expected`, cancelled || elsewhere || arrived ? undefined : arrival.estimated_in],
      elsewhere && turned
        ? [msg`Landed in ${turned}`, runway.actual_on, diversion?.zone]
        : [msg`Landed`, runway.actual_on],
      [msg`Reached the gate`, arrived],
    ],
  };

  function label(): MessageDescriptor {
    if (cancelled) return msg`Cancelled`;
    if (phase === "returned") return msg`Not known when`;
    if (elsewhere) return msg`Diverted`;
    if (arrived) return msg`Reached the gate`;
    if (phase === "landed" && runway.actual_on) return msg`Landed`;
    return arrival.estimated_in ? msg`Now expected` : msg`Scheduled`;
  }
}
