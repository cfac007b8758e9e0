import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import type { FlightRow } from "../api/types";
import type { Board } from "../live/merge";
import { clockTime } from "../ui/times";
import styles from "./board.module.css";
import { here, spaced, status, there } from "./wording";

const KEPT = "gatecall.say";
const EVERY = 6_000; // milliseconds between two sayings
const AT_ONCE = 3;

/** A switch to have changes read out by a screen reader; off until it is wanted, then kept on this device. */
export function SayChanges({ board }: { board: Board }) {
  const { t } = useLingui();
  const [on, setOn] = useState(kept);
  return (
    <>
      <label className={styles.say}>
        <input
          type="checkbox"
          checked={on}
          onChange={({ target }) => {
            setOn(target.checked);
            keep(target.checked);
          }}
        />
        <span title={t`For screen readers: changes of the board are read out`}>
          <Trans>Say changes</Trans>
        </span>
      </label>
      <p aria-live="polite" className="hidden-but-read">
        {on && <Said board={board} />}
      </p>
    </>
  );
}

function Said({ board }: { board: Board }) {
  const { t, i18n } = useLingui();
  const { flights, direction, zone } = board;
  const [said, setSaid] = useState("");
  const known = useRef(new Map<string, FlightRow>());
  const waiting = useRef(new Map<string, FlightRow>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const words = (row: FlightRow) => {
    const clock = (instant: string) => clockTime(instant, zone, i18n.locale);
    const number = spaced(row.number);
    const city = there(row, direction).city ?? there(row, direction).airport ?? "";
    const now = i18n._(status(row, direction, clock).words);
    const { place } = here(row, direction);
    if (!place) return t`${number}, ${city}: ${now}.`;
    return direction === "departures"
      ? t`${number}, ${city}: ${now}, gate ${place}.`
      : t`${number}, ${city}: ${now}, belt ${place}.`;
  };
  const say = () => {
    timer.current = undefined;
    const rows = [...waiting.current.values()];
    waiting.current.clear();
    const more = rows.length - AT_ONCE;
    const told = rows.slice(0, AT_ONCE).map(words);
    if (rows.length) setSaid([...told, ...(more > 0 ? [t`And ${more} more changes.`] : [])].join(" "));
  };
  useEffect(() => {
    const before = known.current;
    known.current = new Map(flights.map((row) => [row.id, row]));
    for (const row of flights) {
      const had = before.get(row.id);
      if (had && had !== row && words(had) !== words(row)) waiting.current.set(row.id, row);
    }
    if (waiting.current.size && timer.current === undefined) timer.current = setTimeout(say, EVERY);
  });
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return said;
}

function kept(): boolean {
  try {
    return localStorage.getItem(KEPT) === "yes";
  } catch {
    return false;
  }
}

function keep(on: boolean): void {
  try {
    localStorage.setItem(KEPT, on ? "yes" : "no");
  } catch {
    // A browser that keeps nothing: the switch lasts as long as the page.
  }
}
