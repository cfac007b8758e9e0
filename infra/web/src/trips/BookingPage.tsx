import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { BookingAnswer } from "../api/types";
import { paidUntil } from "../book/bookings";
import { forgetBooking, isKept } from "../book/kept";
import { clockOf, left, useWall } from "../book/wall";
import { useNow } from "../live/clock";
import { Page } from "../ui/page";
import { Notice, Why } from "../ui/states";
import ui from "../ui/ui.module.css";
import { CancelBooking } from "./CancelBooking";
import { Disrupted, useTrouble } from "./Disrupted";
import { Downloads } from "./Downloads";
import { FlightOfBooking } from "./FlightOfBooking";
import { Opened } from "./Opened";
import { PriceOfBooking } from "./PriceOfBooking";
import { allIn, checkInOf, journeysOf, refund, standing, ticketNumber } from "./standing";
import styles from "./trips.module.css";
import { useVerbs } from "./verbs";

const route = getRouteApi("/bookings/$pnr");

/** One booking, for somebody who flies: how it stands, and what can be done. */
export function BookingPage() {
  const { t } = useLingui();
  const { pnr } = route.useParams();
  return (
    <Opened key={pnr} pnr={pnr} title={t`Booking ${pnr}`}>
      {(booking) => <BookingShown booking={booking} />}
    </Opened>
  );
}

function BookingShown({ booking }: { booking: BookingAnswer }) {
  const { t, i18n } = useLingui();
  const { pnr } = booking;
  const waits = booking.state === "held" || Boolean(booking.change);
  const clocks = { wall: useWall(waits), flight: useNow(30) };
  const trouble = useTrouble(booking, clocks.flight);
  const { says, more, tone } = standing(booking, clocks, i18n);
  const first = journeysOf(booking.flights)[0];
  const from = first?.[0]?.origin_city ?? first?.[0]?.origin ?? "";
  const to = first?.at(-1)?.destination_city ?? first?.at(-1)?.destination ?? "";
  const comesBack = booking.state !== "cancelled" && booking.state !== "expired" && refund(booking, i18n);
  return (
    <Page
      title={t`Booking ${pnr}`}
      heading={
        <header className={styles.head}>
          <h1 tabIndex={-1}>
            {from} <span aria-hidden>→</span> <span className="hidden-but-read">{t`to`}</span> {to}
          </h1>
          <p className={styles.reference}>
            <Trans>
              Booking reference <strong className={styles.code}>{pnr}</strong>
            </Trans>
          </p>
        </header>
      }
    >
      {trouble ? (
        <Disrupted booking={booking} trouble={trouble} />
      ) : (
        <section className={styles.standing} data-tone={tone} aria-labelledby="standing">
          <div role="status">
            <h2 id="standing">{says}</h2>
            {more && <p>{more}</p>}
          </div>
          {waits && <Countdown until={paidUntil(booking)} wall={clocks.wall} />}
          {comesBack && <p>{comesBack}</p>}
          <NextStep booking={booking} now={clocks.flight} />
        </section>
      )}
      <div className={styles.columns}>
        <div className={styles.stack}>
          <section className={styles.stack} aria-labelledby="flights">
            <h2 id="flights">
              <Plural value={booking.flights.length} one="Your flight" other="Your flights" />
            </h2>
            {booking.flights.map((flight) => (
              <FlightOfBooking key={flight.flight} booking={booking} flight={flight} />
            ))}
          </section>
          <Passengers booking={booking} />
        </div>
        <div className={styles.stack}>
          {booking.lines.length > 0 && <PriceOfBooking booking={booking} />}
          <Manage booking={booking} now={clocks.flight} />
        </div>
      </div>
    </Page>
  );
}

/** What is left of a hold; told to who can't see it only as it gets short. */
function Countdown({ until, wall }: { until: string | null | undefined; wall: number }) {
  const { t } = useLingui();
  if (!until) return null;
  const { minutes, seconds, over } = left(until, wall);
  const short = !over && minutes < 2 && seconds % 60 === 0;
  const clock = clockOf({ minutes, seconds });
  return (
    <p className={styles.countdown}>
      <span role="timer" aria-label={t`Time left to pay`}>
        {clock}
      </span>
      <span className="hidden-but-read" role="status">
        {short && t`${minutes} min left to pay`}
      </span>
    </p>
  );
}

/** The one thing to do now. */
function NextStep({ booking, now }: { booking: BookingAnswer; now: number }) {
  const { pnr } = booking;
  const main = `${ui.button} ${ui.main}`;
  if (booking.state === "expired" || booking.state === "cancelled")
    return (
      <p>
        <Link to="/search" className={main}>
          <Trans>Search flights</Trans>
        </Link>
      </p>
    );
  if (booking.to_pay && booking.payment !== "open")
    return (
      <p>
        <Link to="/book/$pnr/pay" params={{ pnr }} className={main}>
          {booking.payment === "challenge" ? <Trans>Go on with the payment</Trans> : <Trans>Pay</Trans>}
        </Link>
      </p>
    );
  if (booking.state !== "ticketed") return null;
  const next = booking.flights.find((flight) => Date.parse(flight.scheduled_in) > now);
  if (!next) return null;
  if (allIn(booking, next))
    return (
      <p>
        <Link to="/bookings/$pnr/pass" params={{ pnr }} search={{ flight: next.flight }} className={main}>
          <Trans>Show the boarding pass</Trans>
        </Link>
      </p>
    );
  if (checkInOf(next, now).phase !== "open") return null;
  return (
    <p>
      <Link to="/bookings/$pnr/check-in" params={{ pnr }} search={{ flight: next.flight }} className={main}>
        <Trans>Check in</Trans>
      </Link>
    </p>
  );
}

function Passengers({ booking }: { booking: BookingAnswer }) {
  const { t } = useLingui();
  const kinds = { adult: "", child: t`Child`, infant: t`Infant, on a lap` };
  return (
    <section className={ui.card} aria-labelledby="passengers">
      <h2 id="passengers">
        <Plural value={booking.passengers.length} one="Passenger" other="Passengers" />
      </h2>
      <ul className={styles.plain}>
        {booking.passengers.map((each, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a passenger is known by their place
          <li key={place}>
            <strong>
              {each.given_name} {each.family_name}
            </strong>{" "}
            {kinds[each.kind] && <span className={ui.hint}>{kinds[each.kind]}</span>}
            {each.ticket && (
              <div className={ui.hint}>
                {t`Ticket`} <span className={styles.code}>{ticketNumber(each.ticket)}</span>
              </div>
            )}
          </li>
        ))}
      </ul>
      <p className={ui.hint}>{t`We write to ${booking.contact.email}.`}</p>
    </section>
  );
}

/** What can be done beside the next step. */
function Manage({ booking, now }: { booking: BookingAnswer; now: number }) {
  const { t } = useLingui();
  const { pnr, state } = booking;
  const [cancelling, setCancelling] = useState(false);
  const last = booking.flights.at(-1);
  const flown = last ? Date.parse(last.scheduled_out) < now : false;
  const live = state === "ticketed" || state === "held";
  return (
    <section className={ui.card} aria-labelledby="manage">
      <h2 id="manage">
        <Trans>Your booking</Trans>
      </h2>
      {booking.passengers.some(({ ticket }) => ticket) && <Downloads pnr={pnr} />}
      <div className={ui.actions}>
        {state === "ticketed" && !flown && !booking.change && (
          <Link to="/bookings/$pnr/change" params={{ pnr }} className={ui.button}>
            <Trans>Change flights</Trans>
          </Link>
        )}
        {live && !flown && (
          <button type="button" className={`${ui.button} ${ui.danger}`} onClick={() => setCancelling(true)}>
            {state === "held" ? t`Let the seats go` : t`Cancel the booking`}
          </button>
        )}
      </div>
      {state === "waitlisted" && <LeaveWaitlist pnr={pnr} />}
      {isKept(pnr) && <Forget pnr={pnr} />}
      {cancelling && <CancelBooking booking={booking} onClose={() => setCancelling(false)} />}
    </section>
  );
}

function LeaveWaitlist({ pnr }: { pnr: string }) {
  const { t } = useLingui();
  const verbs = useVerbs(pnr);
  const [error, setError] = useState<unknown>();
  return (
    <>
      <button
        type="button"
        className={ui.button}
        onClick={() => {
          setError(undefined);
          verbs.leaveWaitlist().catch(setError);
        }}
      >
        {t`Leave the waitlist`}
      </button>
      {error !== undefined && (
        <Notice tone="bad" says>
          <Why error={error} />
        </Notice>
      )}
    </>
  );
}

/** For a device that others use, too: the booking stays, only this device can't open it any more. */
function Forget({ pnr }: { pnr: string }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <details className={styles.fold}>
      <summary>{t`Kept on this device`}</summary>
      <p className={ui.hint}>
        <Trans>
          This device opens the booking without asking. Take it off a device that others use: the booking
          itself stays as it is.
        </Trans>
      </p>
      <button
        type="button"
        className={ui.button}
        onClick={() => {
          void navigate({ to: "/trips" }).then(() => {
            forgetBooking(pnr);
            client.removeQueries({ queryKey: ["kept", "booking", pnr] });
          });
        }}
      >
        {t`Forget on this device`}
      </button>
    </details>
  );
}
