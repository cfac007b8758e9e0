import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { api, unwrap } from "../api/client";
import { ApiProblem } from "../api/problems";
import type { BookingAnswer, SeatMapAnswer, SegmentShown } from "../api/types";
import { Page } from "../ui/page";
import { Failed, Loading, Notice, Why } from "../ui/states";
import ui from "../ui/ui.module.css";
import styles from "./book.module.css";
import { bookingIs, useBooking } from "./bookings";
import { HoldClock, HoldOver, useHoldOver } from "./HoldClock";
import { accessTo } from "./kept";
import { money } from "./money";
import { onceKey, settled } from "./onceKey";
import { Legend, priceOf, SeatMap } from "./SeatMap";
import { Steps } from "./Steps";
import { FlightLine, nameOf } from "./Summary";
import { rowsOf, stateAt, withSeat } from "./seatGrid";
import { seatsKey, useEnds, useSeats } from "./seatsLive";

const route = getRouteApi("/book/$pnr/seats");

/** The party's seats on each flight, chosen on its map. Others take seats meanwhile, and the map shows it. */
export function SeatsPage() {
  const { t } = useLingui();
  const { pnr } = route.useParams();
  const booking = useBooking(pnr);
  const over = useHoldOver(booking.data);
  const asked = route.useSearch().flight;
  const [chosen, setAt] = useState<number>();
  const heading = useRef<HTMLHeadingElement>(null);
  const at = chosen ?? Math.max(0, booking.data?.flights.findIndex(({ flight }) => flight === asked) ?? 0);
  const flight = booking.data?.flights[at];
  const several = (booking.data?.flights.length ?? 0) > 1;

  function go(next: number) {
    setAt(next);
    requestAnimationFrame(() => heading.current?.focus());
  }

  return (
    <Page title={t`Seats`}>
      {booking.data?.state !== "ticketed" && <Steps at="seats" />}
      {booking.isPending && <Loading lines={8} label={t`Loading the booking`} />}
      {booking.error && !booking.data && (
        <Failed error={booking.error} again={() => void booking.refetch()} />
      )}
      {booking.data && over && <HoldOver booking={booking.data} />}
      {booking.data?.state === "held" && !over && booking.data.hold_until && (
        <HoldClock until={booking.data.hold_until} />
      )}
      {booking.data && flight && !over && (
        <>
          {several && (
            <nav aria-label={t`Flights`} className={styles.tabs}>
              {booking.data.flights.map((each, place) => (
                <button
                  key={each.flight}
                  type="button"
                  className={ui.button}
                  aria-current={place === at ? "true" : undefined}
                  onClick={() => go(place)}
                >
                  {each.number} {each.origin}–{each.destination}
                </button>
              ))}
            </nav>
          )}
          <section className={styles.flight} aria-labelledby="flight">
            <h2 id="flight" tabIndex={-1} ref={heading}>
              <FlightLine flight={{ ...flight, seats: undefined }} />
            </h2>
            <FlightSeats
              key={flight.flight}
              booking={booking.data}
              flight={flight}
              onDone={!asked && at + 1 < booking.data.flights.length ? () => go(at + 1) : undefined}
            />
          </section>
        </>
      )}
    </Page>
  );
}

function FlightSeats(props: {
  booking: BookingAnswer;
  flight: SegmentShown;
  onDone: (() => void) | undefined;
}) {
  const { t, i18n } = useLingui();
  const { booking, flight } = props;
  const client = useQueryClient();
  const router = useRouter();
  const seats = useSeats(flight.flight);
  const wall = useEnds(seats.data);
  const party = booking.passengers.flatMap((each, place) =>
    each.kind === "infant" ? [] : [{ place, name: nameOf(each), kind: each.kind }],
  );
  const own = party.map(({ place }) => flight.seats[place] ?? "");
  const [chosen, setChosen] = useState(own);
  const [person, setPerson] = useState(0);
  const [error, setError] = useState<unknown>();
  const [saving, setSaving] = useState(false);
  const [said, setSaid] = useState("");
  const cabin = seats.data?.cabins.find((each) => each.cabin === flight.cabin);
  const laps = new Set(booking.passengers.map(({ lap_of }) => lap_of));
  const mayExit = (at: number) => {
    const one = party[at];
    return one?.kind === "adult" && !laps.has(one.place);
  };
  const held = booking.state === "held";

  // What others took since it was chosen is chosen no more.
  const gone = cabin ? takenByOthers(cabin, chosen, own, wall) : [];
  const lost = gone.join(", ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: when somebody else takes one
  useEffect(() => {
    if (!lost) return;
    setChosen((all) => all.map((seat, at) => (gone.includes(seat) ? (own[at] ?? seat) : seat)));
    setSaid(t`${lost} was just taken by somebody else. Choose another seat.`);
  }, [lost]);

  function choose(seat: string) {
    const next = withSeat(chosen, person, seat);
    setChosen(next);
    setError(undefined);
    const name = party[person]?.name ?? "";
    const following = Math.min(person + 1, party.length - 1);
    setSaid(t`${seat} for ${name}.`);
    setPerson(following);
  }

  async function save() {
    if (saving) return;
    setSaving(true);
    setError(undefined);
    try {
      if (chosen.join() !== own.join()) {
        const body = { flight: flight.flight, seats: chosen };
        const purpose = `seats ${booking.pnr} ${booking.version}`;
        const header = { "Idempotency-Key": await onceKey(purpose, body) };
        const params = { path: { pnr: booking.pnr }, header };
        const asked = api.POST("/v1/bookings/{pnr}/seats", { params, body, headers: accessTo(booking.pnr) });
        bookingIs(client, await unwrap(asked));
        settled(purpose);
        void client.invalidateQueries({ queryKey: seatsKey(flight.flight) });
      }
      if (props.onDone) props.onDone();
      else if (held) await router.navigate({ to: "/book/$pnr/pay", params: { pnr: booking.pnr } });
      else await router.navigate({ to: "/bookings/$pnr", params: { pnr: booking.pnr } });
    } catch (reason) {
      setError(reason);
      if (reason instanceof ApiProblem && reason.status === 409)
        void client.invalidateQueries({ queryKey: seatsKey(flight.flight) });
    } finally {
      setSaving(false);
    }
  }

  if (seats.isPending) return <Loading lines={8} label={t`Loading the seats`} />;
  if (seats.error && !seats.data) return <Failed error={seats.error} again={() => void seats.refetch()} />;
  if (!cabin || !seats.data)
    return (
      <Notice tone="late">
        <Trans>There is no seat map of this flight. Your seats were chosen for you.</Trans>
      </Notice>
    );
  const { data: map } = seats;
  const name = party[person]?.name ?? "";
  const costs = costOf(map, cabin, chosen, own, flight, booking);
  const sum = money({ amount: costs, currency: booking.total.currency ?? "USD" }, i18n.locale);
  return (
    <div className={styles.choosing}>
      <div className={styles.side}>
        <p>
          <Trans>These seats are yours already. Choose others on the map, or go on with them.</Trans>
        </p>
        <fieldset className={styles.people}>
          <legend className={ui.label}>
            <Trans>Choose a seat for</Trans>
          </legend>
          {party.map(({ name, place }, at) => (
            <label key={place} className={ui.choice}>
              <input type="radio" name="person" checked={at === person} onChange={() => setPerson(at)} />
              <span>
                {name} <strong>{chosen[at]}</strong>
              </span>
            </label>
          ))}
        </fieldset>
      </div>
      <div className={styles.next}>
        <p>
          {t`Choosing for ${name}:`} <strong>{chosen[person]}</strong>
        </p>
        <p role="status" className={ui.hint}>
          {said}
        </p>
      </div>
      <div className={styles.map}>
        <SeatMap
          map={map}
          cabin={cabin}
          wall={wall}
          chosen={chosen}
          own={own}
          names={party.map(({ name }) => name)}
          person={person}
          mayExit={mayExit(person)}
          standardFree={flight.seat_choice === true}
          onChoose={choose}
        />
      </div>
      <div className={styles.after}>
        {error !== undefined && (
          <Notice tone="bad" says>
            <Why error={error} />
          </Notice>
        )}
        {held && chosen.join() !== own.join() && (
          <p>
            {costs > 0 ? (
              <Trans>The seats you chose cost {sum}.</Trans>
            ) : (
              <Trans>The seats you chose cost nothing.</Trans>
            )}
          </p>
        )}
        <div className={ui.actions}>
          <button
            type="button"
            className={`${ui.button} ${ui.main}`}
            aria-disabled={saving}
            onClick={() => void save()}
          >
            {chosen.join() === own.join() ? t`Go on with these seats` : t`Take the seats you chose`}
          </button>
          {saving && (
            <span role="status" className={ui.hint}>
              <Trans>Sending …</Trans>
            </span>
          )}
          {held && chosen.join() !== own.join() && (
            <Link to="/book/$pnr/pay" params={{ pnr: booking.pnr }} className={`${ui.button} ${ui.plain}`}>
              <Trans>Go on without them</Trans>
            </Link>
          )}
          {!held && (
            <Link to="/bookings/$pnr" params={{ pnr: booking.pnr }} className={`${ui.button} ${ui.plain}`}>
              <Trans>Back to the booking</Trans>
            </Link>
          )}
        </div>
        <Legend map={map} standardFree={flight.seat_choice === true} />
      </div>
    </div>
  );
}

/** The chosen seats that somebody else has by now. */
function takenByOthers(
  cabin: SeatMapAnswer["cabins"][number],
  chosen: readonly string[],
  own: readonly string[],
  wall: number,
): string[] {
  return rowsOf(cabin)
    .flatMap(({ seats }) => seats)
    .flatMap((seat) =>
      seat && chosen.includes(seat.number) && !own.includes(seat.number) && stateAt(seat, wall) !== "free"
        ? [seat.number]
        : [],
    );
}

/** What the chosen seats of a flight cost together: given ones nothing, kept ones what they did. */
function costOf(
  map: SeatMapAnswer,
  cabin: SeatMapAnswer["cabins"][number],
  chosen: readonly string[],
  own: readonly string[],
  flight: SegmentShown,
  booking: BookingAnswer,
): number {
  const place = booking.flights.indexOf(flight);
  const seats = rowsOf(cabin).flatMap((row) => row.seats);
  const people = booking.passengers.flatMap(({ kind }, at) => (kind === "infant" ? [] : [at]));
  return chosen.reduce((sum, number, at) => {
    if (number === own[at]) {
      const had = booking.lines.find(
        (line) => line.kind === "seat" && line.flight === place && line.passenger === people[at],
      );
      return sum + (had?.amount ?? 0);
    }
    const seat = seats.find((each) => each?.number === number);
    return sum + (seat ? priceOf(map, seat, flight.seat_choice === true) : 0);
  }, 0);
}
