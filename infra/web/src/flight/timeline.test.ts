import { i18n } from "@lingui/core";
import { describe, expect, it } from "vitest";
import type { ChangeLine } from "../api/types";
import { leg } from "./leg.testing";
import { sentence, sourceWords, timeline } from "./timeline";

const AT = "2026-11-21T17:00:00Z";
const flight = leg({
  departure: { scheduled_out: "2026-11-21T19:15:00Z" },
  arrival: { scheduled_in: "2026-11-21T20:30:00Z" },
});
const change = (kind: ChangeLine["kind"], field: string, before: unknown, after: unknown): ChangeLine => ({
  version: 2,
  kind,
  field,
  before,
  after,
  source: "replay",
  at: AT,
});
const says = (...told: Parameters<typeof change>) => sentence(change(...told), flight, i18n);

describe("a change in a sentence", () => {
  it("says by the airport’s clocks when it leaves now, and when it was to leave", () => {
    expect(says("delayed", "estimated_out", null, "2026-11-21T20:40:00Z")).toBe(
      "Leaves later: 15:40 instead of 14:15",
    );
    expect(says("earlier", "estimated_out", "2026-11-21T20:40:00Z", "2026-11-21T20:10:00Z")).toBe(
      "Leaves earlier: 15:10 instead of 15:40",
    );
  });

  it("names the day where it is another", () => {
    expect(says("delayed", "estimated_in", null, "2026-11-22T06:00:00Z")).toMatch(
      /^Arrives later: 01:00 on Sun.* instead of 15:30$/,
    );
  });

  it("names the new gate, and the one that no longer holds", () => {
    expect(says("gate", "departure_gate", null, "C98")).toBe("Departure gate: C98");
    expect(says("gate", "departure_gate", "C98", "C71")).toBe("New departure gate: C71, no longer C98");
    expect(says("gate", "departure_gate", "C98", null)).toBe("Departure gate C98 no longer holds");
  });

  it("says what became of the flight", () => {
    expect(says("cancelled", "cancelled", null, true)).toBe("Cancelled");
    expect(says("reinstated", "cancelled", true, false)).toBe("It flies after all");
    expect(says("diverted", "diverted_to", null, "BDL")).toBe("Diverted to BDL");
    expect(says("diverted", "diverted_to", null, "")).toBe("Diverted, not yet known where to");
    expect(says("departed", "actual_out", null, "2026-11-21T20:42:00Z")).toBe("Left the gate at 15:42");
    expect(says("boarding", "stage", "check-in", "boarding")).toBe("Boarding began");
  });

  it("gives a new reason, and is silent where only its minutes moved", () => {
    const code = (minutes: number) => [{ code: "71", scheme: "AHM730", minutes, reason: "…" }];
    expect(says("updated", "delay_codes", null, code(20))).toBe("Reason: weather at the departure airport");
    expect(says("updated", "delay_codes", code(20), code(35))).toBeUndefined();
  });

  it("is silent about what a passenger does not notice", () => {
    expect(says("updated", "locked", null, true)).toBeUndefined();
    expect(says("updated", "stage", "boarding", "check-in")).toBeUndefined();
  });
});

describe("the timeline", () => {
  it("puts the newest version first, and what one version brought together", () => {
    const later = {
      ...change("gate", "departure_gate", "C98", "C71"),
      version: 3,
      at: "2026-11-21T18:00:00Z",
    };
    const entries = timeline(
      flight,
      [
        change("delayed", "estimated_out", null, "2026-11-21T20:40:00Z"),
        change("delayed", "estimated_in", null, "2026-11-21T21:55:00Z"),
        later,
      ],
      i18n,
    );
    expect(entries.map(({ version, lines }) => [version, lines])).toEqual([
      [3, ["New departure gate: C71, no longer C98"]],
      [2, ["Leaves later: 15:40 instead of 14:15", "Arrives later: 16:55 instead of 15:30"]],
    ]);
  });

  it("leaves out a version of which a passenger notices nothing", () => {
    expect(timeline(flight, [change("updated", "locked", null, true)], i18n)).toEqual([]);
  });

  it("tells phases that were reached before the history began", () => {
    const gone = leg({
      phase: "departed",
      departure: { actual_out: "2026-11-21T16:50:00Z" },
      observed: { actual_out: { source: "replay", at: "2026-11-21T16:51:00Z" } },
    });
    expect(timeline(gone, [], i18n)).toEqual([
      { version: 1, at: "2026-11-21T16:51:00Z", source: "replay", lines: ["Left the gate at 11:50"] },
    ]);
    const told = change("departed", "actual_out", null, "2026-11-21T16:50:00Z");
    expect(timeline(gone, [told], i18n)).toHaveLength(1);
  });

  it("tells of a flight that was cancelled already when it was first heard of", () => {
    const seen = { source: "replay", at: AT };
    const cancelled = leg({ phase: "cancelled", observed: { cancelled: seen } });
    expect(timeline(cancelled, [], i18n).map(({ lines }) => lines)).toEqual([["Cancelled"]]);
  });
});

describe("who reported it", () => {
  it("is said in plain words", () => {
    expect(sourceWords("replay", i18n)).toBe("the airport’s system");
    expect(sourceWords("operator:UA", i18n)).toBe("staff for the airline UA");
    expect(sourceWords("operator:EWR", i18n)).toBe("staff for the airport EWR");
    expect(sourceWords("operator:B6", i18n)).toBe("staff for the airline B6");
  });
});
