import { i18n } from "@lingui/core";
import { describe, expect, it } from "vitest";
import type { Direction, FlightRow, Phase } from "../api/types";
import { clockTime } from "../ui/times";
import { sample } from "./sample.testing";
import { late, spaced, status } from "./wording";

const clock = (instant: string) => clockTime(instant, "America/New_York", "en");

function told(row: FlightRow, direction: Direction): string {
  const { words, tone } = status(row, direction, clock);
  return `${i18n._(words)} (${tone ?? "plain"})`;
}

const onTime = (phase: Phase, diverted_to?: string) => sample({ phase, diverted_to });
const delayed = (phase: Phase) =>
  sample({
    phase,
    departure: { expected_out: "2026-11-21T15:40:00Z", delay_minutes: 40 },
    arrival: { expected_in: "2026-11-21T18:20:00Z", delay_minutes: 40 },
  });

describe("what a board of departures says of a flight", () => {
  it.each([
    ["scheduled", "On time (good)", "Delayed 10:40 (late)"],
    ["check-in", "Check-in open (good)", "Delayed 10:40 (late)"],
    ["boarding", "Boarding (good)", "Boarding (good)"],
    ["final-call", "Final call (late)", "Final call (late)"],
    ["gate-closed", "Gate closed (bad)", "Gate closed (bad)"],
    ["departed", "Departed (plain)", "Departed (plain)"],
    ["airborne", "In the air (plain)", "In the air (plain)"],
    ["landed", "Landed (good)", "Landed (good)"],
    ["arrived", "Arrived (good)", "Arrived (good)"],
    ["cancelled", "Cancelled (bad)", "Cancelled (bad)"],
    ["diverted", "Diverted (bad)", "Diverted (bad)"],
    ["returned", "Returned (late)", "Returned (late)"],
  ] as const)("%s: %s; 40 minutes late: %s", (phase, punctual, late) => {
    expect(told(onTime(phase), "departures")).toBe(punctual);
    expect(told(delayed(phase), "departures")).toBe(late);
  });
});

describe("what a board of arrivals says of a flight", () => {
  it.each([
    ["scheduled", "On time (good)", "Delayed 13:20 (late)"],
    ["check-in", "On time (good)", "Delayed 13:20 (late)"],
    ["boarding", "On time (good)", "Delayed 13:20 (late)"],
    ["gate-closed", "On time (good)", "Delayed 13:20 (late)"],
    ["departed", "On time (good)", "Delayed 13:20 (late)"],
    ["airborne", "In the air (plain)", "Delayed 13:20 (late)"],
    ["landed", "Landed (good)", "Landed (good)"],
    ["arrived", "Arrived (good)", "Arrived (good)"],
    ["cancelled", "Cancelled (bad)", "Cancelled (bad)"],
  ] as const)("%s: %s; 40 minutes late: %s", (phase, punctual, late) => {
    expect(told(onTime(phase), "arrivals")).toBe(punctual);
    expect(told(delayed(phase), "arrivals")).toBe(late);
  });
});

describe("a flight's words", () => {
  it("tell where a diverted flight goes, where that is known", () => {
    expect(told(onTime("diverted", "BOS"), "arrivals")).toBe("Diverted to BOS (bad)");
    expect(told(onTime("diverted", ""), "arrivals")).toBe("Diverted (bad)");
  });

  it("call a flight delayed from a quarter of an hour on, and expected before that or when early", () => {
    const at = (minutes: number) =>
      sample({
        departure: {
          expected_out: new Date(Date.parse("2026-11-21T15:00:00Z") + minutes * 60_000).toISOString(),
          delay_minutes: minutes,
        },
      });
    expect(told(at(14), "departures")).toBe("Expected 10:14 (plain)");
    expect(told(at(15), "departures")).toBe("Delayed 10:15 (late)");
    expect(told(at(-10), "departures")).toBe("Expected 09:50 (plain)");
  });

  it("go by the board's own end: late there is not late here", () => {
    const row = sample({ delayed: true, arrival: { delay_minutes: 50 } });
    expect(late(row, "departures")).toBe(false);
    expect(late(row, "arrivals")).toBe(true);
  });

  it("do not call a cancelled flight delayed", () => {
    expect(late(sample({ phase: "cancelled", departure: { delay_minutes: 90 } }), "departures")).toBe(false);
  });

  it.each([
    ["UA1545", "UA 1545"],
    ["B62480", "B6 2480"],
    ["9W12", "9W 12"],
    ["UAE4502A", "UAE 4502A"],
  ])("write %s as %s", (number, read) => {
    expect(spaced(number)).toBe(read);
  });
});
