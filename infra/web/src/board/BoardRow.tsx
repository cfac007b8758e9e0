// biome-ignore-all lint/a11y/useSemanticElements: rows out of the table's flow are a table by their roles only
// biome-ignore-all lint/a11y/useFocusableInteractive: the links in the rows have the focus
import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { memo, useEffect, useState } from "react";
import type { Direction, FlightRow } from "../api/types";
import { clockTime, day, daysBetween } from "../ui/times";
import styles from "./board.module.css";
import { Flap } from "./Flap";
import { meantCodeshares } from "./search";
import { here, spaced, status, there } from "./wording";

const MARKED = 60_000;
const NONE = "–";

type Placed = { index: number; at: number; measure: (element: HTMLElement | null) => void };

/** A flight in its row; it renders only when something of it is another. */
export const BoardRow = memo(function BoardRow(
  props: Placed & {
    row: FlightRow;
    direction: Direction;
    zone: string;
    /** When it last changed, in local milliseconds. */
    changed?: number;
    q?: string;
  },
) {
  const { row, direction, zone, index } = props;
  const { t, i18n } = useLingui();
  const marked = useMarked(props.changed);
  const mine = here(row, direction);
  const other = there(row, direction);
  const clock = (instant: string) => clockTime(instant, zone, i18n.locale);
  const { words, tone } = status(row, direction, clock);
  const codeshares = row.codeshares.map(spaced);
  const meant = props.q ? meantCodeshares(row, props.q).map(spaced) : [];
  const name = (part: string) => `${row.id}-${part}`;

  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      data-key={row.id}
      data-marked={marked || undefined}
      ref={props.measure}
      className={styles.row}
      style={{ transform: `translateY(${props.at}px)` }}
    >
      <span role="cell" className={styles.time} id={name("time")}>
        <Times
          scheduled={mine.scheduled}
          expected={mine.expected}
          zone={zone}
          off={row.phase === "cancelled"}
        />
      </span>
      <span role="cell" className={styles.city} id={name("city")}>
        {other.city || other.airport ? (
          <>
            <span lang="en">{other.city ?? other.airport}</span>{" "}
            <span className={styles.iata}>{other.airport}</span>
          </>
        ) : (
          <span className={styles.soft}>
            <Trans>Not known yet</Trans>
          </span>
        )}
      </span>
      <span role="cell" className={styles.flight}>
        <Link
          to="/flights/$id"
          params={{ id: row.id }}
          className={styles.link}
          id={name("flight")}
          aria-labelledby={["flight", "city", "time", "place", "status"].map(name).join(" ")}
        >
          {spaced(row.number)}
        </Link>
        <span className={styles.operator}>
          {row.airline && <span lang="en">{row.airline}</span>}
          {codeshares.length > 0 && (
            <span className={styles.codeshares} data-meant={meant.length > 0 || undefined}>
              <span className="hidden-but-read">{t`also`} </span>
              {(meant.length ? meant : codeshares).join(" · ")}
            </span>
          )}
        </span>
      </span>
      <span role="cell" className={styles.terminal}>
        <Flap text={mine.terminal ?? NONE} />
      </span>
      <span role="cell" className={styles.place} id={name("place")} data-none={!mine.place || undefined}>
        {mine.place && <span className={styles.what}>{direction === "departures" ? t`Gate` : t`Belt`} </span>}
        <b key="place">
          <Flap text={mine.place ?? NONE} />
        </b>
      </span>
      <span role="cell" className={styles.status} data-tone={tone} id={name("status")}>
        <span className={styles.badge}>
          <Flap text={i18n._(words)} />
        </span>
        {marked && (
          <span className={styles.mark}>
            <span className="hidden-but-read">
              <Trans>changed a moment ago</Trans>
            </span>
          </span>
        )}
      </span>
    </div>
  );
});

/** The day on which the flights below are scheduled. */
export const DayRow = memo(function DayRow(props: Placed & { day: string; zone: string }) {
  const { i18n } = useLingui();
  return (
    <div
      role="row"
      aria-rowindex={props.index + 2}
      data-index={props.index}
      ref={props.measure}
      className={styles.day}
      style={{ transform: `translateY(${props.at}px)` }}
    >
      <span role="rowheader" aria-colspan={6}>
        {day(props.day, props.zone, i18n.locale)}
      </span>
    </div>
  );
});

function Times(props: { scheduled?: string | null; expected?: string | null; zone: string; off: boolean }) {
  const { i18n, t } = useLingui();
  const { zone } = props;
  const scheduled = props.scheduled ?? props.expected;
  if (!scheduled) return NONE;
  const expected = props.expected ?? scheduled;
  const before = clockTime(scheduled, zone, i18n.locale);
  const now = clockTime(expected, zone, i18n.locale);
  const days = daysBetween(scheduled, expected, zone);
  const moved = now !== before || days !== 0;
  return (
    <>
      {moved && (
        <s className={styles.before}>
          <span className="hidden-but-read">{t`scheduled`} </span>
          {before}
        </s>
      )}
      <span
        key="now"
        className={styles.now}
        data-moved={moved || undefined}
        data-off={props.off || undefined}
      >
        {moved && <span className="hidden-but-read"> {t`now`} </span>}
        <Flap text={now} />
        {days !== 0 && (
          <sup className={styles.days}>
            <span aria-hidden="true">{days > 0 ? `+${days}` : `−${-days}`}</span>
            <span className="hidden-but-read"> {day(expected, zone, i18n.locale)}</span>
          </sup>
        )}
      </span>
    </>
  );
}

/** Whether a flight changed less than a minute ago. */
function useMarked(changed: number | undefined): boolean {
  const [over, setOver] = useState(0);
  const left = changed === undefined || changed === over ? 0 : changed + MARKED - Date.now();
  useEffect(() => {
    if (changed === undefined || left <= 0) return;
    const timer = setTimeout(() => setOver(changed), left);
    return () => clearTimeout(timer);
  }, [changed, left]);
  return left > 0;
}
