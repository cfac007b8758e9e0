import { Trans, useLingui } from "@lingui/react/macro";
import type { BookingAnswer, LineShown, SegmentShown } from "../api/types";
import { clockTime, day, isoDate } from "../ui/times";
import ui from "../ui/ui.module.css";
import styles from "./book.module.css";
import { money } from "./money";

/** The flights of a booking, by the airports' clocks. */
export function Flights({ flights }: { flights: readonly SegmentShown[] }) {
  return (
    <ul className={styles.flights}>
      {flights.map((flight) => (
        <li key={flight.flight}>
          <FlightLine flight={flight} />
        </li>
      ))}
    </ul>
  );
}

export type FlightShown = Pick<
  SegmentShown,
  "number" | "origin" | "origin_zone" | "destination" | "destination_zone" | "scheduled_out" | "scheduled_in"
> & { seats?: SegmentShown["seats"] };

/** One flight in a line or two. */
export function FlightLine({ flight }: { flight: FlightShown }) {
  const { t, i18n } = useLingui();
  const { origin_zone, destination_zone, scheduled_out, scheduled_in } = flight;
  const later = daysAfter(flight);
  const seats = flight.seats?.filter(Boolean).join(", ");
  return (
    <>
      <strong>{flight.number}</strong> {flight.origin} <span aria-hidden="true">→</span>
      <span className="hidden-but-read">{t`to`}</span> {flight.destination},{" "}
      {day(scheduled_out, origin_zone, i18n.locale)},{" "}
      <span className={styles.times}>
        {clockTime(scheduled_out, origin_zone, i18n.locale)} –{" "}
        {clockTime(scheduled_in, destination_zone, i18n.locale)}
        {later !== 0 && <sup>{later > 0 ? `+${later}` : later}</sup>}
      </span>
      {seats && (
        <span className={ui.hint}>
          {" "}
          <Trans>Seats {seats}</Trans>
        </span>
      )}
    </>
  );
}

/** By how many dates it arrives later than it left, each by its airport's clocks. */
function daysAfter({ scheduled_out, scheduled_in, origin_zone, destination_zone }: FlightShown): number {
  const [left, arrived] = [isoDate(scheduled_out, origin_zone), isoDate(scheduled_in, destination_zone)];
  return Math.round((Date.parse(arrived) - Date.parse(left)) / 86_400_000);
}

/** What is to be paid, line by line: the same charge of several is one line. */
export function Price({ booking }: { booking: BookingAnswer }) {
  const { i18n } = useLingui();
  return (
    <table className={`${ui.table} ${styles.prices}`}>
      <tbody>
        {together(booking.lines).map(({ label, amount, times }) => (
          <tr key={label}>
            <th scope="row">
              <span lang="en">{label}</span>
              {times > 1 && ` × ${times}`}
            </th>
            <td>{money({ amount, currency: booking.total.currency }, i18n.locale)}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">
            <Trans>Total</Trans>
          </th>
          <td>
            <strong>{money(booking.total, i18n.locale)}</strong>
          </td>
        </tr>
      </tbody>
    </table>
  );
}

/** Lines that say the same are one, with how often. */
export function together(lines: readonly LineShown[]): { label: string; amount: number; times: number }[] {
  const found = new Map<string, { label: string; amount: number; times: number }>();
  for (const { label, amount } of lines) {
    const before = found.get(label) ?? { label, amount: 0, times: 0 };
    found.set(label, { label, amount: before.amount + amount, times: before.times + 1 });
  }
  return [...found.values()];
}

/** A passenger's name as it is shown. */
export function nameOf({ given_name, family_name }: { given_name: string; family_name: string }): string {
  return `${given_name} ${family_name}`.trim();
}
