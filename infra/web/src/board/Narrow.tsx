import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import type { Board } from "../live/merge";
import ui from "../ui/ui.module.css";
import styles from "./board.module.css";
import type { BoardSearch } from "./search";
import { here, late } from "./wording";

const SETTLED = 150; // milliseconds without a key before the search is on: browsers count changes of the address

/** Search and filters of a board; what is asked for stands in the address. */
export function Narrow(props: {
  board: Board;
  asked: BoardSearch;
  found: number;
  ask: (change: Partial<BoardSearch>) => void;
}) {
  const { board, asked, found, ask } = props;
  const { flights, direction } = board;
  const { t } = useLingui();
  const id = useId();
  const airlines = useMemo(
    () =>
      distinct(
        flights.map((row) => row.airline),
        asked.airline,
      ),
    [flights, asked.airline],
  );
  const terminals = useMemo(
    () =>
      distinct(
        flights.map((row) => here(row, direction).terminal),
        asked.terminal,
      ),
    [flights, direction, asked.terminal],
  );
  const delayed = useMemo(() => flights.filter((row) => late(row, direction)).length, [flights, direction]);
  const cancelled = useMemo(() => flights.filter((row) => row.phase === "cancelled").length, [flights]);
  const all = flights.length;
  const filtered = !!(asked.q || asked.show || asked.terminal || asked.airline);

  return (
    <search className={styles.narrow}>
      <Find q={asked.q ?? ""} ask={ask} />
      <fieldset className={styles.show}>
        <legend className="hidden-but-read">
          <Trans>Show</Trans>
        </legend>
        {(
          [
            [undefined, t`All`, all],
            ["delayed", t`Delayed`, delayed],
            ["cancelled", t`Cancelled`, cancelled],
          ] as const
        ).map(([value, words, count]) => (
          <label key={words} className={styles.choice}>
            <input
              type="radio"
              name={`${id}show`}
              checked={asked.show === value}
              onChange={() => ask({ show: value })}
            />
            <span>
              {words} <span className={styles.count}>{count}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {(terminals.length > 1 || asked.terminal) && (
        <select
          className={styles.select}
          aria-label={t`Terminal`}
          value={asked.terminal ?? ""}
          onChange={({ target }) => ask({ terminal: target.value || undefined })}
        >
          <option value="">{t`All terminals`}</option>
          {terminals.map((each) => (
            <option key={each} value={each}>{t`Terminal ${each}`}</option>
          ))}
        </select>
      )}
      {(airlines.length > 1 || asked.airline) && (
        <select
          className={styles.select}
          aria-label={t`Airline`}
          value={asked.airline ?? ""}
          onChange={({ target }) => ask({ airline: target.value || undefined })}
        >
          <option value="">{t`All airlines`}</option>
          {airlines.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
      <p role="status" className={filtered ? styles.found : "hidden-but-read"}>
        {filtered && <Plural value={found} one="# flight found" other="# flights found" />}
      </p>
    </search>
  );
}

function Find({ q, ask }: { q: string; ask: (change: Partial<BoardSearch>) => void }) {
  const { t } = useLingui();
  const [typed, setTyped] = useState(q);
  const said = useRef(q);
  if (q !== said.current) {
    said.current = q; // the address changed otherwise: back, or the filters were cleared
    setTyped(q);
  }
  useEffect(() => {
    if (typed === said.current) return;
    const timer = setTimeout(() => {
      said.current = typed.trim();
      ask({ q: said.current || undefined });
    }, SETTLED);
    return () => clearTimeout(timer);
  }, [typed, ask]);
  return (
    <input
      type="search"
      className={`${ui.input} ${styles.find}`}
      aria-label={t`Find a flight on this board`}
      placeholder={t`Flight, city or airline`}
      autoComplete="off"
      spellCheck={false}
      enterKeyHint="search"
      maxLength={60}
      value={typed}
      onChange={({ target }) => setTyped(target.value)}
    />
  );
}

function distinct(values: (string | null | undefined)[], asked?: string): string[] {
  const all = new Set(values);
  if (asked) all.add(asked);
  return [...all]
    .filter((each): each is string => !!each)
    .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
}
