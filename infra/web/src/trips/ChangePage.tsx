import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import { Refused } from "../api/problems";
import type { BookingAnswer, JourneyLine, SegmentShown } from "../api/types";
import { accessTo } from "../book/kept";
import { money } from "../book/money";
import { flightNow } from "../live/clock";
import { offersOf } from "../search/find";
import { daysAfter, HORIZON, type SearchParams } from "../search/query";
import { duration } from "../search/words";
import { AskForm, ChooseOne, TextLine } from "../ui/forms";
import { Page } from "../ui/page";
import { Failed, Loading, Notice } from "../ui/states";
import { clockTime, day, daysBetween, isoDate } from "../ui/times";
import ui from "../ui/ui.module.css";
import { Opened } from "./Opened";
import { journeysOf } from "./standing";
import styles from "./trips.module.css";
import { useVerbs } from "./verbs";

const route = getRouteApi("/bookings/$pnr/change");

/** Change flights: which, to when, which instead, and what it comes to before anything is done. */
export function ChangePage() {
  const { t } = useLingui();
  const { pnr } = route.useParams();
  return (
    <Opened key={pnr} pnr={pnr} title={t`Change flights`}>
      {(booking) => <Change booking={booking} />}
    </Opened>
  );
}

type Sought = { journey: number; date: string };

function Change({ booking }: { booking: BookingAnswer }) {
  const { t } = useLingui();
  const { pnr } = booking;
  const journeys = journeysOf(booking.flights).filter(
    ([first]) => first && Date.parse(first.scheduled_out) > flightNow(),
  );
  const [sought, setSought] = useState<Sought>();
  const [which, setWhich] = useState("0");
  const [chosen, setChosen] = useState<JourneyLine>();
  const today = isoDate(flightNow(), booking.flights[0]?.origin_zone ?? "UTC");
  const own = journeys[sought?.journey ?? 0];
  const start = journeys[Number(which)]?.[0];
  if (booking.state !== "ticketed" || !journeys.length || booking.change)
    return (
      <Page title={t`Change flights`} narrow>
        <p>
          {booking.change ? (
            <Trans>A change waits for its payment already. Pay it, or let its time run out.</Trans>
          ) : (
            <Trans>There is nothing in this booking that can be changed.</Trans>
          )}
        </p>
        <Back pnr={pnr} />
      </Page>
    );
  return (
    <Page title={t`Change flights`} narrow>
      <section className={ui.card}>
        <AskForm
          submit={t`Find flights`}
          ask={async (fields) => {
            const date = String(fields.get("date"));
            if (date < today || date > daysAfter(today, HORIZON))
              throw new Refused("", { date: t`Flights are sold from today to 60 days ahead.` });
            setChosen(undefined);
            setSought({ journey: Number(fields.get("journey") ?? 0), date });
          }}
        >
          {journeys.length > 1 && (
            <ChooseOne
              name="journey"
              label={t`Which part of the trip?`}
              value={which}
              onChange={setWhich}
              options={journeys.map((journey, at) => ({
                id: String(at),
                label: <Named journey={journey} />,
              }))}
            />
          )}
          <TextLine
            key={which}
            name="date"
            type="date"
            label={t`New date`}
            required
            value={start && isoDate(start.scheduled_out, start.origin_zone)}
          />
        </AskForm>
      </section>
      {sought && own && (
        <Ways
          key={`${sought.journey} ${sought.date}`}
          booking={booking}
          own={own}
          date={sought.date}
          chosen={chosen}
          onChoose={setChosen}
        />
      )}
      {chosen && own && <Due key={key(chosen)} booking={booking} own={own} chosen={chosen} />}
      <Back pnr={pnr} />
    </Page>
  );
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

function Named({ journey }: { journey: readonly SegmentShown[] }) {
  const { i18n } = useLingui();
  const [first] = journey;
  const last = journey.at(-1);
  if (!first || !last) return null;
  const when = day(first.scheduled_out, first.origin_zone, i18n.locale);
  return (
    <>
      {first.origin_city ?? first.origin} – {last.destination_city ?? last.destination}, {when}
    </>
  );
}

/** The flights of a day for the party, but for those it has. */
function Ways(props: {
  booking: BookingAnswer;
  own: SegmentShown[];
  date: string;
  chosen: JourneyLine | undefined;
  onChoose: (journey: JourneyLine) => void;
}) {
  const { t, i18n } = useLingui();
  const { booking, own, date } = props;
  const found = useQuery(offersOf(sought(booking, own, date)));
  if (found.error && !found.data) return <Failed error={found.error} again={() => void found.refetch()} />;
  if (!found.data) return <Loading lines={6} label={t`Looking for flights`} />;
  const had = own.map(({ flight }) => flight).join();
  const ways = found.data.offers.flatMap(({ journeys: [journey] }) =>
    journey && key(journey) !== had ? [journey] : [],
  );
  if (!ways.length)
    return (
      <Notice>
        <Trans>There are no other flights with seats for all of you on this day. Try another date.</Trans>
      </Notice>
    );
  const options = ways.map((journey) => ({ id: key(journey), label: <Way journey={journey} /> }));
  return (
    <section className={ui.card} aria-labelledby="ways">
      <h2 id="ways">{day(`${date}T12:00:00Z`, "UTC", i18n.locale)}</h2>
      <div className={styles.choices}>
        <ChooseOne
          name="way"
          label={t`Choose your new flights`}
          options={options}
          onChange={(id) => {
            const journey = ways.find((each) => key(each) === id);
            if (journey) props.onChoose(journey);
          }}
        />
      </div>
    </section>
  );
}

function Way({ journey }: { journey: JourneyLine }) {
  const { i18n } = useLingui();
  const { segments, stops, minutes } = journey;
  const first = segments[0];
  const last = segments.at(-1);
  if (!first || !last) return null;
  const { scheduled_out: out, zone } = first.departure;
  const { scheduled_in: in_, zone: there } = last.arrival;
  const later = daysBetween(out, in_, there);
  return (
    <span>
      <strong>
        {clockTime(out, zone, i18n.locale)} – {clockTime(in_, there, i18n.locale)}
        {later > 0 && <sup> +{later}</sup>}
      </strong>{" "}
      <span>
        {first.departure.airport} – {last.arrival.airport}, {segments.map(({ number }) => number).join(" + ")}
      </span>{" "}
      <span className={ui.hint}>
        <Plural value={stops} _0="direct" one="# stop" other="# stops" />, {duration(minutes, i18n.locale)}
      </span>
    </span>
  );
}

/** What the change comes to; then it is done, or held until the difference is paid. */
function Due({ booking, own, chosen }: { booking: BookingAnswer; own: SegmentShown[]; chosen: JourneyLine }) {
  const { t, i18n } = useLingui();
  const { pnr } = booking;
  const verbs = useVerbs(pnr);
  const navigate = useNavigate();
  const cabin = own[0]?.cabin ?? "economy";
  const wanted = replaced(booking.flights, own, chosen);
  const { data, error, refetch } = useQuery({
    queryKey: ["mine", "change", pnr, booking.version, wanted],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/v1/bookings/{pnr}/change", {
          params: { path: { pnr }, query: { flights: wanted.join(), cabin } },
          headers: accessTo(pnr),
          signal,
        }),
      ),
    staleTime: 0,
    gcTime: 0,
  });
  if (error && !data) return <Failed error={error} again={() => void refetch()} />;
  if (!data) return <Loading lines={2} label={t`Finding out what the change comes to`} />;
  const { due } = data;
  const sum = money({ ...due, amount: Math.abs(due.amount) }, i18n.locale);
  const cabins = new Map(booking.flights.map((flight) => [flight.flight, flight.cabin]));
  return (
    <section
      className={`${styles.standing} ${styles.due}`}
      aria-labelledby="due"
      data-tone={due.amount > 0 ? "late" : "good"}
    >
      <div role="status">
        <h2 id="due">
          {due.amount > 0
            ? t`The change costs ${sum}`
            : due.amount < 0
              ? t`The change costs nothing: ${sum} comes back`
              : t`The change costs nothing`}
        </h2>
        <p>
          {due.amount > 0 ? (
            <Trans>That is the difference of the fares, with the fee of your fare where it has one.</Trans>
          ) : (
            <Trans>Your tickets stay the same. Seats are chosen anew.</Trans>
          )}
        </p>
      </div>
      <AskForm
        submit={due.amount > 0 ? t`Hold these flights and pay` : t`Change to these flights`}
        ask={async () => {
          const flights = wanted.map((flight) => ({ flight, cabin: cabins.get(flight) ?? cabin }));
          try {
            const then = await verbs.change(flights, due);
            await navigate({ to: then.change ? "/book/$pnr/pay" : "/bookings/$pnr", params: { pnr } });
          } catch (reason) {
            void refetch(); // the price may be another by now
            throw reason;
          }
        }}
      >
        {null}
      </AskForm>
    </section>
  );
}

/** All flights of the booking, by their ids, with others in the place of one journey's. */
export function replaced(
  flights: readonly SegmentShown[],
  own: readonly SegmentShown[],
  chosen: { segments: readonly { flight: string }[] },
): string[] {
  const first = flights.findIndex(({ flight }) => flight === own[0]?.flight);
  const ids = flights.map(({ flight }) => flight);
  ids.splice(first, own.length, ...chosen.segments.map(({ flight }) => flight));
  return ids;
}

function sought({ passengers }: BookingAnswer, own: SegmentShown[], date: string): SearchParams {
  const count = (kind: string) => passengers.filter((each) => each.kind === kind).length;
  return {
    from: own[0]?.origin,
    to: own.at(-1)?.destination,
    date,
    passengers: count("adult"),
    children: count("child") || undefined,
    infants: count("infant") || undefined,
    cabin: own[0]?.cabin,
    sort: "departure",
  };
}

function key({ segments }: JourneyLine): string {
  return segments.map(({ flight }) => flight).join();
}
