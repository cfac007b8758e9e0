import { describe, expect, it } from "vitest";
import type { CabinSeats, SeatMapAnswer } from "../api/types";
import { moved, newer, nextEnd, rowsOf, stateAt, template, withSeat } from "./seatGrid";

const UNTIL = "2026-11-22T01:15:00Z";
const CABIN: CabinSeats = {
  cabin: "economy",
  left: 8,
  columns: [
    { letter: "A", position: "window" },
    { letter: "C", position: "aisle", aisle: true },
    { letter: "D", position: "aisle" },
    { letter: "F", position: "window" },
  ],
  rows: [
    {
      row: 7,
      extra_legroom: true,
      extra: "LEGROOM",
      seats: [
        { number: "7C", state: "free" },
        { number: "7D", state: "taken" },
      ],
    },
    {
      row: 8,
      extra: "STANDARD",
      seats: [
        { number: "8A", state: "free", exit: true, extra: "EXIT" },
        { number: "8C", state: "held", until: UNTIL },
        { number: "8D", state: "free" },
        { number: "8F", state: "blocked" },
      ],
    },
  ],
};
const MAP: SeatMapAnswer = {
  flight: "UA1-20261201-EWR",
  version: 4,
  configuration: "X",
  cabins: [CABIN],
  prices: [],
};
const ROWS = rowsOf(CABIN);

describe("a seat map's keys", () => {
  it.each([
    ["8A", "ArrowRight", "8C"],
    ["8C", "ArrowRight", "8D"],
    ["8F", "ArrowRight", undefined],
    ["8D", "ArrowLeft", "8C"],
    ["8A", "ArrowUp", "7C"], // row 7 has no A: the nearest
    ["8F", "ArrowUp", "7D"],
    ["7C", "ArrowUp", undefined],
    ["7D", "ArrowDown", "8D"],
    ["8D", "Home", "8A"],
    ["7C", "End", "7D"],
    ["7C", "PageDown", "8C"],
    ["7C", "Tab", undefined],
  ])("lead from %s by %s to %s", (from, key, to) => {
    expect(moved(ROWS, from, key)).toBe(to);
  });

  it("lead with Ctrl to its first and last seat", () => {
    expect(moved(ROWS, "8D", "Home", true)).toBe("7C");
    expect(moved(ROWS, "7C", "End", true)).toBe("8F");
  });
});

it("gives a seat what its row says, unless it says another itself", () => {
  expect(ROWS[0]?.seats[1]).toMatchObject({ number: "7C", legroom: true, costs: "LEGROOM" });
  expect(ROWS[0]?.seats[0]).toBeNull();
  expect(ROWS[1]?.seats[0]).toMatchObject({ number: "8A", exit: true, legroom: false, costs: "EXIT" });
});

it("leaves room for the aisle", () => {
  expect(template(CABIN).at).toEqual([2, 3, 5, 6]);
});

it("gives a held seat back at its time, without being told", () => {
  const seat = ROWS[1]?.seats[1];
  if (!seat) throw new Error("8C is there");
  expect(stateAt(seat, Date.parse(UNTIL) - 1)).toBe("held");
  expect(stateAt(seat, Date.parse(UNTIL))).toBe("free");
  expect(nextEnd(MAP, Date.parse(UNTIL) - 1)).toBe(Date.parse(UNTIL));
  expect(nextEnd(MAP, Date.parse(UNTIL))).toBeUndefined();
});

it("keeps the newest map, in whatever order they come", () => {
  const later = { ...MAP, version: 5 };
  expect(newer(later, MAP)).toBe(later);
  expect(newer(MAP, later)).toBe(later);
  expect(newer(undefined, MAP)).toBe(MAP);
});

it("lets two of a party swap, and takes no seat twice", () => {
  expect(withSeat(["8A", "8C"], 0, "8D")).toEqual(["8D", "8C"]);
  expect(withSeat(["8A", "8C"], 0, "8C")).toEqual(["8C", "8A"]);
  expect(withSeat(["8A", "8C"], 1, "8C")).toEqual(["8A", "8C"]);
});
