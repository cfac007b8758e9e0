import { describe, expect, it } from "vitest";
import { clockOf, heardAt, left, wallNow } from "./wall";

const UNTIL = "2026-11-22T01:15:00Z";

describe("the time that is left of a hold", () => {
  it.each([
    ["2026-11-22T01:00:00Z", 15, 0],
    ["2026-11-22T01:13:59.500Z", 1, 1],
    ["2026-11-22T01:14:59.001Z", 0, 1],
  ])("at %s is %i min %i s", (now, minutes, seconds) => {
    expect(left(UNTIL, Date.parse(now))).toEqual({ minutes, seconds, over: false });
  });

  it("is over when the hold is, not a second before, and never less than nothing", () => {
    expect(left(UNTIL, Date.parse(UNTIL)).over).toBe(true);
    expect(left(UNTIL, Date.parse(UNTIL) + 3_600_000)).toEqual({ minutes: 0, seconds: 0, over: true });
  });
});

it("goes by the server's clock where the device's is wrong", () => {
  const device = Date.now();
  heardAt(new Date(device + 600_000).toUTCString(), device);
  expect(Math.abs(wallNow() - device - 600_000)).toBeLessThan(2_000);
  heardAt(null);
  expect(wallNow() - device).toBeGreaterThan(590_000);
});

it("shows what is left as a clock does, in hours where a waitlist's hold has them", () => {
  expect(clockOf({ minutes: 9, seconds: 5 })).toBe("9:05");
  expect(clockOf({ minutes: 119, seconds: 51 })).toBe("1:59:51");
});
