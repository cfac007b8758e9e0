import { i18n } from "@lingui/core";
import { describe, expect, it } from "vitest";
import { headline } from "./headline";
import { leg, NOON } from "./leg.testing";

const says = (flight: Parameters<typeof headline>[0], named?: string) =>
  headline(flight, NOON, i18n, named).says;

describe("the one sentence about a flight", () => {
  it("counts down to a flight that is on time", () => {
    const flight = leg({
      departure: { scheduled_out: "2026-11-21T19:10:00Z", expected_out: "2026-11-21T19:10:00Z" },
    });
    expect(headline(flight, NOON, i18n)).toEqual({ says: "On time, leaves in 2 h 10 min", tone: "good" });
  });

  it("tells the time of a flight that leaves another day", () => {
    const out = "2026-11-22T19:10:00Z";
    expect(says(leg({ departure: { scheduled_out: out, expected_out: out } }))).toMatch(
      /^On time, leaves at 14:10 on Sun/,
    );
  });

  it("says of a delay when it leaves now, and how late that is", () => {
    const flight = leg({
      departure: {
        scheduled_out: "2026-11-21T19:15:00Z",
        expected_out: "2026-11-21T20:40:00Z",
        delay_minutes: 85,
      },
    });
    expect(headline(flight, NOON, i18n)).toEqual({
      says: "Delayed: now leaves at 15:40, 1 h 25 min late",
      tone: "late",
    });
  });

  it("names the day of a delay past midnight", () => {
    const flight = leg({
      departure: {
        scheduled_out: "2026-11-22T03:00:00Z",
        expected_out: "2026-11-22T06:00:00Z",
        delay_minutes: 180,
      },
    });
    expect(says(flight)).toMatch(/^Delayed: now leaves at 01:00 on Sun.*, 3 h late$/);
  });

  it("calls less than a quarter of an hour no delay", () => {
    const flight = leg({
      departure: {
        scheduled_out: "2026-11-21T17:40:00Z",
        expected_out: "2026-11-21T17:49:00Z",
        delay_minutes: 9,
      },
    });
    expect(says(flight)).toBe("Nearly on time, 9 min late: leaves in 49 min");
  });

  it("warns of a flight that leaves earlier", () => {
    const flight = leg({
      departure: {
        scheduled_out: "2026-11-21T19:15:00Z",
        expected_out: "2026-11-21T19:05:00Z",
        delay_minutes: -10,
      },
    });
    expect(headline(flight, NOON, i18n)).toEqual({
      says: "Earlier than scheduled: leaves at 14:05, 10 min early",
      tone: "late",
    });
  });

  it("does not claim that a flight left, nor that it is still there, when its time has passed unreported", () => {
    const out = "2026-11-21T16:30:00Z";
    expect(says(leg({ departure: { scheduled_out: out, expected_out: out } }))).toBe(
      "Was to leave at 11:30, but that has not been reported yet",
    );
  });

  it("sends who hears the final call to the gate", () => {
    const out = "2026-11-21T17:12:00Z";
    const flight = leg({ phase: "final-call", departure: { scheduled_out: out, expected_out: out } });
    expect(says(flight)).toBe("Final call: go to the gate now, leaves in 12 min");
  });

  it("says when a flight in the air arrives, and how late", () => {
    const flight = leg({
      phase: "airborne",
      arrival: {
        scheduled_in: "2026-11-21T17:25:00Z",
        expected_in: "2026-11-21T17:50:00Z",
        delay_minutes: 25,
      },
    });
    expect(headline(flight, NOON, i18n)).toEqual({
      says: "In the air, 25 min late: arrives in about 50 min",
      tone: "late",
    });
  });

  it("says when it arrived", () => {
    const flight = leg({
      phase: "arrived",
      arrival: { actual_in: "2026-11-21T16:50:00Z", expected_in: "2026-11-21T16:50:00Z", delay_minutes: -4 },
    });
    expect(headline(flight, NOON, i18n)).toEqual({ says: "Arrived at 11:50, 4 min early", tone: "good" });
  });

  it("names the hour at which a cancelled flight does not leave", () => {
    const flight = leg({ phase: "cancelled", departure: { scheduled_out: "2026-11-21T20:10:00Z" } });
    expect(headline(flight, NOON, i18n)).toEqual({
      says: "Cancelled: this flight does not leave at 15:10",
      tone: "bad",
    });
  });

  describe("of a diversion", () => {
    it("names where to, as soon as that is known", () => {
      expect(says(leg({ phase: "diverted", diverted_to: "" }))).toBe("Diverted: not yet known where to");
      expect(says(leg({ phase: "diverted", diverted_to: "BDL" }), "Hartford")).toBe("Diverted to Hartford");
    });

    it("says where the passengers are once it landed", () => {
      const flight = leg({
        phase: "diverted",
        diverted_to: "BDL",
        runway: { actual_on: "2026-11-21T16:00:00Z" },
      });
      expect(says(flight, "Hartford")).toBe("Diverted: landed in Hartford, not in Boston");
    });

    it("says that it came back, where it turned back to where it left", () => {
      expect(says(leg({ phase: "diverted", diverted_to: "EWR" }), "Newark")).toBe("Turned back to Newark");
    });

    it("says that it reached its destination in the end", () => {
      const flight = leg({
        phase: "diverted",
        diverted_to: "BDL",
        arrival: { actual_in: "2026-11-21T16:50:00Z" },
      });
      expect(says(flight, "Hartford")).toBe("Diverted to Hartford, then reached Boston at 11:50");
    });
  });

  it("says of a flight that came back when it leaves again, once that is known", () => {
    expect(says(leg({ phase: "returned" }))).toBe("Came back to Newark");
    const again = leg({ phase: "returned", departure: { estimated_out: "2026-11-21T20:40:00Z" } });
    expect(says(again)).toBe("Came back to Newark, now leaves at 15:40");
  });
});
