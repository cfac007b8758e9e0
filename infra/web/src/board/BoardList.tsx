// biome-ignore-all lint/a11y/useSemanticElements: rows out of the table's flow are a table by their roles only
// biome-ignore-all lint/a11y/useFocusableInteractive: the links in the rows have the focus
import { useLingui } from "@lingui/react/macro";
import { defaultRangeExtractor, type Range, useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useCallback, useLayoutEffect, useRef, useState } from "react";
import type { Direction } from "../api/types";
import { drift, heir, type Place } from "./anchor";
import { BoardRow, DayRow } from "./BoardRow";
import styles from "./board.module.css";
import type { Line } from "./lines";

const BEYOND = 6; // lines rendered above and below what is seen
const ROW = 4; // rem, until a line is measured
const ABOVE = 5.5; // rem, covered by the bar and the column headings at the window's top
const BELOW = 5; // rem, covered by a phone's navigation

/** The board's flights in a table of which only what is seen, and a little more, is in the document. */
export function BoardList(props: {
  lines: readonly Line[];
  direction: Direction;
  zone: string;
  changed: Readonly<Record<string, number>>;
  /** What the list is narrowed by: another begins at the list's top. */
  narrowedBy: string;
  q?: string;
}) {
  const { lines, direction, zone, narrowedBy } = props;
  const { t, i18n } = useLingui();
  const body = useRef<HTMLDivElement>(null);
  const focused = useRef<string>(undefined);
  const wanted = useRef<string>(undefined);
  const [margin, setMargin] = useState(0);
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;

  const virtual = useWindowVirtualizer({
    count: lines.length,
    estimateSize: () => ROW * rem,
    getItemKey: useCallback((index: number) => lines[index]?.key ?? index, [lines]),
    scrollMargin: margin,
    scrollPaddingStart: ABOVE * rem,
    scrollPaddingEnd: BELOW * rem,
    overscan: BEYOND,
    // Who moves by Tab comes to the next line also where it is scrolled out of sight.
    rangeExtractor: useCallback(
      (range: Range) => {
        const shown = defaultRangeExtractor(range);
        const at = focused.current ? lines.findIndex(({ key }) => key === focused.current) : -1;
        if (at < 0) return shown;
        const beside = [at - 1, at, at + 1].filter((each) => each >= 0 && each < lines.length);
        return [...new Set([...shown, ...beside])].sort((a, b) => a - b);
      },
      [lines],
    ),
  });
  const items = virtual.getVirtualItems();

  useLayoutEffect(() => {
    const top = body.current && body.current.getBoundingClientRect().top + window.scrollY;
    if (top !== null && Math.abs(top - margin) > 1) setMargin(top);
  });

  // What is read stays where it is when lines come or go above it; a row that goes gives the focus to the next.
  const last = useRef<{ lines: readonly Line[]; narrowedBy: string; places: Place[] }>(undefined);
  useLayoutEffect(() => {
    const before = last.current;
    last.current = {
      lines,
      narrowedBy,
      places: items.map(({ key, start, end }) => ({ key: String(key), start, end })),
    };
    if (!before || before.lines === lines) return;
    const top = window.scrollY + ABOVE * rem;
    if (before.narrowedBy !== narrowedBy) {
      if (top > margin) window.scrollTo({ top: margin - ABOVE * rem, behavior: "instant" });
      return;
    }
    const places = new Map(virtual.measurementsCache.map(({ key, start }) => [String(key), start]));
    if (top > margin) {
      const moved = drift(before.places, top, (key) => places.get(key));
      if (moved) window.scrollBy({ top: moved, behavior: "instant" });
    }
    if (focused.current && !places.has(focused.current) && document.activeElement === document.body) {
      const flights = before.lines.filter(({ kind }) => kind === "flight").map(({ key }) => key);
      wanted.current = heir(flights, focused.current, (key) => places.has(key));
    }
  });

  // The row that was asked for by a key gets the focus when it is there.
  useLayoutEffect(() => {
    const key = wanted.current;
    const link = key && body.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"] a`);
    if (!link) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  });

  const move = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const at = lines.findIndex(({ key }) => key === focused.current);
    const page = Math.max(1, Math.floor((window.innerHeight - (ABOVE + BELOW) * rem) / (ROW * rem)));
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -lines.length,
      End: lines.length,
    };
    const step = steps[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    const to = flightAt(lines, Math.min(Math.max(at + step, 0), lines.length - 1), Math.sign(step));
    const line = to === undefined ? undefined : lines[to];
    if (to === undefined || !line) return;
    wanted.current = line.key;
    focused.current = line.key;
    virtual.scrollToIndex(to, { align: "auto" }); // the list renders again where that scrolls
    const link = body.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(line.key)}"] a`);
    if (link) {
      wanted.current = undefined;
      link.focus({ preventScroll: true });
    }
  };

  return (
    <div
      role="table"
      aria-label={direction === "departures" ? t`Departures` : t`Arrivals`}
      aria-rowcount={lines.length + 1}
      className={styles.table}
    >
      <div role="rowgroup" className={styles.columns}>
        <div role="row" aria-rowindex={1} className={styles.row}>
          <span role="columnheader" className={styles.time}>{t`Time`}</span>
          <span role="columnheader" className={styles.city}>
            {direction === "departures" ? t`To` : t`From`}
          </span>
          <span role="columnheader" className={styles.flight}>{t`Flight`}</span>
          <span role="columnheader" className={styles.terminal}>{t`Terminal`}</span>
          <span role="columnheader" className={styles.place}>
            {direction === "departures" ? t`Gate` : t`Belt`}
          </span>
          <span role="columnheader" className={styles.status}>{t`Status`}</span>
        </div>
      </div>
      <div
        ref={body}
        role="rowgroup"
        className={styles.rows}
        style={{ blockSize: virtual.getTotalSize() }}
        onKeyDown={move}
        onFocus={({ target }) => {
          focused.current = target.closest<HTMLElement>("[data-key]")?.dataset.key;
        }}
        onBlur={({ relatedTarget, target }) => {
          if (relatedTarget || (target.isConnected && document.hasFocus())) focused.current = undefined;
        }}
      >
        {items.map(({ index, key, start }) => {
          const line = lines[index];
          if (!line) return null;
          const place = { index, at: start - margin, measure: virtual.measureElement };
          return line.kind === "day" ? (
            <DayRow key={key} {...place} day={line.at} zone={zone} />
          ) : (
            <BoardRow
              key={`${key} ${i18n.locale}`} // another language is no change of the flight
              {...place}
              row={line.row}
              direction={direction}
              zone={zone}
              changed={props.changed[line.key]}
              q={props.q}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The nearest flight from a line on in a direction, else the other way. */
function flightAt(lines: readonly Line[], at: number, way: number): number | undefined {
  for (const step of [way, -way]) {
    for (let index = at; index >= 0 && index < lines.length; index += step) {
      if (lines[index]?.kind === "flight") return index;
    }
  }
  return undefined;
}
