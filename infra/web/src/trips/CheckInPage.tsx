import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiProblem, Refused } from "../api/problems";
import type { BookingAnswer, SegmentShown } from "../api/types";
import { useNow } from "../live/clock";
import { useFlight } from "../live/flights";
import { AskForm, Tick } from "../ui/forms";
import { Page } from "../ui/page";
import { Notice } from "../ui/states";
import { clockTime, dayAndTime } from "../ui/times";
import ui from "../ui/ui.module.css";
import { Ends } from "./FlightOfBooking";
import { Opened } from "./Opened";
import { PassportForm } from "./PassportForm";
import { checkInOf } from "./standing";
import { useVerbs } from "./verbs";

const route = getRouteApi("/bookings/$pnr/check-in");

/** Say who comes to a flight; the boarding passes follow. */
export function CheckInPage() {
  const { t } = useLingui();
  const { pnr } = route.useParams();
  return (
    <Opened key={pnr} pnr={pnr} title={t`Check in`}>
      {(booking) => <Flight booking={booking} />}
    </Opened>
  );
}

function Flight({ booking }: { booking: BookingAnswer }) {
  const { t } = useLingui();
  const now = useNow(60);
  const asked = route.useSearch().flight;
  const open = booking.flights.find((flight) => checkInOf(flight, now).phase === "open");
  const flight = booking.flights.find((each) => each.flight === asked) ?? open ?? booking.flights[0];
  if (!flight || booking.state !== "ticketed")
    return (
      <Page title={t`Check in`} narrow>
        <p>
          <Trans>Only who has a ticket can check in.</Trans>
        </p>
        <Back pnr={booking.pnr} />
      </Page>
    );
  return <CheckIn key={flight.flight} booking={booking} flight={flight} />;
}

function Back({ pnr }: { pnr: string }) {
  return (
    <p>
      <Link to="/bookings/$pnr" params={{ pnr }}>
        <Trans>Back to the booking</Trans>
      </Link>
    </p>
  );
}

function CheckIn({ booking, flight }: { booking: BookingAnswer; flight: SegmentShown }) {
  const { t, i18n } = useLingui();
  const now = useNow(15);
  const { data: live } = useFlight(flight.flight);
  const { phase, opens, closes } = checkInOf(flight, now, live?.departure.expected_out);
  const { number, origin_zone: zone } = flight;
  const from = dayAndTime(opens, zone, i18n.locale);
  const until = clockTime(closes, zone, i18n.locale);
  const city = flight.origin_city ?? flight.origin;
  const left = booking.passengers.flatMap((_, place) => (flight.checked_in.includes(place) ? [] : [place]));
  return (
    <Page title={t`Check in for ${number}`} narrow>
      <section className={ui.card}>
        <Ends flight={flight} live={live} />
      </section>
      {live?.phase === "cancelled" ? (
        <Notice tone="bad">{t`${number} is cancelled. Your booking shows what you can do.`}</Notice>
      ) : phase === "early" ? (
        <Notice>{t`Check-in opens on ${from}, by the clocks in ${city}.`}</Notice>
      ) : phase === "closed" && left.length > 0 ? (
        <Notice tone="late">{t`Check-in closed at ${until}. If you are at the airport, go to the airline’s desk now.`}</Notice>
      ) : left.length > 0 ? (
        <Who booking={booking} flight={flight} left={left} until={until} />
      ) : (
        <Notice tone="good">
          <p>
            <Trans>Everybody is checked in.</Trans>
          </p>
        </Notice>
      )}
      {flight.checked_in.length > 0 && (
        <p>
          <Link
            to="/bookings/$pnr/pass"
            params={{ pnr: booking.pnr }}
            search={{ flight: flight.flight }}
            className={`${ui.button} ${left.length ? "" : ui.main}`}
          >
            <Trans>Show the boarding passes</Trans>
          </Link>
        </p>
      )}
      <Back pnr={booking.pnr} />
    </Page>
  );
}

function Who(props: { booking: BookingAnswer; flight: SegmentShown; left: number[]; until: string }) {
  const { t } = useLingui();
  const { booking, flight, left, until } = props;
  const { pnr } = booking;
  const verbs = useVerbs(pnr);
  const navigate = useNavigate();
  const [lacking, setLacking] = useState<number[]>([]);
  const name = (place: number) => {
    const who = booking.passengers[place];
    return who ? `${who.given_name} ${who.family_name}` : "";
  };
  const next = lacking.find((place) => !booking.passengers[place]?.document);

  async function checkIn(fields: FormData) {
    const coming = left.filter((place) => fields.get(`passenger-${place}`) === "yes");
    if (!coming.length) throw new Refused(t`Tick who comes.`);
    try {
      await verbs.checkIn(flight.flight, coming);
      await navigate({ to: "/bookings/$pnr/pass", params: { pnr }, search: { flight: flight.flight } });
    } catch (reason) {
      const needed = reason instanceof ApiProblem ? reason.members.documents : undefined;
      if (!Array.isArray(needed)) throw reason;
      setLacking(needed.filter((place): place is number => typeof place === "number"));
      throw new Refused(t`This flight leaves the country: the airline has to know your passports first.`);
    }
  }

  return (
    <>
      {next !== undefined && <PassportForm key={next} pnr={pnr} place={next} name={name(next)} />}
      <section className={ui.card} aria-labelledby="who">
        <h2 id="who">
          <Trans>Who comes?</Trans>
        </h2>
        <AskForm submit={t`Check in`} ask={checkIn}>
          <div>
            {left.map((place) => {
              const seat = flight.seats[place];
              const who = name(place);
              return (
                <Tick key={place} name={`passenger-${place}`} value>
                  {seat ? t`${who}, seat ${seat}` : who}
                </Tick>
              );
            })}
          </div>
        </AskForm>
        <p>
          <Link to="/book/$pnr/seats" params={{ pnr }} search={{ flight: flight.flight }}>
            <Trans>Change seats</Trans>
          </Link>
        </p>
        <p className={ui.hint}>{t`Check-in closes at ${until}. Who is checked in stays so.`}</p>
      </section>
    </>
  );
}
