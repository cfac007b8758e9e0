import { describe, expect, it } from "vitest";
import { sample } from "./sample.testing";
import { paged, roomOf } from "./wallRoom";

const NOW = Date.parse("2026-11-21T14:00:00Z");
const flights = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    sample({
      number: `UA${at}`,
      departure: {
        scheduled_out: new Date(NOW + at * 60_000).toISOString(),
        expected_out: new Date(NOW + at * 60_000).toISOString(),
      },
    }),
  );

describe("a wall's letters", () => {
  it("follow the screen's height, so that as many rows fit a large screen as a small one of its shape", () => {
    expect(roomOf(3840, 2160).rows).toBe(roomOf(1920, 1080).rows);
    expect(roomOf(3840, 2160).letter).toBeCloseTo(2 * roomOf(1920, 1080).letter, 0);
  });

  it("are a twentieth of its height, for people ten metres away", () => {
    expect(roomOf(1920, 1080).letter).toBeGreaterThan(1080 / 20);
    expect(roomOf(1920, 1080).rows).toBeGreaterThanOrEqual(9);
  });

  it("are smaller on an upright screen, which then has more rows", () => {
    expect(roomOf(1080, 1920).rows).toBeGreaterThan(roomOf(1920, 1080).rows);
  });
});

describe("a wall's pages", () => {
  it("have the flights of the next hours in order, none twice", () => {
    const pages = paged(flights(25), "departures", NOW, 10);
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
    expect(pages.flat().map(({ number }) => number)).toEqual(flights(25).map(({ number }) => number));
  });

  it("are so few that nobody waits long for theirs", () => {
    expect(paged(flights(200), "departures", NOW, 10)).toHaveLength(8);
  });

  it("leave out what has gone and what is hours away", () => {
    const left = sample({
      number: "UA1",
      phase: "airborne",
      departure: { actual_out: "2026-11-21T13:00:00Z" },
    });
    const far = sample({ number: "UA2", departure: { scheduled_out: "2026-11-21T23:00:00Z" } });
    expect(paged([left, far], "departures", NOW, 10)).toEqual([[]]);
  });
});
