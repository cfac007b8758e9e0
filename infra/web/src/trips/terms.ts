import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import type { BookingAnswer } from "../api/types";
import { bookingKey } from "../book/bookings";
import { accessTo } from "../book/kept";
import { money } from "../book/money";

/** What a cancellation would bring back now, in words; nothing of it while that is not known. */
export function useTerms(booking: BookingAnswer): { says?: string; why?: string; error?: unknown } {
  const { t, i18n } = useLingui();
  const { pnr, state } = booking;
  const { data, error } = useQuery({
    queryKey: [...bookingKey(pnr), "terms", booking.version],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/v1/bookings/{pnr}/cancel", { params: { path: { pnr } }, headers: accessTo(pnr), signal }),
      ),
    enabled: state === "ticketed",
    staleTime: 0,
    gcTime: 0, // it is another each time
  });
  if (!data) return { error };
  const sum = money(data.refund, i18n.locale);
  const paid = money(booking.paid, i18n.locale);
  const says =
    data.refund.amount === 0
      ? t`Nothing comes back.`
      : data.refund.amount >= booking.paid.amount
        ? t`All of it comes back: ${sum}, the way it was paid.`
        : t`${sum} of ${paid} comes back, the way it was paid.`;
  const why =
    data.why === "24_hours"
      ? t`You booked within the last 24 hours.`
      : data.why === "airline"
        ? t`The airline cancelled a flight or changed it much.`
        : t`That is what the rules of the fare give back, with the taxes of flights not flown.`;
  return { says, why };
}
