import { type QueryClient, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import type { BookingAnswer } from "../api/types";
import { accessTo, isKept, keepBooking } from "./kept";
import { heardAt, wallNow } from "./wall";

const KNOWN_SOON = 1_500; // milliseconds between questions about a payment that is not answered yet
const KNOWN_LATER = 30_000; // likewise about what others bring about: seats that come back, a refund

/**
 * Where a booking, and what belongs to it, stands in the query cache: what is an account's goes when it is logged out
 * (shell); what this device may open without one stays, until it is forgotten here.
 */
export const bookingKey = (pnr: string) => [isKept(pnr) ? "kept" : "mine", "booking", pnr] as const;

/** A booking as it stands. While something goes on by itself, it is asked for again until that is known. */
export function useBooking(pnr: string) {
  return useQuery({
    queryKey: bookingKey(pnr),
    queryFn: async ({ signal }) => {
      const asked = api.GET("/v1/bookings/{pnr}", {
        params: { path: { pnr } },
        headers: accessTo(pnr),
        signal,
      });
      heardAt((await asked).response.headers.get("Date"));
      return unwrap(asked);
    },
    staleTime: 5_000,
    refetchOnMount: "always", // what the device kept is of before: a payment may have begun since
    meta: { kept: true }, // it opens without a network
    refetchInterval: ({ state: { data } }) => (data ? askedAgainIn(data, wallNow()) : false),
  });
}

/** Milliseconds until a booking may stand otherwise with nobody doing anything on this page; false: it will not. */
export function askedAgainIn(booking: BookingAnswer, wall: number): number | false {
  const { state, payment, refund_due } = booking;
  if (payment === "open" || payment === "challenge") return KNOWN_SOON;
  const until = paidUntil(booking);
  if (until) return Math.max(0, Date.parse(until) - wall) + KNOWN_SOON; // then nothing is held any more
  return state === "waitlisted" || refund_due ? KNOWN_LATER : false;
}

/** Until when what is to be paid is held: the seats of a new booking, or those of a change. */
export function paidUntil({ state, hold_until, change }: BookingAnswer): string | undefined {
  return (state === "held" ? hold_until : change?.until) ?? undefined;
}

/** The API answered with a booking: it is shown everywhere, and `guest`s keep how it is opened. */
export function bookingIs(client: QueryClient, booking: BookingAnswer, guest = false): void {
  if (guest) keepBooking(booking);
  client.setQueryData<BookingAnswer>(bookingKey(booking.pnr), (before) =>
    before && before.version > booking.version ? before : booking,
  );
}
