import type { CabinSeats, SeatLine, SeatMapAnswer } from "../api/types";

/** A seat on the map, with all that its row says of it. */
export type MapSeat = SeatLine & { row: number; column: number; legroom: boolean; costs: string | undefined };

/** A row of the map: its seats by their columns; null where this row has none. */
export type MapRow = { row: number; seats: (MapSeat | null)[] };

/** The rows of a cabin from front to back. */
export function rowsOf(cabin: CabinSeats): MapRow[] {
  return cabin.rows.map((row) => ({
    row: row.row,
    seats: cabin.columns.map(({ letter }, column) => {
      const seat = row.seats.find(({ number }) => number === `${row.row}${letter}`);
      if (!seat) return null;
      const costs = seat.extra ?? row.extra ?? undefined;
      return { ...seat, row: row.row, column, legroom: row.extra_legroom === true, costs };
    }),
  }));
}

/** How a seat stands at an instant: a held one is free from its `until` on, though nothing is sent then. */
export function stateAt(seat: SeatLine, wall: number): SeatLine["state"] {
  return seat.state === "held" && seat.until && Date.parse(seat.until) <= wall ? "free" : seat.state;
}

/** When the next held seat is free again, in milliseconds; undefined where none is held. */
export function nextEnd(map: SeatMapAnswer, wall: number): number | undefined {
  const ends = map.cabins.flatMap(({ rows }) =>
    rows.flatMap(({ seats }) =>
      seats.flatMap(({ until }) => (until && Date.parse(until) > wall ? [Date.parse(until)] : [])),
    ),
  );
  return ends.length ? Math.min(...ends) : undefined;
}

/** Of two maps of a flight the newer one: they come by REST and by WebSocket, in whatever order. */
export function newer(before: SeatMapAnswer | undefined, next: SeatMapAnswer): SeatMapAnswer {
  return before && before.version > next.version ? before : next;
}

/** The columns of a cabin on a CSS grid: after the rows' numbers, with room where an aisle is. */
export function template(cabin: CabinSeats): { columns: string; at: number[] } {
  const at: number[] = [];
  let line = 2;
  const tracks = cabin.columns.map(({ aisle }) => {
    at.push(line);
    line += aisle ? 2 : 1;
    return aisle ? "minmax(1.5rem, 2.75rem) minmax(0.5rem, 1.5rem)" : "minmax(1.5rem, 2.75rem)";
  });
  return { columns: `1.75rem ${tracks.join(" ")}`, at };
}

/** Where a key leads from a seat; undefined where it leads nowhere, or is none of the grid's. */
export function moved(rows: readonly MapRow[], from: string, key: string, ctrl = false): string | undefined {
  const at = rows.findIndex(({ seats }) => seats.some((seat) => seat?.number === from));
  const column = rows[at]?.seats.findIndex((seat) => seat?.number === from) ?? -1;
  const there = (row: number, wanted = column) => nearest(rows[row], wanted);
  const along = (step: number) => {
    for (let next = column + step; rows[at] && next >= 0 && next < rows[at].seats.length; next += step)
      if (rows[at].seats[next]) return rows[at].seats[next]?.number;
    return undefined;
  };
  switch (key) {
    case "ArrowLeft":
      return along(-1);
    case "ArrowRight":
      return along(1);
    case "ArrowUp":
      return there(at - 1);
    case "ArrowDown":
      return there(at + 1);
    case "PageUp":
      return there(Math.max(0, at - 5));
    case "PageDown":
      return there(Math.min(rows.length - 1, at + 5));
    case "Home":
      return there(ctrl ? 0 : at, 0);
    case "End":
      return there(ctrl ? rows.length - 1 : at, (rows[at]?.seats.length ?? 1) - 1);
    default:
      return undefined;
  }
}

/** The seat of a row that is nearest to a column. */
function nearest(row: MapRow | undefined, column: number): string | undefined {
  let best: MapSeat | undefined;
  for (const seat of row?.seats ?? [])
    if (seat && (!best || Math.abs(seat.column - column) < Math.abs(best.column - column))) best = seat;
  return best?.number;
}

/** The party's seats with one more chosen: who had that seat gets the other's. */
export function withSeat(chosen: readonly string[], person: number, seat: string): string[] {
  const had = chosen.indexOf(seat);
  return chosen.map((each, at) => (at === person ? seat : at === had ? (chosen[person] ?? each) : each));
}
