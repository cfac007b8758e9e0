import { describe, expect, it } from "vitest";
import type { BoardAnswer, FlightDetail, FlightRow, HistoryAnswer } from "../api/types";
import { answered, type Board, changed, continued, detailed, grown, pushed, stated } from "./merge";

const FROM = "2026-11-21T12:00:00Z";
const TO = "2026-11-22T01:00:00Z";

function flight(
  number: string,
  version: number,
  told: { out?: string; gate?: string; shown?: boolean } = {},
) {
  const out = told.out ?? "2026-11-21T15:00:00Z";
  const row: FlightRow = {
    id: `${number}-20261121-EWR`,
    version,
    number,
    codeshares: [],
    phase: "scheduled",
    delayed: false,
    departure: {
      airport: "EWR",
      zone: "America/New_York",
      scheduled_out: out,
      expected_out: out,
      gate: told.gate,
    },
    arrival: { airport: "ORD", zone: "America/Chicago" },
    shown: told.shown ?? true,
  };
  return row;
}

function answer(flights: FlightRow[]): BoardAnswer {
  return {
    airport: "EWR",
    direction: "departures",
    zone: "America/New_York",
    from: FROM,
    to: TO,
    feeds: [],
    flights,
  };
}

const told = (board: Board) => board.flights.map(({ number, version }) => `${number} v${version}`);
const board = (...flights: FlightRow[]) => answered(undefined, answer(flights), 0, false);

function orders<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((each, at) =>
    orders([...all.slice(0, at), ...all.slice(at + 1)]).map((rest) => [each, ...rest]),
  );
}

describe("the newest version of a flight is shown", () => {
  type Step = (before: Board) => Board;
  const steps: Step[] = [
    (before) => answered(before, answer([flight("UA1", 2), flight("UA2", 1)]), 1, true),
    (before) => stated(before, [flight("UA1", 3), flight("UA2", 1)], 2),
    (before) => changed(before, flight("UA1", 4), 3),
    (before) => changed(before, flight("UA2", 2), 4),
  ];

  it.each(orders(steps).map((order) => [order.map((step) => steps.indexOf(step)).join(" "), order] as const))(
    "in whatever order REST, state and change come: %s",
    (_, order) => {
      const last = order.reduce((before, step) => step(before), board(flight("UA1", 1), flight("UA2", 1)));
      expect(told(last)).toEqual(["UA1 v4", "UA2 v2"]);
    },
  );

  it("and a change that came twice, or late, changes nothing at all", () => {
    const before = changed(board(flight("UA1", 1)), flight("UA1", 3), 5);
    expect(changed(before, flight("UA1", 3), 9)).toBe(before);
    expect(changed(before, flight("UA1", 2), 9)).toBe(before);
  });
});

describe("a board whose connection was cut and restored", () => {
  it("is the same as one that heard every change", () => {
    const start = () => board(flight("UA1", 1), flight("UA2", 1), flight("UA3", 1));
    const changes = [
      flight("UA1", 2, { gate: "C1" }),
      flight("UA2", 2, { shown: false }),
      flight("UA4", 1, { out: "2026-11-21T14:00:00Z" }),
      flight("UA1", 3, { gate: "C9" }),
    ];
    const heard = changes.reduce((before, row) => changed(before, row, 5), start());
    const cut = stated(
      changed(start(), flight("UA1", 2, { gate: "C1" }), 5),
      [flight("UA1", 3, { gate: "C9" }), flight("UA3", 1), flight("UA4", 1, { out: "2026-11-21T14:00:00Z" })],
      5,
    );
    expect(cut.flights).toEqual(heard.flights);
    expect(cut.changed).toEqual(heard.changed);
  });

  it("keeps what was pushed while an older answer of REST was on its way, and drops it when nothing is pushed", () => {
    const pushed = changed(board(flight("UA1", 1)), flight("UA2", 1), 1);
    expect(told(answered(pushed, answer([flight("UA1", 1)]), 2, true))).toEqual(["UA1 v1", "UA2 v1"]);
    expect(told(answered(pushed, answer([flight("UA1", 1)]), 2, false))).toEqual(["UA1 v1"]);
  });
});

describe("a flight goes from the board", () => {
  it("when it is taken off public display", () => {
    const before = board(flight("UA1", 1), flight("UA2", 1));
    expect(told(changed(before, flight("UA1", 2, { shown: false }), 1))).toEqual(["UA2 v1"]);
  });

  it("when it now flies to another airport", () => {
    const arrivals: Board = { ...board(flight("UA1", 1)), airport: "ORD", direction: "arrivals" };
    const elsewhere = flight("UA1", 2);
    elsewhere.arrival.airport = "DEN";
    expect(told(changed(arrivals, elsewhere, 1))).toEqual([]);
  });

  it("when the state of the whole board no longer has it", () => {
    expect(told(stated(board(flight("UA1", 1), flight("UA2", 1)), [flight("UA2", 1)], 1))).toEqual([
      "UA2 v1",
    ]);
  });

  it("when the window of the next answer has moved on past it", () => {
    const before = board(flight("UA1", 1, { out: "2026-11-21T12:01:00Z" }), flight("UA2", 1));
    const later = { ...answer([flight("UA2", 1)]), from: "2026-11-21T12:30:00Z" };
    expect(told(answered(before, later, 1, true))).toEqual(["UA2 v1"]);
  });
});

describe("a flight that is not known yet", () => {
  it("comes onto the board in its place by the schedule", () => {
    const before = board(flight("UA1", 1), flight("UA9", 1, { out: "2026-11-21T17:00:00Z" }));
    const after = changed(before, flight("UA5", 1, { out: "2026-11-21T16:00:00Z" }), 1);
    expect(told(after)).toEqual(["UA1 v1", "UA5 v1", "UA9 v1"]);
  });

  it("does not where it is another airport's, or outside the window", () => {
    const before = board(flight("UA1", 1));
    const elsewhere = flight("UA2", 1);
    elsewhere.departure.airport = "JFK";
    expect(changed(before, elsewhere, 1)).toBe(before);
    expect(changed(before, flight("UA3", 1, { out: TO }), 1)).toBe(before);
  });
});

describe("a flight is marked as changed", () => {
  it("when the board shows something else of it, and stays so through the next answer", () => {
    const after = changed(board(flight("UA1", 1), flight("UA2", 1)), flight("UA1", 2, { gate: "C7" }), 77);
    expect(after.changed).toEqual({ "UA1-20261121-EWR": 77 });
    const next = answered(after, answer([flight("UA1", 2, { gate: "C7" }), flight("UA2", 1)]), 99, true);
    expect(next.changed).toEqual({ "UA1-20261121-EWR": 77 });
  });

  it("but not when only what the board does not show is another", () => {
    const other = flight("UA1", 2);
    other.arrival.estimated_in = "2026-11-21T18:00:00Z";
    const after = changed(board(flight("UA1", 1)), other, 77);
    expect(told(after)).toEqual(["UA1 v2"]);
    expect(after.changed).toEqual({});
  });

  it("nor when it is new on the board", () => {
    expect(changed(board(flight("UA1", 1)), flight("UA2", 1), 77).changed).toEqual({});
  });
});

describe("a flight's history", () => {
  const line = (version: number) => ({
    version,
    kind: "gate" as const,
    field: "departure_gate",
    source: "aidx",
    at: FROM,
  });
  const part = (version: number, ...versions: number[]): HistoryAnswer => ({
    flight: "UA1-20261121-EWR",
    version,
    changes: versions.map(line),
    more: false,
  });
  const versions = (changes: { version: number }[]) => changes.map(({ version }) => version);

  it("has each change once, oldest first, whoever told it", () => {
    const history = grown(continued(undefined, part(2, 1, 2)), 3, [line(2), line(3)]);
    expect(versions(history.changes)).toEqual([1, 2, 3]);
    expect(history.missing).toBe(false);
  });

  it("knows that changes are missing until REST has told them", () => {
    const history = grown(continued(undefined, part(2, 1, 2)), 5, [line(5)]);
    expect(history.missing).toBe(true);
    const whole = continued(history, part(5, 3, 4, 5));
    expect(versions(whole.changes)).toEqual([1, 2, 3, 4, 5]);
    expect(whole.missing).toBe(false);
  });
});

describe("a flight's details", () => {
  const detail = (version: number, gate: string): FlightDetail => ({
    ...flight("UA1", version, { gate }),
    runway: {},
    delays: [],
    derived: false,
    observed: {},
  });

  it("keep what was pushed where REST, which is cached, answers with an older version, and say so", () => {
    const now = pushed(detailed(undefined, detail(1, "C71")), flight("UA1", 2, { gate: "C84" }));
    expect(detailed(now, detail(1, "C71"))).toMatchObject({
      version: 2,
      behind: true,
      departure: { gate: "C84" },
    });
    expect(detailed(now, detail(2, "C84"))).toMatchObject({ version: 2, behind: false });
  });
});
