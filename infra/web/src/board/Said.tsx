import { useLingui } from "@lingui/react/macro";
import { useEffect, useRef, useState } from "react";
import type { FlightRow } from "../api/types";
import type { Board } from "../live/merge";
import { clockTime } from "../ui/times";
import { here, spaced, status, there } from "./wording";

const EVERY = 6_000; // milliseconds between two sayings
const AT_ONCE = 3;

/** What changed on a board, in sentences, a few at a time. */
export function Said({ board }: { board: Board }) {
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
    if (rows.length) setSaid([...told, ...(more > 0 ? [t`And ${more} more.`] : [])].join(" "));
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
