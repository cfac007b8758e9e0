import { describe, expect, it } from "vitest";
import { sample } from "./sample.testing";
import { meantCodeshares, narrowed, readBoardSearch } from "./search";

const chicago = sample({ number: "UA1545", codeshares: ["LH7545", "AC5545"] });
const saoPaulo = sample({
  number: "LA8181",
  airline: "LATAM Airlines",
  arrival: { airport: "GRU", city: "São Paulo" },
  departure: { terminal: "B", expected_out: "2026-11-21T15:50:00Z", delay_minutes: 50 },
});
const newYork = sample({
  number: "B615",
  airline: "JetBlue",
  phase: "cancelled",
  departure: { terminal: "A", delay_minutes: 90 },
  arrival: { airport: "JFK", city: "New York" },
});
const diverted = sample({ number: "WN2", airline: "Southwest", phase: "diverted", diverted_to: "BOS" });
const all = [chicago, saoPaulo, newYork, diverted];
const found = (asked: Parameters<typeof narrowed>[1]) =>
  narrowed(all, asked, "departures").map(({ number }) => number);

describe("a flight is found by", () => {
  it.each([
    ["UA1545", ["UA1545"]],
    ["ua 1545", ["UA1545"]],
    ["ua 15", ["UA1545"]],
    ["UA 0", []],
    ["ua01545", ["UA1545"]],
    ["1545", ["UA1545"]],
    ["lh7545", ["UA1545"]],
    ["LH 75", ["UA1545"]],
    ["b6 15", ["B615"]],
    ["sao paulo", ["LA8181"]],
    ["SÃO", ["LA8181"]],
    ["paulo", ["LA8181"]],
    ["gru", ["LA8181"]],
    ["york new", ["B615"]],
    ["jetb", ["B615"]],
    ["united chicago", ["UA1545"]],
    ["bos", ["WN2"]],
    ["  ", ["UA1545", "LA8181", "B615", "WN2"]],
    ["icago", []],
    ["zzz", []],
  ])("%s", (q, numbers) => {
    expect(found({ q })).toEqual(numbers);
  });

  it("its origin on a board of arrivals", () => {
    expect(narrowed(all, { q: "newark" }, "arrivals")).toHaveLength(4);
    expect(narrowed(all, { q: "chicago" }, "arrivals")).toHaveLength(0);
  });
});

describe("filters", () => {
  it("show what is late, what is cancelled, a terminal's, an airline's, and what meets all of them", () => {
    expect(found({ show: "delayed" })).toEqual(["LA8181"]);
    expect(found({ show: "cancelled" })).toEqual(["B615"]);
    expect(found({ terminal: "C" })).toEqual(["UA1545", "WN2"]);
    expect(found({ airline: "LATAM Airlines" })).toEqual(["LA8181"]);
    expect(found({ terminal: "C", q: "chicago" })).toEqual(["UA1545", "WN2"]);
    expect(found({ terminal: "A", show: "delayed" })).toEqual([]);
  });
});

it("codeshares that were searched for are told from the others", () => {
  expect(meantCodeshares(chicago, "lh 7545")).toEqual(["LH7545"]);
  expect(meantCodeshares(chicago, "UA1545")).toEqual([]);
  expect(meantCodeshares(chicago, "chicago")).toEqual([]);
});

describe("a board's address", () => {
  it("is read as it was typed: a number stays the text it was", () => {
    expect(readBoardSearch({ q: 1545, terminal: 1, show: "delayed", earlier: true, wall: true })).toEqual({
      q: "1545",
      terminal: "1",
      show: "delayed",
      airline: undefined,
      earlier: true,
      wall: true,
    });
  });

  it("has nothing in it that is not understood", () => {
    const read = readBoardSearch({ q: "", show: "all", terminal: ["C"], airline: {}, wall: "no", x: 1 });
    expect(Object.values(read).filter((each) => each !== undefined)).toEqual([]);
  });
});
