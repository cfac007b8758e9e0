import { type QueryClient, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import type { BookingAnswer } from "../api/types";
import { accessTo, isKept, keepBooking } from "./kept";
import { heardAt } from "./wall";

const KNOWN_SOON = 1_500; // milliseconds between questions about a payment that is not answered yet

/**
 * Where a booking, and what belongs to it, stands in the query cache: what is an account's goes when it is logged out
 * (shell); what this device may open without one stays, until it is forgotten here.
 */
export const bookingKey = (pnr: string) => [isKept(pnr) ? "kept" : "mine", "booking", pnr] as const;

/** A booking as it stands. While the payment service or the bank has not answered, it is asked again until it is known. */
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
    refetchInterval: ({ state: { data } }) =>
      data?.payment === "open" || data?.payment === "challenge" ? KNOWN_SOON : false,
  });
}

/** The API answered with a booking: it is shown everywhere, and `guest`s keep how it is opened. */
export function bookingIs(client: QueryClient, booking: BookingAnswer, guest = false): void {
  if (guest) keepBooking(booking);
  client.setQueryData<BookingAnswer>(bookingKey(booking.pnr), (before) =>
    before && before.version > booking.version ? before : booking,
  );
}
