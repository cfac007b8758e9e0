import type { I18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { BookingAnswer, Money, SegmentShown } from "../api/types";
import { money } from "../book/money";
import type { Tone } from "../ui/states";
import { clockTime, day, dayAndTime } from "../ui/times";

const HOUR = 3_600_000;
/** Check-in opens so long before the scheduled departure, and closes so long before the expected one (the API's rule). */
export const OPENS = 24 * HOUR;
export const CLOSES = HOUR * 0.75;
const STOPOVER = 24 * HOUR; // between two flights: one that is longer ends the journey

/** Both clocks in milliseconds: holds go by the wall's, departures by the flights'. */
export type Clocks = { wall: number; flight: number };

/** How a booking stands, in a line and what it means. */
export type Standing = { says: string; more?: string; tone?: Tone };

/** When check-in of a flight opens and closes, and which of it holds. */
export function checkInOf(flight: SegmentShown, now: number, expectedOut?: string | null) {
  const opens = Date.parse(flight.scheduled_out) - OPENS;
  const closes = Date.parse(expectedOut ?? flight.scheduled_out) - CLOSES;
  const phase = now < opens ? "early" : now <= closes ? "open" : "closed";
  return { opens, closes, phase } as const;
}

/** Whether everybody of a booking is checked in on a flight. */
export function allIn(booking: BookingAnswer, flight: SegmentShown): boolean {
  return flight.checked_in.length === booking.passengers.length;
}

/** The flights of a booking as journeys: whoever stays a day, or turns back to where they have been, has arrived. */
export function journeysOf(flights: readonly SegmentShown[]): SegmentShown[][] {
  const journeys: SegmentShown[][] = [];
  for (const flight of flights) {
    const journey = journeys.at(-1);
    const before = journey?.at(-1);
    const stays = before && Date.parse(flight.scheduled_out) - Date.parse(before.scheduled_in) >= STOPOVER;
    const turns = journey?.some(({ origin }) => origin === flight.destination);
    const joins = before?.destination === flight.origin && !turns;
    if (journey && joins && !stays) journey.push(flight);
    else journeys.push([flight]);
  }
  return journeys;
}

/** How a booking stands. Trouble with its flights is told apart from it (Disrupted). */
export function standing(booking: BookingAnswer, now: Clocks, i18n: I18n): Standing {
  if (booking.state === "held" || booking.change) {
    const waits = paying(booking, i18n);
    if (waits) return waits;
  }
  switch (booking.state) {
    case "held":
      return held(booking, i18n);
    case "expired":
      return { says: i18n._(msg`The time to pay is over`), more: expired(booking, i18n), tone: "late" };
    case "waitlisted":
      return {
        says: i18n._(msg`You are on the waitlist`),
        more: i18n._(
          msg`When seats for all of you come back, they are held for you for two hours, and a message tells you so. Then you pay.`,
        ),
      };
    case "cancelled":
      return { says: i18n._(msg`This booking is cancelled`), more: refund(booking, i18n), tone: "bad" };
    default:
      return booking.change ? changing(booking, i18n) : ticketed(booking, now, i18n);
  }
}

/** What comes back or came back, in a sentence; undefined where nothing does. */
export function refund(booking: BookingAnswer, i18n: I18n): string | undefined {
  const said = (sum: Money) => money(sum, i18n.locale);
  const { refund_due: due, refunded } = booking;
  if (due && refunded) {
    const [rest, gone] = [said(due), said(refunded)];
    return i18n._(msg`${gone} came back the way it was paid, ${rest} is on its way.`);
  }
  if (due) {
    const sum = said(due);
    return i18n._(msg`${sum} is on its way back, the way it was paid.`);
  }
  if (refunded) {
    const sum = said(refunded);
    return i18n._(msg`${sum} came back the way it was paid.`);
  }
  return booking.state === "cancelled" ? i18n._(msg`Nothing is to come back.`) : undefined;
}

function paying({ payment }: BookingAnswer, i18n: I18n): Standing | undefined {
  if (payment === "open")
    return {
      says: i18n._(msg`Your payment is being checked`),
      more: i18n._(
        msg`This takes seconds as a rule, and at the longest until the time to pay ends. This page says what became of it.`,
      ),
    };
  if (payment === "challenge")
    return {
      says: i18n._(msg`Your bank wants to know that it is you`),
      more: i18n._(msg`Go on with the payment, and confirm it on your bank’s page.`),
      tone: "late",
    };
  return undefined;
}

function held(booking: BookingAnswer, i18n: I18n): Standing {
  const until = booking.hold_until ? ownTime(booking.hold_until, i18n) : "";
  if (booking.payment === "declined")
    return {
      says: i18n._(msg`The payment was declined`),
      more: i18n._(msg`Your seats are still held until ${until}. Try another card.`),
      tone: "late",
    };
  return {
    says: i18n._(msg`Your seats are held until ${until}`),
    more: i18n._(
      msg`Pay by then to get your tickets. If you don’t, the seats are free again and nothing is owed.`,
    ),
    tone: "late",
  };
}

function expired(booking: BookingAnswer, i18n: I18n): string {
  const back = refund(booking, i18n);
  if (back) return back;
  return i18n._(msg`The seats are free again, and nothing was taken from you. Search again to book.`);
}

function changing({ change }: BookingAnswer, i18n: I18n): Standing {
  const until = change?.until ? ownTime(change.until, i18n) : "";
  const sum = change ? money(change.due, i18n.locale) : "";
  return {
    says: i18n._(msg`Other flights are held for you until ${until}`),
    more: i18n._(
      msg`Pay the difference of ${sum} to change to them. Until then you keep the flights you have.`,
    ),
    tone: "late",
  };
}

function ticketed(booking: BookingAnswer, now: Clocks, i18n: I18n): Standing {
  const next = booking.flights.find((flight) => Date.parse(flight.scheduled_in) > now.flight);
  const first = booking.flights[0];
  if (!next || !first) return { says: i18n._(msg`This trip is over`) };
  const when = day(next.scheduled_out, next.origin_zone, i18n.locale);
  const city = next.origin_city ?? next.origin;
  if (allIn(booking, next))
    return {
      says: i18n._(msg`You are checked in`),
      more: i18n._(msg`Your boarding passes are ready, and open without a network once you have seen them.`),
      tone: "good",
    };
  const { phase, opens } = checkInOf(next, now.flight);
  if (phase === "open")
    return {
      says: i18n._(msg`Check-in is open`),
      more: i18n._(msg`Check in to get the boarding passes for ${next.number}.`),
      tone: "good",
    };
  if (phase === "closed") return { says: i18n._(msg`Your trip is under way`) };
  const from = dayAndTime(opens, next.origin_zone, i18n.locale);
  return {
    says: i18n._(msg`You are booked: from ${city} on ${when}`),
    more: i18n._(msg`Check-in opens on ${from}, by the clocks in ${city}.`),
    tone: "good",
  };
}

/** A time by the reader's own clock, as a hold's end is. */
export function ownTime(instant: string, i18n: I18n): string {
  return clockTime(instant, Intl.DateTimeFormat().resolvedOptions().timeZone, i18n.locale);
}

/** A ticket's number as it is printed: the airline's three digits apart. */
export function ticketNumber(number: string): string {
  return `${number.slice(0, 3)} ${number.slice(3)}`;
}
