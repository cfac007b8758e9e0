import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { BookingAnswer } from "../api/types";
import { Notice } from "../ui/states";
import { clockTime } from "../ui/times";
import ui from "../ui/ui.module.css";
import styles from "./book.module.css";
import { paidUntil } from "./bookings";
import type { BookSearch } from "./chosen";
import { clockOf, left, useWall } from "./wall";

/** Until when the seats and the price are kept, counted down. Read out at five minutes and at one. */
export function HoldClock({ until }: { until: string }) {
  const { t, i18n } = useLingui();
  const { minutes, seconds, over } = left(until, useWall());
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const at = clockTime(until, zone, i18n.locale);
  const clock = clockOf({ minutes, seconds });
  if (over) return null;
  return (
    <div className={styles.clock} data-soon={minutes < 2 || undefined}>
      <p>
        <Trans>
          Your seats and this price are kept until {at}: <strong>{clock}</strong> left.
        </Trans>
      </p>
      <p role="status" className="hidden-but-read">
        {minutes < 1 ? t`Less than a minute left.` : minutes < 5 ? t`Less than five minutes left.` : ""}
      </p>
    </div>
  );
}

/** Whether a hold is over; renders again when it is. */
export function useHoldOver(booking: BookingAnswer | undefined): boolean {
  const until = booking && paidUntil(booking);
  const now = useWall(Boolean(until));
  if (!booking) return false;
  return booking.state === "expired" || (until ? left(until, now).over : false);
}

/** The hold is over: what that means, and how to go on. */
export function HoldOver({ booking }: { booking: BookingAnswer }) {
  if (booking.state === "ticketed") return <ChangeOver pnr={booking.pnr} />;
  return (
    <Notice tone="late" says>
      <h2>
        <Trans>The time to pay is over</Trans>
      </h2>
      <p>
        <Trans>
          Nothing was paid, and the seats are free for others again. You can hold them once more, at the price
          of now.
        </Trans>
      </p>
      <Link to="/book" search={again(booking)} className={`${ui.button} ${ui.main}`}>
        <Trans>Book these flights again</Trans>
      </Link>
    </Notice>
  );
}

/** Likewise of other flights: the booking stays as it was. */
function ChangeOver({ pnr }: { pnr: string }) {
  return (
    <Notice tone="late" says>
      <h2>
        <Trans>The time to pay is over</Trans>
      </h2>
      <p>
        <Trans>Nothing was paid, and you keep the flights you have. You can look for others once more.</Trans>
      </p>
      <Link to="/bookings/$pnr/change" params={{ pnr }} className={`${ui.button} ${ui.main}`}>
        <Trans>Change flights</Trans>
      </Link>
    </Notice>
  );
}

/** The same flights for the same party. */
function again({ flights, passengers }: BookingAnswer): BookSearch {
  const count = (kind: string) => passengers.filter((each) => each.kind === kind).length;
  const cabin = flights[0]?.cabin;
  return {
    flights: flights.map(({ flight }) => flight).join(","),
    passengers: count("adult"),
    children: count("child") || undefined,
    infants: count("infant") || undefined,
    cabin: cabin === "economy" ? undefined : cabin,
  };
}
