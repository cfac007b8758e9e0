import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, unwrap } from "../api/client";
import { restore, useSession } from "../api/session";
import type {
  BookingAnswer,
  FlightRow,
  SegmentShown,
  TripBooking,
  TripFollowed,
  TripLine,
} from "../api/types";
import { useBooking } from "../book/bookings";
import { useKeptBookings } from "../book/kept";
import { useWall } from "../book/wall";
import { useFollowing } from "../follow/following";
import { useNow } from "../live/clock";
import { Page } from "../ui/page";
import { Failed, Loading, Notice, type Tone } from "../ui/states";
import { clockTime, dayAndTime } from "../ui/times";
import ui from "../ui/ui.module.css";
import { journeysOf, ownTime, standing } from "./standing";
import styles from "./trips.module.css";

/** What somebody flies and follows, what comes next first. */
export function TripsPage() {
  const { t } = useLingui();
  const session = useSession();
  return (
    <Page title={t`My trips`} narrow>
      {session.state === "signed-in" && <OwnTrips />}
      {session.state === "unknown" && session.why === undefined && (
        <Loading lines={4} label={t`Loading your trips`} />
      )}
      {session.state === "unknown" && session.why !== undefined && (
        <Failed error={session.why} again={restore} />
      )}
      <HereKept guest={session.state !== "signed-in"} />
      <section className={ui.card} aria-labelledby="find">
        <h2 id="find">
          <Trans>Another booking</Trans>
        </h2>
        <div className={ui.actions}>
          <Link to="/bookings" className={ui.button}>
            <Trans>Find my booking</Trans>
          </Link>
          <Link to="/search" className={ui.button}>
            <Trans>Book flights</Trans>
          </Link>
          <Link to="/following" className={ui.button}>
            <Trans>Flights you follow</Trans>
          </Link>
        </div>
      </section>
    </Page>
  );
}

/** The trips of the account. */
function OwnTrips() {
  const { t, i18n } = useLingui();
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: ["mine", "trips"],
    queryFn: ({ signal }) => unwrap(api.GET("/v1/trips", { signal })),
    refetchInterval: 60_000,
    meta: { kept: true },
  });
  if (!data && error) return <Failed error={error} again={() => void refetch()} />;
  if (!data) return <Loading lines={4} label={t`Loading your trips`} />;
  const coming = data.trips.filter(({ over }) => !over);
  const past = data.trips.filter(({ over }) => over);
  const seen = clockTime(dataUpdatedAt, Intl.DateTimeFormat().resolvedOptions().timeZone, i18n.locale);
  return (
    <>
      {error && (
        <Notice tone="late" says>
          <p>{t`There is no answer from the server. These are your trips as they were at ${seen}.`}</p>
        </Notice>
      )}
      {coming.length ? (
        <ul className={styles.plain}>{coming.map(line)}</ul>
      ) : (
        <section className={ui.card}>
          <h2>
            <Trans>Nothing ahead</Trans>
          </h2>
          <p>
            <Trans>What you book with this account, and the flights you follow, stand here.</Trans>
          </p>
        </section>
      )}
      {past.length > 0 && (
        <details className={styles.fold}>
          <summary>{t`Over`}</summary>
          <ul className={styles.plain}>{past.map(line)}</ul>
        </details>
      )}
    </>
  );
}

function line({ booking, followed }: TripLine) {
  if (booking)
    return (
      <li key={booking.pnr}>
        <OwnBooking booking={booking} />
      </li>
    );
  return followed ? (
    <li key={followed.id}>
      <Followed followed={followed} />
    </li>
  ) : null;
}

function OwnBooking({ booking }: { booking: TripBooking }) {
  const says = useStep(booking);
  return (
    <Card pnr={booking.pnr} flights={booking.flights.map(({ booked }) => booked)} {...says}>
      {booking.flights.map(({ booked, live }) => (
        <FlightLine key={booked.flight} booked={booked} live={live} />
      ))}
    </Card>
  );
}

/** What the party can do next, in words. */
function useStep({ state, next }: TripBooking): { says: string; tone?: Tone } {
  const { t, i18n } = useLingui();
  const until = next?.until ? ownTime(next.until, i18n) : "";
  switch (next?.do) {
    case "pay":
      return { says: t`Pay until ${until}`, tone: "late" };
    case "wait":
      return { says: t`On the waitlist` };
    case "rebook":
      return { says: t`Other flights are held for you until ${until}`, tone: "bad" };
    case "options":
      return { says: t`Choose other flights, or a refund`, tone: "bad" };
    case "check_in":
      return { says: t`Check-in is open`, tone: "good" };
    case "board":
      return { says: t`Checked in`, tone: "good" };
    default:
      break;
  }
  const states = {
    held: t`Held`,
    ticketed: t({ message: "Booked", context: "a trip" }),
    cancelled: t({ message: "Cancelled", context: "a booking" }),
    expired: t`Not paid in time`,
    waitlisted: t`On the waitlist`,
  };
  return { says: states[state], tone: state === "ticketed" ? "good" : undefined };
}

/** A booking as a card that leads to it. */
function Card(props: {
  pnr: string;
  flights: readonly SegmentShown[];
  says: string;
  tone?: Tone;
  children: ReactNode;
}) {
  const { t } = useLingui();
  const { pnr, flights } = props;
  const from = flights[0]?.origin_city ?? flights[0]?.origin ?? "";
  const last = flights.at(-1);
  const home = flights.length > 1 && last?.destination === flights[0]?.origin;
  const turn = home ? journeysOf(flights)[0]?.at(-1) : last;
  const to = turn?.destination_city ?? turn?.destination ?? "";
  return (
    <Link to="/bookings/$pnr" params={{ pnr }} className={`${ui.card} ${styles.trip}`}>
      <span className={styles.flightHead}>
        <strong>
          {from} <span aria-hidden>{home ? "⇄" : "→"}</span>{" "}
          <span className="hidden-but-read">{home ? t`and back from` : t`to`}</span> {to}
        </strong>
        <span className={styles.code}>{pnr}</span>
      </span>
      <span>
        <span className={ui.badge} data-tone={props.tone}>
          {props.says}
        </span>
      </span>
      {props.children}
    </Link>
  );
}

function FlightLine({ booked, live }: { booked: SegmentShown; live?: FlightRow | null }) {
  const { t, i18n } = useLingui();
  const out = live?.departure.expected_out ?? booked.scheduled_out;
  const gate = live?.departure.gate;
  const off = live?.phase === "cancelled";
  return (
    <span className={ui.hint}>
      {booked.number}, {dayAndTime(out, booked.origin_zone, i18n.locale)}
      {off ? `, ${t`cancelled`}` : gate ? `, ${t`gate ${gate}`}` : ""}
    </span>
  );
}

function Followed({ followed }: { followed: TripFollowed }) {
  const { i18n } = useLingui();
  const { flights, number, origin, destination } = followed;
  const first = flights[0];
  const named = first?.number ?? number ?? `${origin} → ${destination}`;
  const inside = (
    <>
      <span className={styles.flightHead}>
        <strong>{named}</strong>
        <span className={ui.badge}>
          <Trans>Followed</Trans>
        </span>
      </span>
      <span className={ui.hint}>
        {first ? (
          <>
            {first.departure.city ?? first.departure.airport} → {first.arrival.city ?? first.arrival.airport},{" "}
            {dayAndTime(first.departure.expected_out ?? "", first.departure.zone, i18n.locale)}
          </>
        ) : (
          followed.date
        )}
      </span>
    </>
  );
  const look = `${ui.card} ${styles.trip}`;
  const id = first?.id ?? followed.flight;
  return id ? (
    <Link to="/flights/$id" params={{ id }} className={look}>
      {inside}
    </Link>
  ) : (
    <Link to="/following" className={look}>
      {inside}
    </Link>
  );
}

/** What this device may open without an account. */
function HereKept({ guest }: { guest: boolean }) {
  const { t } = useLingui();
  const pnrs = useKeptBookings();
  if (!guest && !pnrs.length) return null;
  return (
    <>
      {pnrs.length > 0 ? (
        <section className={styles.stack} aria-labelledby="here">
          <h2 id="here">
            <Trans>On this device</Trans>
          </h2>
          <ul className={styles.plain}>
            {pnrs.map((pnr) => (
              <li key={pnr}>
                <KeptTrip pnr={pnr} />
              </li>
            ))}
          </ul>
        </section>
      ) : (
        <section className={ui.card}>
          <h2>
            <Trans>No trips on this device yet</Trans>
          </h2>
          <p>{t`Find a booking by its reference and a family name, and it stays here. With an account you see your trips on every device.`}</p>
        </section>
      )}
      {guest && <FollowedHere />}
      {guest && (
        <p>
          <Link to="/login" search={{ next: "/trips" }}>
            <Trans>Log in to see the trips of your account</Trans>
          </Link>
        </p>
      )}
    </>
  );
}

function KeptTrip({ pnr }: { pnr: string }) {
  const { t } = useLingui();
  const { data, error, refetch } = useBooking(pnr);
  if (data) return <KeptBooking booking={data} />;
  if (error)
    return (
      <div className={ui.card}>
        <Link to="/bookings/$pnr" params={{ pnr }} className={styles.code}>
          {pnr}
        </Link>
        <Failed error={error} again={() => void refetch()} />
      </div>
    );
  return <Loading lines={2} label={t`Loading the booking`} />;
}

function KeptBooking({ booking }: { booking: BookingAnswer }) {
  const { i18n } = useLingui();
  const clocks = { wall: useWall(false), flight: useNow(60) };
  const { says, tone } = standing(booking, clocks, i18n);
  return (
    <Card pnr={booking.pnr} flights={booking.flights} says={says} tone={tone}>
      {booking.flights.map((flight) => (
        <FlightLine key={flight.flight} booked={flight} />
      ))}
    </Card>
  );
}

/** How many flights the addresses confirmed on this device follow: they have a page of their own. */
function FollowedHere() {
  const { holders } = useFollowing();
  const count = holders.flatMap(({ subscriptions }) =>
    subscriptions.filter(({ status }) => status !== "stopped"),
  ).length;
  if (!count) return null;
  return (
    <p>
      <Link to="/following">
        <Plural value={count} one="You follow # flight here" other="You follow # flights here" />
      </Link>
    </p>
  );
}
