import { expect, it } from "vitest";
import { ownPath, router } from "./routes";

const { parseSearch, stringifySearch } = router.options;

it.each([
  ["?number=6E2134&date=2026-11-21", { number: "6E2134", date: "2026-11-21" }],
  ["?confirm=7e12&code=012345", { confirm: "7e12", code: "012345" }],
  ["?q=new+york&wall=true", { q: "new york", wall: true }],
])("an address says what is written in it: %s", (written, meant) => {
  expect(parseSearch(written)).toEqual(meant);
  expect(stringifySearch(meant)).toBe(written);
});

it("what is typed into a search comes back as it was, whatever it looks like", () => {
  for (const q of ["true", '"EWR"', '"', "null", "{}", "1e3", "new york"]) {
    expect(parseSearch(stringifySearch({ q }))).toEqual({ q });
  }
});

it.each(["/profile", "/flights/UA1545-20260710-EWR?follow=true"])(
  "after the log-in it goes on at %s",
  (path) => {
    expect(ownPath(path)).toBe(path);
  },
);

it.each(["//evil.test", "/\\evil.test", "/\t/evil.test", "https://evil.test", "javascript:alert(1)", 7])(
  "after the log-in it goes to no other site: %j",
  (path) => expect(ownPath(path)).toBeUndefined(),
);
