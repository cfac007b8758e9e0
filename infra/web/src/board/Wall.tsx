// biome-ignore-all lint/a11y/useSemanticElements: rows out of the table's flow are a table by their roles only
// biome-ignore-all lint/a11y/useFocusableInteractive: the links in the rows have the focus
import { Trans, useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useNow } from "../live/clock";
import type { Board } from "../live/merge";
import { clockTime } from "../ui/times";
import { Flap } from "./Flap";
import { LiveState } from "./LiveState";
import { type BoardSearch, narrowed } from "./search";
import styles from "./wall.module.css";
import { paged, roomOf } from "./wallRoom";
import { here, spaced, status, there } from "./wording";

const PAGE_STAYS = 12_000;
const SHOWN_AFTER = 3_000; // the way out goes again when nobody moves

/** The board for a screen on a wall: large, turning its pages, for days; of one terminal or airline where asked. */
export function Wall(props: { board: Board; asked: BoardSearch; name: string; updatedAt: number }) {
  const { board, asked } = props;
  const { direction, zone } = board;
  const { i18n, t } = useLingui();
  const navigate = useNavigate({ from: "/airports/$iata/$direction" });
  const now = useNow(10);
  const room = useRoom();
  const turns = useTurns();
  const awake = useMoved();
  const minute = Math.floor(now / 60_000) * 60_000;
  const pages = useMemo(
    () => paged(narrowed(board.flights, asked, direction), direction, minute, room.rows),
    [board.flights, asked, direction, minute, room.rows],
  );
  const page = turns % pages.length;
  const rows = pages[page] ?? [];
  const clock = (instant: string) => clockTime(instant, zone, i18n.locale);
  useAwakeScreen();

  useEffect(() => {
    const leave = () =>
      void navigate({ search: (before) => ({ ...before, wall: undefined }), replace: true });
    const key = (event: KeyboardEvent) => event.key === "Escape" && leave();
    const full = () => !document.fullscreenElement && leave();
    addEventListener("keydown", key);
    document.addEventListener("fullscreenchange", full);
    return () => {
      removeEventListener("keydown", key);
      document.removeEventListener("fullscreenchange", full);
    };
  }, [navigate]);

  const leave = async () => {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await navigate({ search: (before) => ({ ...before, wall: undefined }), replace: true });
  };

  return (
    <div className={styles.wall} data-awake={awake || undefined} style={{ fontSize: `${room.letter}px` }}>
      <header className={styles.head}>
        <h1 className={styles.title}>
          {direction === "departures" ? <Trans>Departures</Trans> : <Trans>Arrivals</Trans>}
        </h1>
        <p className={styles.name} lang="en">
          {props.name}
        </p>
        <time className={styles.clock}>{clockTime(now, zone, i18n.locale)}</time>
      </header>
      <div role="table" aria-label={t`Flights`} className={styles.table}>
        <div role="row" className={`${styles.row} ${styles.columns}`}>
          <span role="columnheader">{t`Time`}</span>
          <span role="columnheader">{direction === "departures" ? t`To` : t`From`}</span>
          <span role="columnheader" className={styles.flight}>{t`Flight`}</span>
          <span role="columnheader">{direction === "departures" ? t`Gate` : t`Belt`}</span>
          <span role="columnheader">{t`Status`}</span>
        </div>
        {Array.from({ length: room.rows }, (_, place) => {
          const row = rows[place];
          const mine = row && here(row, direction);
          const other = row && there(row, direction);
          const said = row && status(row, direction, clock);
          const at = mine?.scheduled ?? mine?.expected;
          const after = place * 45;
          return (
            // A row is its place on the wall: it turns from one flight to the next.
            // biome-ignore lint/suspicious/noArrayIndexKey: as said above
            <div key={`${i18n.locale} ${room.rows} ${place}`} role="row" className={styles.row}>
              <span role="cell" className={styles.time}>
                <Flap text={at ? clock(at) : ""} after={after} />
              </span>
              <span role="cell" className={styles.city} lang="en">
                <Flap text={other?.city ?? other?.airport ?? ""} after={after} />
              </span>
              <span role="cell" className={styles.flight}>
                <Flap text={row ? spaced(row.number) : ""} after={after} />
              </span>
              <span role="cell" className={styles.place}>
                <Flap text={mine?.place ?? ""} after={after} />
              </span>
              <span role="cell" className={styles.status} data-tone={said?.tone}>
                <Flap text={said ? i18n._(said.words) : ""} after={after} />
              </span>
            </div>
          );
        })}
      </div>
      {!rows.length && (
        <p className={styles.none}>
          <Trans>No flights in the next hours.</Trans>
        </p>
      )}
      <footer className={styles.foot}>
        <LiveState updatedAt={props.updatedAt} zone={zone} feeds={board.feeds} says />
        {pages.length > 1 && (
          <span>
            {page + 1} / {pages.length}
          </span>
        )}
      </footer>
      <button type="button" className={styles.out} onClick={() => void leave()}>
        <Trans>Leave full screen</Trans>
      </button>
    </div>
  );
}

function useRoom() {
  const [room, setRoom] = useState(() => roomOf(innerWidth, innerHeight));
  useEffect(() => {
    const measure = () => setRoom(roomOf(innerWidth, innerHeight));
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  return room;
}

/** How often the page has turned. */
function useTurns(): number {
  const [turns, setTurns] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTurns((before) => before + 1), PAGE_STAYS);
    return () => clearInterval(timer);
  }, []);
  return turns;
}

/** Whether somebody moved the pointer or pressed a key a moment ago. */
function useMoved(): boolean {
  const [moved, setMoved] = useState(true);
  useEffect(() => {
    let timer = setTimeout(() => setMoved(false), SHOWN_AFTER);
    const wake = () => {
      setMoved(true);
      clearTimeout(timer);
      timer = setTimeout(() => setMoved(false), SHOWN_AFTER);
    };
    const kinds = ["pointermove", "pointerdown", "keydown"] as const;
    for (const kind of kinds) addEventListener(kind, wake);
    return () => {
      clearTimeout(timer);
      for (const kind of kinds) removeEventListener(kind, wake);
    };
  }, []);
  return moved;
}

/** Keep the screen from going dark, where the device lets a page do that. */
function useAwakeScreen(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    let over = false;
    const take = async () => {
      if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
      const taken = await navigator.wakeLock.request("screen").catch(() => undefined); // low battery, no permission
      if (over) await taken?.release();
      else lock = taken;
    };
    void take();
    document.addEventListener("visibilitychange", take); // the browser lets go of it when the page is hidden
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", take);
      void lock?.release();
    };
  }, []);
}
