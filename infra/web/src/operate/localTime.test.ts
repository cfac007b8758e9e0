import { expect, test } from "vitest";
import { instantOf, later, readTime } from "./localTime";

const NEW_YORK = "America/New_York";

test("a time is read as people type it, and what is none is not guessed", () => {
  expect(["14:05", "1405", "9.30", "930", " 7:00 "].map(readTime)).toEqual([
    "14:05",
    "14:05",
    "09:30",
    "09:30",
    "07:00",
  ]);
  expect(["24:00", "14", "1:5", "14:60", "noon", ""].map(readTime)).toEqual(Array(6).fill(undefined));
});

test("a time is the airport’s local time", () => {
  expect(instantOf("14:05", NEW_YORK, "2026-07-10T17:00:00Z")).toBe("2026-07-10T18:05:00Z");
  expect(instantOf("14:05", "Asia/Kathmandu", "2026-07-10T08:00:00Z")).toBe("2026-07-10T08:20:00Z");
});

test("after midnight is the next day where the flight was to leave before it", () => {
  expect(instantOf("00:20", NEW_YORK, "2026-07-11T03:50:00Z")).toBe("2026-07-11T04:20:00Z"); // 23:50 of the 10th
});

test("before midnight is the day before where the flight was to leave after it", () => {
  expect(instantOf("23:55", NEW_YORK, "2026-07-11T04:10:00Z")).toBe("2026-07-11T03:55:00Z"); // 00:10 of the 11th
});

test("a day that is chosen counts, however far it is", () => {
  expect(instantOf("22:00", NEW_YORK, "2026-07-10T12:00:00Z")).toBe("2026-07-10T02:00:00Z"); // the nearest: early
  expect(instantOf("22:00", NEW_YORK, "2026-07-10T12:00:00Z", "2026-07-10")).toBe("2026-07-11T02:00:00Z");
  expect(instantOf("06:00", NEW_YORK, "2026-07-10T12:00:00Z", "2026-07-12")).toBe("2026-07-12T10:00:00Z");
});

test("a time that the clocks skip is none: they go from 02:00 to 03:00 on 8 March 2026", () => {
  expect(instantOf("02:30", NEW_YORK, "2026-03-08T06:30:00Z")).toBeUndefined();
  expect(instantOf("03:00", NEW_YORK, "2026-03-08T06:30:00Z")).toBe("2026-03-08T07:00:00Z");
});

test("a time that the clocks show twice is the one nearer to the flight’s: they go back on 1 November 2026", () => {
  expect(instantOf("01:30", NEW_YORK, "2026-11-01T05:10:00Z")).toBe("2026-11-01T05:30:00Z"); // before they go back
  expect(instantOf("01:30", NEW_YORK, "2026-11-01T06:40:00Z")).toBe("2026-11-01T06:30:00Z"); // after
});

test("a flight of the evening before a change of the clocks leaves after it", () => {
  expect(instantOf("04:00", NEW_YORK, "2026-03-08T04:30:00Z")).toBe("2026-03-08T08:00:00Z"); // 23:30 EST
});

test("minutes later are minutes on the clock of the world, whatever local clocks do meanwhile", () => {
  expect(later("2026-03-08T06:45:30Z", 30)).toBe("2026-03-08T07:15:00Z");
});
