import { expect, it, vi } from "vitest";
import { clockTime, dayAndTime, daysBetween, isoDate } from "./times";

const NEW_YORK = "America/New_York";

it("times are by 24 hours, also where people write pm", () => {
  vi.spyOn(navigator, "languages", "get").mockReturnValue(["en-US"]);
  expect(clockTime("2026-11-21T20:40:00Z", NEW_YORK, "en")).toBe("15:40");
  expect(clockTime("2026-11-21T05:05:00Z", NEW_YORK, "en")).toBe("00:05");
  expect(dayAndTime("2026-11-21T20:40:00Z", NEW_YORK, "en")).toBe("Sat, Nov 21, 15:40");
});

it("a date is the airport's", () => {
  expect(isoDate("2026-11-21T04:59:00Z", NEW_YORK)).toBe("2026-11-20");
  expect(isoDate("2026-01-01T00:00:00Z", "Asia/Tokyo")).toBe("2026-01-01");
});

it("the next day is one on, also where the clocks change in between", () => {
  expect(daysBetween("2026-10-31T22:00:00-04:00", "2026-11-01T22:00:00-05:00", NEW_YORK)).toBe(1);
  expect(daysBetween("2026-03-07T23:59:00-05:00", "2026-03-08T00:01:00-05:00", NEW_YORK)).toBe(1);
  expect(daysBetween("2026-03-08T00:01:00-05:00", "2026-03-08T23:59:00-04:00", NEW_YORK)).toBe(0);
});
