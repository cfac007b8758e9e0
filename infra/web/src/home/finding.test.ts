import { describe, expect, it } from "vitest";
import { datesAround, flightNumber, lacksAirline } from "./finding";

describe("a flight number", () => {
  it.each([
    ["UA1591", "UA1591"],
    ["ua 1591", "UA1591"],
    [" LH 8591 ", "LH8591"],
    ["UAL1591", "UAL1591"], // the airline's ICAO code
    ["B6 23", "B623"],
    ["4U 12", "4U12"],
    ["UA-0045", "UA45"],
    ["VS808P", "VS808P"], // an operational suffix
    ["u21", "U21"],
  ])("is read from %j as %s", (typed, number) => {
    expect(flightNumber(typed)).toBe(number);
  });

  it.each(["EWR", "new york", "UA", "1591", "UA15911", "UA1591AB", "12345", "99 1", ""])(
    "is not read from %j",
    (typed) => {
      expect(flightNumber(typed)).toBeUndefined();
    },
  );
});

it("lacks its airline where it is digits alone", () => {
  expect(lacksAirline(" 1591 ")).toBe(true);
  expect(lacksAirline("UA1591")).toBe(false);
  expect(lacksAirline("15911")).toBe(false);
});

it("offers yesterday, today and tomorrow over the end of a month", () => {
  const now = new Date(2026, 1, 28, 23, 30).getTime();
  expect(datesAround(now)).toEqual({ yesterday: "2026-02-27", today: "2026-02-28", tomorrow: "2026-03-01" });
});
