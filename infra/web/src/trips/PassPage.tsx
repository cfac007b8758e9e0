import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef, useState } from "react";
import { api, unwrap } from "../api/client";
import type { BoardingPassAnswer, BookingAnswer } from "../api/types";
import { bookingKey } from "../book/bookings";
import { accessTo } from "../book/kept";
import { useFlight } from "../live/flights";
import { CABIN_WORDS } from "../search/words";
import { Page } from "../ui/page";
import { Failed, Loading } from "../ui/states";
import { clockTime, day } from "../ui/times";
import { Opened } from "./Opened";
import styles from "./pass.module.css";
import { type Coming, passesOf } from "./passes";

const route = getRouteApi("/bookings/$pnr/pass");
const LOOK_EVERY = 60_000;

/** The boarding passes of a booking, one fills the screen. Once seen they open without a network. */
export function PassPage() {
  const { t } = useLingui();
  const { pnr } = route.useParams();
  return (
    <Opened key={pnr} pnr={pnr} title={t`Boarding pass`}>
      {(booking) => <Passes booking={booking} />}
    </Opened>
  );
}

function Passes({ booking }: { booking: BookingAnswer }) {
  const { t } = useLingui();
  const { pnr } = booking;
  const { flight, passenger } = route.useSearch();
  const passes = passesOf(booking);
  const asked = passes.findIndex(
    (each) => each.flight === flight && each.passenger === (passenger ?? each.passenger),
  );
  const [shown, setShown] = useState(Math.max(0, asked));
  const row = useRef<HTMLUListElement>(null);
  useAwake();
  useBeginAt(row, shown);

  function turn(to: number) {
    row.current?.children[to]?.scrollIntoView({ inline: "start", block: "nearest" });
    setShown(to);
  }

  if (!passes.length)
    return (
      <Page title={t`Boarding pass`} narrow>
        <p>
          <Trans>Nobody of this booking is checked in yet.</Trans>
        </p>
        <p>
          <Link to="/bookings/$pnr" params={{ pnr }}>
            <Trans>Back to the booking</Trans>
          </Link>
        </p>
      </Page>
    );
  const at = shown + 1;
  const all = passes.length;
  return (
    <div className={styles.screen}>
      <header className={styles.top}>
        <Link to="/bookings/$pnr" params={{ pnr }} className={styles.way}>
          <span aria-hidden>×</span> <Trans>Close</Trans>
        </Link>
        <h1 tabIndex={-1}>{all > 1 ? t`Boarding pass ${at} of ${all}` : t`Boarding pass`}</h1>
      </header>
      <ul
        ref={row}
        className={styles.row}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by the keyboard (WCAG 2.1.1)
        tabIndex={0}
        aria-label={t`Boarding passes`}
        onScroll={({ currentTarget: { scrollLeft, clientWidth } }) =>
          setShown(Math.min(all - 1, Math.round(Math.abs(scrollLeft) / clientWidth)))
        }
      >
        {passes.map((each, place) => (
          <li
            key={`${each.flight} ${each.passenger}`}
            className={styles.slide}
            aria-hidden={place !== shown || undefined}
          >
            <OnePass pnr={pnr} coming={each} shown={place === shown} />
          </li>
        ))}
      </ul>
      {all > 1 && (
        <nav className={styles.turns} aria-label={t`Boarding passes`}>
          <button type="button" className={styles.way} disabled={shown === 0} onClick={() => turn(shown - 1)}>
            <span aria-hidden>←</span> {t`Previous`}
          </button>
          <button
            type="button"
            className={styles.way}
            disabled={shown === all - 1}
            onClick={() => turn(shown + 1)}
          >
            {t`Next`} <span aria-hidden>→</span>
          </button>
        </nav>
      )}
    </div>
  );
}

function OnePass({ pnr, coming, shown }: { pnr: string; coming: Coming; shown: boolean }) {
  const { t } = useLingui();
  const { data: live } = useFlight(coming.flight);
  const version = live?.version;
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: [...bookingKey(pnr), "pass", coming.flight, coming.passenger, coming.seat],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/v1/bookings/{pnr}/boarding-pass", {
          params: { path: { pnr }, query: { flight: coming.flight, passenger: coming.passenger } },
          headers: accessTo(pnr),
          signal,
        }),
      ),
    refetchInterval: LOOK_EVERY,
    meta: { kept: true }, // at the gate there may be no network
  });
  useEffect(() => {
    // with each change of the flight its times may be others
    if (version !== undefined) void refetch();
  }, [version, refetch]);
  if (!data && error)
    return (
      <div className={styles.wait}>
        <Failed error={error} again={() => void refetch()} />
      </div>
    );
  if (!data)
    return (
      <div className={styles.wait}>
        <Loading lines={4} label={t`Loading the boarding pass`} />
      </div>
    );
  return (
    <Pass
      pass={data}
      gate={live ? live.departure.gate : data.gate}
      terminal={live ? live.departure.terminal : data.terminal}
      off={live?.phase === "cancelled"}
      seen={error ? dataUpdatedAt : undefined}
      shown={shown}
    />
  );
}

function Pass(props: {
  pass: BoardingPassAnswer;
  gate: string | null | undefined;
  terminal: string | null | undefined;
  off: boolean;
  seen: number | undefined;
  shown: boolean;
}) {
  const { t, i18n } = useLingui();
  const { pass, gate, terminal, off, seen } = props;
  const { number, origin_zone: zone } = pass;
  const time = (instant: string) => clockTime(instant, zone, i18n.locale);
  const board = time(pass.boarding_at);
  const closes = time(pass.gate_closes_at);
  const as = seen && clockTime(seen, Intl.DateTimeFormat().resolvedOptions().timeZone, i18n.locale);
  return (
    <article className={styles.pass} aria-label={t`${number}, ${pass.name}`}>
      <div className={styles.route}>
        <p>
          <strong>{pass.origin}</strong>
          <span>{pass.origin_city}</span>
        </p>
        <span aria-hidden className={styles.arrow}>
          →
        </span>
        <span className="hidden-but-read">{t`to`}</span>
        <p>
          <strong>{pass.destination}</strong>
          <span>{pass.destination_city}</span>
        </p>
      </div>
      <p className={styles.name}>{pass.name}</p>
      <dl className={styles.large}>
        <Fact name={t`Gate`} says={gate ?? t`not known yet`} vague={!gate} />
        <Fact name={t({ message: "Boarding", context: "a time" })} says={board} />
        <Fact name={t`Seat`} says={pass.seat === "INF" ? t`on a lap` : pass.seat} />
      </dl>
      <img
        className={styles.symbol}
        alt={t`Code for the scanner at security and at the gate`}
        src={`data:image/svg+xml,${encodeURIComponent(pass.svg)}`}
      />
      {off ? (
        <p
          className={styles.alert}
          role="alert"
        >{t`${number} is cancelled. Your booking shows what you can do.`}</p>
      ) : (
        <p className={styles.hint}>{t`Turn the screen’s brightness up. The gate closes at ${closes}.`}</p>
      )}
      {as && (
        <p
          className={styles.hint}
          role="status"
        >{t`No network: as it was at ${as}. Look at the signs for the gate.`}</p>
      )}
      <Said gate={gate} board={board} quiet={!props.shown} />
      <dl className={styles.small}>
        <Fact name={t`Flight`} says={number} />
        <Fact name={t`Date`} says={day(pass.scheduled_out, zone, i18n.locale)} />
        <Fact name={t`Departure`} says={time(pass.departs_at)} />
        {terminal && <Fact name={t`Terminal`} says={terminal} />}
        <Fact name={t`Cabin`} says={`${i18n._(CABIN_WORDS[pass.cabin])} (${pass.booking_class})`} />
        {pass.sequence && <Fact name={t`Sequence`} says={String(pass.sequence).padStart(3, "0")} />}
        <Fact name={t`Reference`} says={pass.pnr} />
        <Fact name={t`Ticket`} says={pass.ticket} />
      </dl>
    </article>
  );
}

/** Says another gate or boarding time aloud, and shows it, as soon as it is known; not what was there at first. */
function Said({ gate, board, quiet }: { gate: string | null | undefined; board: string; quiet: boolean }) {
  const { t } = useLingui();
  const [first] = useState({ gate, board });
  const moved = gate && first.gate !== gate;
  const later = first.board !== board;
  return (
    <p role="status" className={styles.said} hidden={quiet}>
      {moved && <span>{t`The gate is now ${gate}.`} </span>}
      {later && <span>{t`Boarding is now at ${board}.`}</span>}
    </p>
  );
}

function Fact({ name, says, vague }: { name: string; says: string; vague?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-vague={vague || undefined}>{says}</dd>
    </div>
  );
}

/** The pass that was asked for is the first to be seen. */
function useBeginAt(row: RefObject<HTMLUListElement | null>, place: number) {
  const first = useRef(place);
  useEffect(() => {
    const list = row.current;
    if (list && first.current > 0) list.scrollLeft = first.current * list.clientWidth;
  }, [row]);
}

/** Keep the screen from going dark, where the browser can; it lets go when the page is out of sight. */
function useAwake() {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    let gone = false;
    const keep = async () => {
      if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
      lock = await navigator.wakeLock.request("screen").catch(() => undefined); // the battery is low, say
      if (gone) void lock?.release();
    };
    void keep();
    document.addEventListener("visibilitychange", keep);
    return () => {
      gone = true;
      document.removeEventListener("visibilitychange", keep);
      void lock?.release();
    };
  }, []);
}
