import { describe, expect, it } from "vitest";
import type { Phase } from "../api/types";
import { gone, lines } from "./lines";
import { sample } from "./sample.testing";

const at = (time: string) => Date.parse(`2026-11-21T${time}:00Z`);
const ZONE = "America/New_York";

describe("earlier flights", () => {
  it("are those that left more than ten minutes ago", () => {
    const row = sample({ phase: "airborne", departure: { actual_out: "2026-11-21T15:05:00Z" } });
    expect(gone(row, "departures", at("15:14"))).toBe(false);
    expect(gone(row, "departures", at("15:16"))).toBe(true);
  });

  it("are not those that are late: they stay until they have left", () => {
    const row = sample({ phase: "scheduled", departure: { expected_out: "2026-11-21T18:00:00Z" } });
    expect(gone(row, "departures", at("17:00"))).toBe(false);
    expect(gone(row, "departures", at("19:00"))).toBe(false);
  });

  it("are arrivals half an hour after they reached the gate, as the bags come later", () => {
    const row = sample({ phase: "arrived", arrival: { actual_in: "2026-11-21T17:40:00Z" } });
    expect(gone(row, "arrivals", at("18:05"))).toBe(false);
    expect(gone(row, "arrivals", at("18:11"))).toBe(true);
  });

  it.each<[Phase, boolean, boolean]>([
    ["boarding", false, false],
    ["departed", true, false],
    ["landed", true, false],
    ["arrived", true, true],
    ["cancelled", true, true],
    ["diverted", true, true],
    ["returned", false, false],
  ])("long after its time, %s: gone from departures %s, from arrivals %s", (phase, left, came) => {
    expect(gone(sample({ phase }), "departures", at("23:00"))).toBe(left);
    expect(gone(sample({ phase }), "arrivals", at("23:00"))).toBe(came);
  });
});

describe("the day", () => {
  const flight = (number: string, out: string) => sample({ number, departure: { scheduled_out: out } });
  const told = (rows: ReturnType<typeof flight>[], now: number) =>
    lines(rows, "departures", ZONE, now).map((line) => (line.kind === "day" ? line.key : line.row.number));

  it("has a heading where it is another at the airport, not in Greenwich", () => {
    const rows = [
      flight("UA1", "2026-11-22T03:30:00Z"),
      flight("UA2", "2026-11-22T04:59:00Z"),
      flight("UA3", "2026-11-22T05:00:00Z"),
      flight("UA4", "2026-11-22T06:00:00Z"),
    ];
    expect(told(rows, at("22:00"))).toEqual(["UA1", "UA2", "day 2026-11-22", "UA3", "UA4"]);
  });

  it("has one before yesterday's late flights, and one before today's", () => {
    const rows = [flight("UA1", "2026-11-21T23:00:00Z"), flight("UA2", "2026-11-22T06:00:00Z")];
    expect(told(rows, Date.parse("2026-11-22T06:00:00Z"))).toEqual([
      "day 2026-11-21",
      "UA1",
      "day 2026-11-22",
      "UA2",
    ]);
  });
});
