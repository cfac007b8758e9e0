import { describe, expect, it } from "vitest";
import { drift, heir, type Place } from "./anchor";

const before: Place[] = ["A", "B", "C", "D"].map((key, at) => ({ key, start: at * 60, end: at * 60 + 60 }));
const now = (keys: string) => (key: string) => (keys.includes(key) ? keys.indexOf(key) * 60 : undefined);

describe("what is read stays where it is", () => {
  it.each([
    ["a line comes above it", "XABCD", 60],
    ["a line above it goes", "BCD", -60],
    ["a line below it comes or goes", "ABCX", 0],
    ["nothing changes", "ABCD", 0],
    ["it goes itself: then the next is held", "ABD", 2 * 60 - 3 * 60],
    ["all that was seen goes", "XY", 0],
  ])("when %s", (_, keys, moved) => {
    expect(drift(before, 150, now(keys))).toBe(moved);
  });

  it("counting a line that is half covered as seen", () => {
    expect(drift(before, 59, now("XABCD"))).toBe(60);
    expect(drift(before, 60, now("AXBCD"))).toBe(60);
  });
});

describe("the focus, when its line goes,", () => {
  const has = (keys: string) => (key: string) => keys.includes(key);
  it("goes to the next that is there, at the end to the one before", () => {
    expect(heir(["A", "B", "C", "D"], "B", has("ACD"))).toBe("C");
    expect(heir(["A", "B", "C", "D"], "B", has("AD"))).toBe("D");
    expect(heir(["A", "B", "C", "D"], "D", has("AB"))).toBe("B");
    expect(heir(["A"], "A", has(""))).toBeUndefined();
  });
});
