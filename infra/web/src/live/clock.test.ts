import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { flightAt, flightNow, flightTime, pace, tell, useNow } from "./clock";

const NOON = Date.parse("2026-11-21T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(NOON);
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the flight clock", () => {
  it("is the device's own until the server told it", () => {
    expect(flightTime(NOON, undefined, 1)).toBe(NOON);
  });

  it("goes on from what was told last, at its pace", () => {
    const told = { at: NOON + 3_600_000, local: NOON };
    expect(flightTime(NOON + 10_000, told, 1)).toBe(NOON + 3_610_000);
    expect(flightTime(NOON + 10_000, told, 60)).toBe(NOON + 3_600_000 + 600_000);
  });

  it("finds its pace from two readings, and takes none from two that are too close", () => {
    const first = { at: NOON, local: NOON };
    expect(pace(first, { at: NOON + 120_000, local: NOON + 2_000 })).toBe(60);
    expect(pace(first, { at: NOON + 5_000, local: NOON + 100 })).toBe(1);
    expect(pace(undefined, first)).toBe(1);
  });

  it("does not waver with the seconds that an answer takes", () => {
    expect(pace({ at: NOON, local: NOON }, { at: NOON + 50_400, local: NOON + 50_000 })).toBe(1);
  });

  it("is the server's, whatever the device's shows", () => {
    tell("2026-11-21T15:00:00Z");
    vi.setSystemTime(NOON + 2_000);
    expect(flightNow()).toBe(Date.parse("2026-11-21T15:00:02Z"));
    expect(flightAt(NOON - 60_000)).toBe(Date.parse("2026-11-21T14:59:00Z"));
  });

  it("is shown anew every so often, and at once when the server tells it", () => {
    tell("2026-11-21T15:00:00Z");
    const { result } = renderHook(() => useNow(10));
    expect(result.current).toBe(Date.parse("2026-11-21T15:00:00Z"));
    act(() => vi.advanceTimersByTime(10_000));
    expect(result.current).toBe(Date.parse("2026-11-21T15:00:10Z"));
    act(() => tell("2026-11-21T15:00:12Z"));
    expect(result.current).toBe(Date.parse("2026-11-21T15:00:12Z"));
  });
});
