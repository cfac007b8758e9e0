import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import type { BookingAnswer, SegmentShown } from "../api/types";
import { bookingKey } from "../book/bookings";
import { headline } from "../flight/headline";
import { useNow } from "../live/clock";
import { useFlight } from "../live/flights";
import type { Flight } from "../live/merge";
import { CABIN_WORDS } from "../search/words";
import { clockTime, day, daysBetween, zoneName } from "../ui/times";
import ui from "../ui/ui.module.css";
import { checkInOf } from "./standing";
import styles from "./trips.module.css";

const NEAR = 3 * 86_400_000; // flights are known from some days before they leave; until then there is no page of theirs

/** A flight of a booking: live where it is near, else as it was scheduled. */
export function FlightOfBooking(props: { booking: BookingAnswer; flight: SegmentShown }) {
  const now = useNow(60);
  const away = Date.parse(props.flight.scheduled_out) - now;
  return away < NEAR && away > -NEAR ? <Near {...props} /> : <Shown {...props} />;
}

function Near(props: { booking: BookingAnswer; flight: SegmentShown }) {
  const { data } = useFlight(props.flight.flight);
  const client = useQueryClient();
  const version = data?.version;
  const { pnr } = props.booking;
  useEffect(() => {
    // What changes of a flight may be trouble for the booking.
    if (version !== undefined) void client.invalidateQueries({ queryKey: [...bookingKey(pnr), "options"] });
  }, [version, pnr, client]);
  return <Shown {...props} live={data} />;
}

function Shown({ booking, flight, live }: { booking: BookingAnswer; flight: SegmentShown; live?: Flight }) {
  const { t, i18n } = useLingui();
  const now = useNow(30);
  const { pnr } = booking;
  const stands = live && headline(live, now, i18n);
  const { departure } = live ?? {};
  const id = `flight-${flight.flight}`;
  const ticketed = booking.state === "ticketed";
  const has = ticketed || booking.state === "held"; // its seats
  const { phase } = checkInOf(flight, now, departure?.expected_out);
  const coming = flight.checked_in.length < booking.passengers.length;
  const gone = live ? live.departure.actual_out : Date.parse(flight.scheduled_out) < now;
  const off = live?.phase === "cancelled";
  return (
    <article className={ui.card} aria-labelledby={id}>
      <div className={styles.flightHead}>
        <h3 id={id}>
          {live ? (
            <Link to="/flights/$id" params={{ id: flight.flight }}>
              {flight.number}
            </Link>
          ) : (
            flight.number
          )}{" "}
          <span className={ui.hint}>{flight.airline}</span>
        </h3>
        <span>{day(flight.scheduled_out, flight.origin_zone, i18n.locale)}</span>
      </div>
      {stands && (
        <p>
          <span className={ui.badge} data-tone={stands.tone} role="status">
            {stands.says}
          </span>
        </p>
      )}
      <Ends flight={flight} live={live} />
      <dl className={styles.facts}>
        {departure?.gate && <Fact name={t`Gate`} says={departure.gate} />}
        {departure?.terminal && <Fact name={t`Terminal`} says={departure.terminal} />}
        {has && flight.seats.some(Boolean) && (
          <Fact name={t`Seats`} says={flight.seats.filter((seat) => seat).join(", ")} />
        )}
        <Fact
          name={t`Cabin`}
          says={[i18n._(CABIN_WORDS[flight.cabin]), flight.brand].filter(Boolean).join(", ")}
        />
      </dl>
      {has && !gone && !off && (
        <div className={ui.actions}>
          {ticketed && phase === "open" && coming && (
            <Link
              to="/bookings/$pnr/check-in"
              params={{ pnr }}
              search={{ flight: flight.flight }}
              className={ui.button}
              aria-label={t`Check in for ${flight.number}`}
            >
              <Trans>Check in</Trans>
            </Link>
          )}
          {ticketed && flight.checked_in.length > 0 && (
            <Link
              to="/bookings/$pnr/pass"
              params={{ pnr }}
              search={{ flight: flight.flight }}
              className={ui.button}
              aria-label={t`Boarding passes for ${flight.number}`}
            >
              <Trans>Boarding passes</Trans>
            </Link>
          )}
          <Link
            to="/book/$pnr/seats"
            params={{ pnr }}
            search={{ flight: flight.flight }}
            className={ui.button}
            aria-label={t`Change seats on ${flight.number}`}
          >
            <Trans>Change seats</Trans>
          </Link>
        </div>
      )}
    </article>
  );
}

/** From where to where, and when: each end by its own clocks. */
export function Ends({ flight, live }: { flight: SegmentShown; live?: Flight }) {
  const { t, i18n } = useLingui();
  const out = live?.departure.expected_out ?? flight.scheduled_out;
  const arrives = live?.arrival.expected_in ?? flight.scheduled_in;
  const later = daysBetween(flight.scheduled_out, arrives, flight.destination_zone);
  return (
    <ol className={styles.ends}>
      <End
        label={t`Departure`}
        city={flight.origin_city ?? flight.origin}
        code={flight.origin}
        at={out}
        booked={flight.scheduled_out}
        zone={flight.origin_zone}
      />
      <End
        label={t`Arrival`}
        city={flight.destination_city ?? flight.destination}
        code={flight.destination}
        at={arrives}
        booked={flight.scheduled_in}
        zone={flight.destination_zone}
        day={later ? day(arrives, flight.destination_zone, i18n.locale) : undefined}
      />
    </ol>
  );
}

function End(props: {
  label: string;
  city: string;
  code: string;
  at: string;
  booked: string;
  zone: string;
  day?: string;
}) {
  const { t, i18n } = useLingui();
  const { at, booked, zone } = props;
  const time = clockTime(at, zone, i18n.locale);
  const was = clockTime(booked, zone, i18n.locale);
  return (
    <li>
      <span className="hidden-but-read">{props.label}: </span>
      <span className={styles.time}>{time}</span>{" "}
      {was !== time && (
        <s className={ui.hint}>
          <span className="hidden-but-read">{t`Booked`} </span>
          {was}
        </s>
      )}{" "}
      <small className={ui.hint}>
        {zoneName(at, zone, i18n.locale)}
        {props.day && `, ${props.day}`}
      </small>
      <span className={styles.place}>
        {props.city} <span className={styles.code}>{props.code}</span>
      </span>
    </li>
  );
}

function Fact({ name, says }: { name: string; says: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{says}</dd>
    </div>
  );
}
