import { expect, test, vi } from "vitest";

vi.mock("idb-keyval", () => ({ get: async () => undefined, update: async () => undefined }));
const { pathOf, read } = await import("./push");

const NEWS = {
  title: "UA1545 leaves LATER: 17:40 EDT instead of 17:10",
  body: "Newark–Houston IAH",
  language: "de",
  urgent: true,
  data: { type: "flight.changed", flight: "UA1545-20260710-EWR", version: "3", matters: "delayed" },
};

test("news of a flight leads to its page", () => {
  const told = read(JSON.stringify(NEWS));
  expect(told).toMatchObject({ title: NEWS.title, body: NEWS.body, language: "de", urgent: true });
  expect(pathOf(told)).toBe("/flights/UA1545-20260710-EWR");
});

test("a confirming message leads to the page that confirms, with its code as it was", () => {
  const data = { type: "confirm", code: "012345", subscription: "ab12" };
  const told = read(
    JSON.stringify({ title: "Confirm", body: "", data: { ...data, flight: "UA1545-20260710-EWR" } }),
  );
  expect(told.confirm).toEqual({ subscription: "ab12", code: "012345" });
  expect(pathOf(told)).toBe("/flights/UA1545-20260710-EWR?confirm=ab12&code=012345");
  expect(pathOf(read(JSON.stringify({ title: "Confirm", data })))).toBe(
    "/following?confirm=ab12&code=012345",
  );
});

test.each([
  "",
  "what is this",
  "null",
  "[]",
  "7",
  '{"title": 3, "data": "x"}',
  '{"data": {"type": "confirm"}}',
])("a payload that nobody knows is shown as news of a flight: %s", (payload) => {
  const told = read(payload);
  expect(told.title).toBe("Gatecall");
  expect(told.body).toBe("Something changed of a flight you follow.");
  expect(pathOf(told)).toBe("/following");
});
