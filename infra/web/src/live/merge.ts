import type {
  BoardAnswer,
  ChangeLine,
  Direction,
  FlightDetail,
  FlightRow,
  HistoryAnswer,
} from "../api/types";

/** A board as it is shown: the answer's window and feeds, each flight in its newest version. */
export type Board = Omit<BoardAnswer, "cursor"> & {
  /** When a flight last changed while somebody looked: local milliseconds, by the flight's id. */
  changed: Record<string, number>;
};

/** A flight as it is shown; `behind`: a newer version is known of than its details tell. */
export type Flight = FlightDetail & { behind: boolean };

/** A flight's history as it is shown, oldest first; `missing`: versions are known of that are not in it. */
export type History = { version: number; changes: ChangeLine[]; missing: boolean };

/** The time by which a board is in order, and stays in order whatever is expected: the schedule. */
export function scheduled(row: FlightRow, direction: Direction): string {
  return (
    (direction === "departures" ? row.departure.scheduled_out : row.arrival.scheduled_in) ??
    expected(row, direction)
  );
}

/** The time a passenger waits for: actual, else estimated, else scheduled. */
export function expected(row: FlightRow, direction: Direction): string {
  return (direction === "departures" ? row.departure.expected_out : row.arrival.expected_in) ?? "";
}

/**
 * A board after REST answered. Each flight keeps its newest version, as an answer may be older than what was pushed.
 * What the answer does not have stays only where it was pushed meanwhile (`live`) and belongs into the window.
 */
export function answered(before: Board | undefined, answer: BoardAnswer, at: number, live: boolean): Board {
  const known = byId(before?.flights);
  const rows = answer.flights.map((row) => newest(known.get(row.id), row));
  const here = new Set(rows.map((row) => row.id));
  const pushed = live
    ? (before?.flights ?? []).filter((row) => !here.has(row.id) && belongs(row, answer))
    : [];
  return put({ ...answer, changed: before?.changed ?? {} }, before, [...rows, ...pushed], at);
}

/** A board after the WebSocket told all of its flights: what is not among them is not on it. */
export function stated(board: Board, rows: readonly FlightRow[], at: number): Board {
  const known = byId(board.flights);
  return put(
    board,
    board,
    rows.map((row) => newest(known.get(row.id), row)),
    at,
  );
}

/** A board after one flight changed: in its place, off it where it is taken off or flies elsewhere, or not of it at all. */
export function changed(board: Board, row: FlightRow, at: number): Board {
  const end = board.direction === "departures" ? row.departure.airport : row.arrival.airport;
  const had = board.flights.find((each) => each.id === row.id);
  const here = end === board.airport;
  if (!had && (!here || !belongs(row, board))) return board;
  if (had && had.version >= row.version) return board;
  const others = board.flights.filter((each) => each.id !== row.id);
  return put(board, board, here ? [...others, row] : others, at);
}

/** A flight after its details came, or after a row of it was pushed: the newest of each. */
export function detailed(before: Flight | undefined, detail: FlightDetail): Flight {
  if (!before || before.version <= detail.version) return { ...detail, behind: false };
  const { id, version, number, airline, codeshares, phase, delayed, departure, arrival, diverted_to, shown } =
    before;
  const row = {
    id,
    version,
    number,
    airline,
    codeshares,
    phase,
    delayed,
    departure,
    arrival,
    diverted_to,
    shown,
  };
  return { ...detail, ...row, behind: true };
}

/** A flight after a row of it was pushed. */
export function pushed(before: Flight, row: FlightRow): Flight {
  return row.version > before.version ? { ...before, diverted_to: null, ...row, behind: true } : before;
}

/** A history with an answer's part after it. */
export function continued(before: History | undefined, answer: HistoryAnswer): History {
  const version = Math.max(before?.version ?? 0, answer.version);
  const changes = together(before?.changes ?? [], answer.changes);
  return { version, changes, missing: answer.version < version };
}

/** A history after changes were pushed; they may begin later than what comes next. */
export function grown(before: History, version: number, changes: readonly ChangeLine[]): History {
  if (version <= before.version) return before;
  const first = changes[0]?.version ?? version + 1;
  return {
    version,
    changes: together(before.changes, changes),
    missing: before.missing || first > before.version + 1,
  };
}

function together(before: readonly ChangeLine[], more: readonly ChangeLine[]): ChangeLine[] {
  const name = (line: ChangeLine) => `${line.version} ${line.kind} ${line.field}`;
  const here = new Set(before.map(name));
  return [...before, ...more.filter((line) => !here.has(name(line)))].sort((a, b) => a.version - b.version);
}

function newest(known: FlightRow | undefined, row: FlightRow): FlightRow {
  return known && known.version >= row.version ? known : row;
}

function byId(rows: readonly FlightRow[] | undefined): Map<string, FlightRow> {
  return new Map(rows?.map((row) => [row.id, row]));
}

function belongs(row: FlightRow, board: { direction: Direction; from: string; to: string }): boolean {
  const at = expected(row, board.direction);
  return row.shown !== false && at >= board.from && at < board.to;
}

/** All that a board shows of a flight: where two versions differ elsewhere only, nobody saw it change. */
function look(row: FlightRow, direction: Direction): string {
  const { departure, arrival } = row;
  const end =
    direction === "departures"
      ? [departure.scheduled_out, departure.expected_out, departure.terminal, departure.gate, arrival.airport]
      : [arrival.scheduled_in, arrival.expected_in, arrival.terminal, arrival.belt, departure.airport];
  return JSON.stringify([row.number, row.codeshares, row.phase, row.diverted_to, ...end]);
}

/** The board with these flights in order, noting which of them look otherwise than before. */
function put(board: Board, before: Board | undefined, rows: readonly FlightRow[], at: number): Board {
  const known = byId(before?.flights);
  const shown = rows.filter((row) => row.shown !== false);
  const marks: Record<string, number> = {};
  for (const row of shown) {
    const had = known.get(row.id);
    const newer = had && had.version < row.version;
    const seen = newer && look(had, board.direction) !== look(row, board.direction);
    const mark = seen ? at : board.changed[row.id];
    if (mark) marks[row.id] = mark;
  }
  const order = (row: FlightRow) => `${scheduled(row, board.direction)} ${row.id}`;
  return { ...board, changed: marks, flights: shown.sort((a, b) => (order(a) < order(b) ? -1 : 1)) };
}
