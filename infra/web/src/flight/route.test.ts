import { describe, expect, it } from "vitest";
import { leg, NOON } from "./leg.testing";
import { course, fitted, kilometres, type Place, partFlown, placeAfter } from "./route";

const EWR: Place = [-74.17, 40.69];
const SFO: Place = [-122.37, 37.62];
const SIN: Place = [103.99, 1.35];
const AKL: Place = [174.79, -37.01];
const HNL: Place = [-157.92, 21.32];

describe("how far a flight has come", () => {
  const airborne = (now: string, more: Parameters<typeof leg>[0] = {}) =>
    partFlown(
      leg({
        phase: "airborne",
        runway: { actual_off: "2026-11-21T16:00:00Z" },
        arrival: { expected_in: "2026-11-21T20:00:00Z" },
        ...more,
      }),
      Date.parse(now),
    );

  it("follows from its take-off and when it is expected", () => {
    expect(airborne("2026-11-21T17:00:00Z")).toBeCloseTo(0.25);
  });

  it("counts to the touch-down where that is expected", () => {
    const runway = { actual_off: "2026-11-21T16:00:00Z", estimated_on: "2026-11-21T18:00:00Z" };
    expect(airborne("2026-11-21T17:00:00Z", { runway })).toBeCloseTo(0.5);
  });

  it("counts from the gate where the take-off is not reported", () => {
    const departure = { actual_out: "2026-11-21T16:00:00Z" };
    expect(airborne("2026-11-21T17:00:00Z", { runway: {}, departure })).toBeCloseTo(0.25);
  });

  it("is never the whole way before the landing is reported", () => {
    expect(airborne("2026-11-21T23:00:00Z")).toBeLessThan(1);
    expect(partFlown(leg({ phase: "landed" }), NOON)).toBe(1);
  });

  it("is nothing at the gate, and unknown for a flight that does not go there", () => {
    expect(partFlown(leg({ phase: "boarding" }), NOON)).toBe(0);
    expect(partFlown(leg({ phase: "cancelled" }), NOON)).toBeUndefined();
    expect(partFlown(leg({ phase: "diverted", diverted_to: "BDL" }), NOON)).toBeUndefined();
    expect(
      partFlown(
        leg({ phase: "diverted", diverted_to: "BDL", runway: { actual_on: "2026-11-21T16:00:00Z" } }),
        NOON,
      ),
    ).toBe(1);
  });
});

describe("the route", () => {
  it("is as long as the great circle", () => {
    expect(kilometres(EWR, SFO)).toBeGreaterThan(4100);
    expect(kilometres(EWR, SFO)).toBeLessThan(4150);
  });

  it("goes over the pole where that is shorter", () => {
    const [, latitude] = placeAfter(EWR, SIN, 0.5);
    expect(latitude).toBeGreaterThan(65);
  });

  it("crosses the date line", () => {
    const longitudes = [0.05, 0.8].map((part) => placeAfter(AKL, HNL, part)[0]);
    expect(longitudes[0]).toBeGreaterThan(150);
    expect(longitudes[1]).toBeLessThan(-150);
  });
});

describe("the map", () => {
  const steps = Array.from({ length: 41 }, (_, step) => step / 40);

  it.each([
    ["over the pole", EWR, SIN],
    ["across the date line", AKL, HNL],
    ["across a continent", EWR, SFO],
  ])("shows all of a route %s, in one piece", (_, from, to) => {
    const projection = fitted([from, to], 360, 200);
    const drawn = steps.map((part) => projection(placeAfter(from, to, part)) ?? [Number.NaN, Number.NaN]);
    for (const [x, y] of drawn) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(360);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(200);
    }
    const leaps = drawn.slice(1).map(([x = 0, y = 0], at) => {
      const [formerX = 0, formerY = 0] = drawn[at] ?? [];
      return Math.hypot(x - formerX, y - formerY);
    });
    expect(Math.max(...leaps)).toBeLessThan(40);
  });

  it("shows enough around a short route to know the coast by", () => {
    const near: Place = [-73.9, 40.8];
    const projection = fitted([EWR, near], 360, 200);
    const [x1, y1] = projection(EWR) ?? [0, 0];
    const [x2, y2] = projection(near) ?? [0, 0];
    expect(Math.hypot(x2 - x1, y2 - y1)).toBeLessThan(20);
  });

  it("shows the airport of a diversion, too", () => {
    const [x = -1, y = -1] = fitted([EWR, SFO, HNL], 360, 200)(HNL) ?? [];
    expect(x).toBeGreaterThanOrEqual(0);
    expect(y).toBeLessThanOrEqual(200);
  });

  it("turns the aircraft the way it flies: west is left of up", () => {
    const projection = fitted([EWR, SFO], 360, 200);
    expect(course(projection, EWR, SFO, 0.5)).toBeLessThan(-80);
    expect(course(projection, SFO, EWR, 0.5)).toBeGreaterThan(70);
  });
});
