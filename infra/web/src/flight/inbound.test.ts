import { i18n } from "@lingui/core";
import { describe, expect, it } from "vitest";
import { aircraftPlace } from "./inbound";
import { leg } from "./leg.testing";

const mine = leg({
  departure: { scheduled_out: "2026-11-21T20:00:00Z", expected_out: "2026-11-21T20:00:00Z" },
});
const inbound = (told: Parameters<typeof leg>[0]) =>
  leg({
    id: "UA234-20261121-SFO",
    ...told,
    departure: { airport: "SFO", city: "San Francisco", zone: "America/Los_Angeles" },
    arrival: { airport: "EWR", city: "Newark", zone: "America/New_York", ...told?.arrival },
  });
const says = (told: Parameters<typeof leg>[0]) => aircraftPlace(inbound(told), mine, i18n).says;

describe("where the aircraft is", () => {
  it("is on the ground once the leg that brings it has arrived", () => {
    expect(says({ phase: "arrived", arrival: { actual_in: "2026-11-21T17:00:00Z" } })).toBe(
      "Your aircraft has been on the ground in Newark since 12:00",
    );
  });

  it("is on its way, with when it arrives; a late one only may make the flight late", () => {
    const arrival = { expected_in: "2026-11-21T19:05:00Z", delay_minutes: 40 };
    expect(says({ phase: "airborne", arrival })).toBe(
      "Your aircraft is on its way from San Francisco and arrives at 14:05, 40 min late: your flight may leave late",
    );
    expect(says({ phase: "airborne", arrival: { ...arrival, delay_minutes: 3 } })).toBe(
      "Your aircraft is on its way from San Francisco and arrives at 14:05",
    );
  });

  it("can’t be there in time where it arrives after the flight is to leave", () => {
    expect(
      says({ phase: "scheduled", arrival: { expected_in: "2026-11-21T20:30:00Z", delay_minutes: 90 } }),
    ).toBe(
      "Your aircraft is still in San Francisco and arrives at 15:30: your flight can’t leave at 15:00 with it",
    );
  });

  it("may not come at all", () => {
    expect(aircraftPlace(inbound({ phase: "cancelled" }), mine, i18n)).toEqual({
      says: "The flight that was to bring your aircraft from San Francisco is cancelled: yours may leave late, or with another aircraft",
      tone: "late",
    });
  });
});
