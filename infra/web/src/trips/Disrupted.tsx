import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "../api/client";
import type { BookingAnswer, OptionsAnswer, SegmentShown } from "../api/types";
import { bookingKey } from "../book/bookings";
import { accessTo } from "../book/kept";
import { Notice, Why } from "../ui/states";
import { dayAndTime } from "../ui/times";
import ui from "../ui/ui.module.css";
import { CancelBooking } from "./CancelBooking";
import { Ends } from "./FlightOfBooking";
import { ownTime } from "./standing";
import styles from "./trips.module.css";
import { useVerbs } from "./verbs";

const NEAR = 2 * 86_400_000; // trouble is known as a flight's day is near
const LOOK_EVERY = 60_000;
const OFFERED_SOON = 4_000; // it is known that there is trouble, and seats are being looked for

/** What is wrong with a booking's flights. */
export type Trouble = Omit<OptionsAnswer, "instead_of" | "why"> & {
  instead_of: string;
  why: NonNullable<OptionsAnswer["why"]>;
};

/** What is wrong with a booking's flights, and what may be flown instead; undefined: nothing, as far as is known. */
export function useTrouble(booking: BookingAnswer, now: number): Trouble | undefined {
  const { pnr, state, flights, offer } = booking;
  const near = flights.some((flight) => {
    const away = Date.parse(flight.scheduled_out) - now;
    return away < NEAR && now < Date.parse(flight.scheduled_in) + NEAR;
  });
  const { data } = useQuery({
    queryKey: [...bookingKey(pnr), "options", booking.version],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/v1/bookings/{pnr}/options", { params: { path: { pnr } }, headers: accessTo(pnr), signal }),
      ),
    enabled: state === "ticketed" && (near || Boolean(offer)),
    refetchInterval: ({ state }) => (state.data?.instead_of && !state.data.offer ? OFFERED_SOON : LOOK_EVERY),
  });
  if (state !== "ticketed") return undefined;
  if (data) {
    const { instead_of, why, ...rest } = data;
    return instead_of && why ? { ...rest, instead_of, why } : undefined;
  }
  if (!offer) return undefined;
  const { instead_of, why } = offer;
  return isWhy(why) ? { instead_of, why, offer, options: [] } : undefined;
}

function isWhy(why: string): why is Trouble["why"] {
  return why === "cancelled" || why === "delayed" || why === "missed_connection";
}

/** A flight is cancelled, much later, or will be missed: what happened, what is held, and the ways on. */
export function Disrupted({ booking, trouble }: { booking: BookingAnswer; trouble: Trouble }) {
  const { t, i18n } = useLingui();
  const { offer, options } = trouble;
  const [cancelling, setCancelling] = useState(false);
  const number = numberOf(booking, trouble.instead_of);
  const says = {
    cancelled: t`${number} is cancelled`,
    delayed: t`${number} is much later than booked`,
    missed_connection: t`A delay will break your connection to ${number}`,
  }[trouble.why];
  const until = offer?.until ? ownTime(offer.until, i18n) : "";
  const others = options.filter((option) => key(option.flights) !== key(offer?.flights ?? []));
  return (
    <section className={styles.standing} data-tone="bad" aria-labelledby="standing">
      <div role="status">
        <h2 id="standing" className={styles.loud}>
          {says}
        </h2>
        {offer ? (
          <p>{t`We hold seats for all of you on these flights until ${until}. They cost you nothing.`}</p>
        ) : options.length ? (
          <p>
            <Trans>Choose other flights. They cost you nothing.</Trans>
          </p>
        ) : (
          <p>{t`There are no other flights with seats for all of you at the moment. We go on looking, and write to ${booking.contact.email}.`}</p>
        )}
      </div>
      {offer && <Taken booking={booking} flights={offer.flights} label={t`Take these flights`} main />}
      {others.length > 0 && (
        <details className={styles.fold} open={!offer}>
          <summary>
            <Plural value={others.length} one="# other way" other="# other ways" />
          </summary>
          <ul className={styles.options}>
            {others.map((option) => (
              <li key={key(option.flights)} className={ui.card}>
                <Taken
                  booking={booking}
                  flights={option.flights}
                  ids={option.flights.map(({ flight }) => flight)}
                  label={t`Take this`}
                />
              </li>
            ))}
          </ul>
        </details>
      )}
      <div>
        <p className={ui.hint}>
          <Trans>If none of them helps you, all your money comes back.</Trans>
        </p>
        <button type="button" className={`${ui.button} ${ui.danger}`} onClick={() => setCancelling(true)}>
          {t`Cancel for a full refund`}
        </button>
      </div>
      {cancelling && <CancelBooking booking={booking} onClose={() => setCancelling(false)} />}
    </section>
  );
}

/** Flights that may be taken, and the button that takes them: one request. */
function Taken(props: {
  booking: BookingAnswer;
  flights: SegmentShown[];
  ids?: string[];
  label: string;
  main?: boolean;
}) {
  const { t, i18n } = useLingui();
  const { booking, flights, ids, main } = props;
  const verbs = useVerbs(booking.pnr);
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();
  const own = new Set(booking.flights.map(({ flight }) => flight));
  const numbers = flights.map(({ number }) => number).join(" + ");

  async function take() {
    setAsking(true);
    setError(undefined);
    try {
      await verbs.rebook(ids);
      document.querySelector<HTMLElement>("main h1")?.focus();
    } catch (reason) {
      setError(reason);
      setAsking(false);
    }
  }

  return (
    <div className={styles.stack}>
      <ul className={styles.plain}>
        {flights.map((flight) => (
          <li key={flight.flight} className={styles.stack}>
            <p>
              <strong>{flight.number}</strong>{" "}
              {dayAndTime(flight.scheduled_out, flight.origin_zone, i18n.locale)}{" "}
              {own.has(flight.flight) && <span className={ui.badge}>{t`as booked`}</span>}
            </p>
            <Ends flight={flight} />
          </li>
        ))}
      </ul>
      <div className={ui.actions}>
        <button
          type="button"
          className={`${ui.button} ${main ? ui.main : ""}`}
          aria-label={main ? undefined : t`Take ${numbers}`}
          aria-disabled={asking}
          onClick={() => void (asking || take())}
        >
          {props.label}
        </button>
        {asking && (
          <span role="status" className={ui.hint}>
            <Trans>Sending …</Trans>
          </span>
        )}
      </div>
      {error !== undefined && (
        <Notice tone="bad" says>
          <Why error={error} />
        </Notice>
      )}
    </div>
  );
}

function numberOf(booking: BookingAnswer, id: string): string {
  return booking.flights.find(({ flight }) => flight === id)?.number ?? id.split("-")[0] ?? id;
}

function key(flights: readonly SegmentShown[]): string {
  return flights.map(({ flight }) => flight).join(" ");
}
