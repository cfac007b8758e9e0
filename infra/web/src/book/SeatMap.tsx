import { Trans, useLingui } from "@lingui/react/macro";
import { type KeyboardEvent, useRef, useState } from "react";
import type { CabinSeats, SeatMapAnswer } from "../api/types";
import { money } from "./money";
import { type MapSeat, moved, rowsOf, stateAt, template } from "./seatGrid";
import styles from "./seats.module.css";

type Props = {
  map: SeatMapAnswer;
  cabin: CabinSeats;
  /** Wall time, by which held seats are free again. */
  wall: number;
  /** The party's seats as they are chosen now, and as the booking has them. */
  chosen: readonly string[];
  own: readonly string[];
  /** Names of the party, in the order of `chosen`. */
  names: readonly string[];
  /** Whose seat is chosen next, and whether an exit row will do for them. */
  person: number;
  mayExit: boolean;
  /** Whether a standard seat costs nothing. */
  standardFree: boolean;
  onChoose: (seat: string) => void;
};

/** A cabin's seats, from front to back: a grid that arrow keys go through, where each seat says what it is. */
export function SeatMap(props: Props) {
  const { t } = useLingui();
  const { cabin, chosen, person } = props;
  const rows = rowsOf(cabin);
  const { columns, at } = template(cabin);
  const first = rows[0]?.seats.find((seat) => seat)?.number;
  const [stop, setStop] = useState(chosen[person] ?? first); // the seat that Tab comes to
  const grid = useRef<HTMLDivElement>(null);
  const there = rows.some(({ seats }) => seats.some((seat) => seat?.number === stop)) ? stop : first;
  const flight = props.map.flight.split("-")[0] ?? "";

  function go(event: KeyboardEvent) {
    const next = there && moved(rows, there, event.key, event.ctrlKey);
    if (next === undefined) return;
    event.preventDefault();
    setStop(next);
    grid.current?.querySelector<HTMLElement>(`[data-seat="${next}"]`)?.focus();
  }

  return (
    <div className={styles.frame}>
      {/* biome-ignore lint/a11y/useSemanticElements: a table's rows could not part at the aisle */}
      <div
        role="grid"
        aria-label={t`Seats of ${flight}`}
        aria-rowcount={rows.length + 1}
        className={styles.grid}
        ref={grid}
        onKeyDown={go}
      >
        {/* biome-ignore lint/a11y/useFocusableInteractive: what one can act on are the seats */}
        {/* biome-ignore lint/a11y/useSemanticElements: likewise */}
        <div role="row" className={styles.row} style={{ gridTemplateColumns: columns }}>
          {/* biome-ignore lint/a11y/useFocusableInteractive: likewise */}
          {/* biome-ignore lint/a11y/useSemanticElements: likewise */}
          <span role="columnheader" className={styles.head}>
            <span className="hidden-but-read">{t`Row`}</span>
          </span>
          {cabin.columns.map(({ letter }, column) => (
            // biome-ignore lint/a11y/useFocusableInteractive: likewise
            // biome-ignore lint/a11y/useSemanticElements: likewise
            <span
              key={letter}
              role="columnheader"
              className={styles.head}
              style={{ gridColumnStart: at[column] }}
            >
              {letter}
            </span>
          ))}
        </div>
        {rows.map((row) => (
          // biome-ignore lint/a11y/useFocusableInteractive: likewise
          // biome-ignore lint/a11y/useSemanticElements: likewise
          <div
            key={row.row}
            role="row"
            className={styles.row}
            data-exit={row.seats.some((seat) => seat?.exit) || undefined}
            data-legroom={row.seats.some((seat) => seat?.legroom) || undefined}
            style={{ gridTemplateColumns: columns }}
          >
            {/* biome-ignore lint/a11y/useFocusableInteractive: likewise */}
            {/* biome-ignore lint/a11y/useSemanticElements: likewise */}
            <span role="rowheader" className={styles.head}>
              {row.row}
            </span>
            {row.seats.map(
              (seat, column) =>
                seat && (
                  <Seat
                    key={seat.number}
                    {...props}
                    seat={seat}
                    at={at[column]}
                    stop={seat.number === there}
                    onStop={() => setStop(seat.number)}
                  />
                ),
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

function Seat(props: Props & { seat: MapSeat; at: number | undefined; stop: boolean; onStop: () => void }) {
  const { seat, chosen, person, names } = props;
  const says = useSeatWords(props);
  const whose = chosen.indexOf(seat.number);
  const state = props.own.includes(seat.number) ? "free" : stateAt(seat, props.wall);
  const can = whose >= 0 || (state === "free" && (!seat.exit || props.mayExit));
  const initials = (names[whose] ?? "")
    .split(" ")
    .map((word) => word[0] ?? "")
    .slice(0, 2)
    .join("");

  function choose() {
    props.onStop();
    if (can) props.onChoose(seat.number);
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a cell of the grid
    <div
      role="gridcell"
      className={styles.seat}
      style={{ gridColumnStart: props.at }}
      data-seat={seat.number}
      data-state={whose >= 0 ? "chosen" : state}
      data-person={whose === person || undefined}
      aria-selected={whose >= 0}
      aria-disabled={!can}
      aria-label={says(seat, state, whose)}
      tabIndex={props.stop ? 0 : -1}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      }}
      data-sign={whose >= 0 ? initials || "✓" : state === "free" ? (seat.exit ? "E" : undefined) : "×"}
    />
  );
}

/** What a seat is called: its number, where it is, what it is like, whether it can be had, and for how much. */
function useSeatWords({ map, cabin, own, names, standardFree, mayExit }: Props) {
  const { t, i18n } = useLingui();
  const positions = { window: t`window`, middle: t`middle`, aisle: t`aisle` };
  return (seat: MapSeat, state: "free" | "taken" | "held" | "blocked", whose: number): string => {
    const cost = own.includes(seat.number) ? 0 : priceOf(map, seat, standardFree); // a given one costs nothing
    const name = names[whose];
    const column = cabin.columns[seat.column];
    const parts = [
      seat.number,
      column && positions[column.position],
      seat.legroom && t`extra legroom`,
      seat.exit && t`exit row`,
      name !== undefined
        ? t`chosen for ${name}`
        : state === "free"
          ? seat.exit && !mayExit
            ? t`not for this passenger`
            : t`free`
          : state === "held"
            ? t`held by others`
            : state === "taken"
              ? t`taken`
              : t`not in use`,
      (state === "free" || name !== undefined) &&
        cost > 0 &&
        money({ amount: cost, currency: "USD" }, i18n.locale),
    ];
    return parts.filter(Boolean).join(", ");
  };
}

/** What choosing a seat costs a passenger, in minor units. */
export function priceOf(map: SeatMapAnswer, { costs }: MapSeat, standardFree: boolean): number {
  if (!costs || (standardFree && costs === "STANDARD")) return 0;
  return map.prices.find(({ code }) => code === costs)?.price.amount ?? 0;
}

/** What the map's signs mean. */
export function Legend({ map, standardFree }: { map: SeatMapAnswer; standardFree: boolean }) {
  const { t, i18n } = useLingui();
  const cost = (code: string) => {
    const price = map.prices.find((each) => each.code === code)?.price;
    return price && !(standardFree && code === "STANDARD") ? money(price, i18n.locale) : t`free of charge`;
  };
  const [standard, legroom, exit] = [cost("STANDARD"), cost("LEGROOM"), cost("EXIT")];
  return (
    <ul className={styles.legend}>
      <li>
        <span className={styles.seat} data-state="free" aria-hidden="true" />{" "}
        <Trans>Standard: {standard}</Trans>
      </li>
      <li data-legroom="true">
        <span className={styles.seat} data-state="free" aria-hidden="true" />{" "}
        <Trans>Extra legroom: {legroom}</Trans>
      </li>
      <li>
        <span className={styles.seat} data-state="free" data-sign="E" aria-hidden="true" />{" "}
        <Trans>Exit row: {exit}. For those of 15 and more who can help.</Trans>
      </li>
      <li>
        <span className={styles.seat} data-state="taken" data-sign="×" aria-hidden="true" />{" "}
        <Trans>Taken</Trans>
      </li>
      <li>
        <span className={styles.seat} data-state="chosen" data-sign="✓" aria-hidden="true" />{" "}
        <Trans>Yours</Trans>
      </li>
    </ul>
  );
}
