import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import type { BookingAnswer } from "../api/types";
import { bookingKey } from "../book/bookings";
import { accessTo } from "../book/kept";
import { money } from "../book/money";
import { FareSteps } from "../search/Explained";
import { Failed, Loading } from "../ui/states";
import ui from "../ui/ui.module.css";
import { groupsOf } from "./prices";
import styles from "./trips.module.css";

/** What a booking costs, line by line, what was paid, and how each fare came about. */
export function PriceOfBooking({ booking }: { booking: BookingAnswer }) {
  const { t, i18n } = useLingui();
  const sum = (amount: number) => money({ amount, currency: booking.total.currency }, i18n.locale);
  const words = { fare: t`Fares`, tax: t`Taxes and charges`, extra: t`Extras`, fee: t`Fees` };
  const paid = booking.paid.amount > 0;
  return (
    <section className={ui.card} aria-labelledby="price">
      <h2 id="price">
        <Trans>Price</Trans>
      </h2>
      <table className={styles.price}>
        {groupsOf(booking.lines).map(({ kind, lines, amount }) => (
          <tbody key={kind}>
            <tr>
              <th scope="rowgroup">{words[kind]}</th>
              <td>{sum(amount)}</td>
            </tr>
            {lines.map((line) => (
              <tr key={line.key} className={ui.hint}>
                <td lang="en">
                  {line.label}
                  {line.times > 1 && ` × ${line.times}`}
                </td>
                <td>{sum(line.amount)}</td>
              </tr>
            ))}
          </tbody>
        ))}
        <tfoot>
          <tr>
            <th scope="row">
              <Trans>Total</Trans>
            </th>
            <td>
              <strong>{money(booking.total, i18n.locale)}</strong>
            </td>
          </tr>
          {paid && (
            <tr>
              <th scope="row">
                <Trans>Paid</Trans>
              </th>
              <td>{money(booking.paid, i18n.locale)}</td>
            </tr>
          )}
          {booking.refunded && (
            <tr>
              <th scope="row">
                <Trans>Paid back</Trans>
              </th>
              <td>{money(booking.refunded, i18n.locale)}</td>
            </tr>
          )}
        </tfoot>
      </table>
      <HowItCame booking={booking} />
    </section>
  );
}

function HowItCame({ booking }: { booking: BookingAnswer }) {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  return (
    <details className={styles.fold} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{t`How this price came about`}</summary>
      {open && <Explained booking={booking} />}
    </details>
  );
}

function Explained({ booking }: { booking: BookingAnswer }) {
  const { t } = useLingui();
  const { pnr } = booking;
  const { data, error, refetch } = useQuery({
    queryKey: [...bookingKey(pnr), "fares", booking.version],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/v1/bookings/{pnr}/fare/explain", {
          params: { path: { pnr } },
          headers: accessTo(pnr),
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY, // what was booked stays as it was
  });
  if (!data && error) return <Failed error={error} again={() => void refetch()} />;
  if (!data) return <Loading lines={4} label={t`Loading how the price came about`} />;
  const named = new Map(booking.flights.map(({ flight, number }) => [flight, number]));
  return data.flights.map((fare) => (
    <section key={fare.flight} className={styles.stack}>
      <h3>{named.get(fare.flight) ?? fare.flight}</h3>
      <FareSteps fare={fare} />
    </section>
  ));
}
