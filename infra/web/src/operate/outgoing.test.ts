import { expect, test } from "vitest";
import type { ChangeLine, FlightDetail } from "../api/types";
import { heard, saved, sent, telling } from "./outgoing";

const flight: FlightDetail = {
  id: "UA1545-20260710-EWR",
  version: 8,
  number: "UA1545",
  codeshares: [],
  phase: "scheduled",
  delayed: false,
  departure: { airport: "EWR", zone: "America/New_York", expected_out: "2026-07-10T18:00:00Z" },
  arrival: { airport: "IAH", zone: "America/Chicago" },
  runway: {},
  delays: [],
  derived: false,
  observed: {},
};
const change = (field: string, after: unknown = "C84", version = 7): ChangeLine => ({
  version,
  kind: "updated",
  field,
  after,
  source: "operator:UA",
  at: "2026-07-10T12:00:00Z",
});
const hours = (before: number) => Date.parse("2026-07-10T18:00:00Z") - before * 3_600_000;

test("it is on the boards once the WebSocket brought the version that it was saved in, or a later one", () => {
  const out = saved(sent(1, 1000), flight, [change("belt")]);
  expect(out.saved?.version).toBe(7);
  expect(heard(out, 6, 1200).boardsAfter).toBeUndefined();
  expect(heard(heard(out, 6, 1200), 8, 1640.4).boardsAfter).toBe(640);
});

test("the boards may have it before its answer is here", () => {
  const out = heard(sent(1, 1000), 7, 1300);
  expect(out.boardsAfter).toBeUndefined();
  expect(saved(out, flight, [change("belt")]).boardsAfter).toBe(300);
});

test("the first time counts, not each that follows", () => {
  const out = heard(saved(sent(1, 1000), flight, [change("belt")]), 7, 1300);
  expect(heard(out, 8, 9000).boardsAfter).toBe(300);
});

test("where all was known there is no version to wait for", () => {
  const out = heard(saved(sent(1, 1000), flight, []), 8, 1300);
  expect(out.saved).toMatchObject({ version: undefined, changes: [] });
  expect(out.boardsAfter).toBeUndefined();
});

test("followers are told of cancellations and diversions at once, and of gates within three hours of departure", () => {
  expect(telling([change("diverted_to")], flight, hours(2))).toEqual(["at-once"]);
  expect(telling([change("departure_gate"), change("departure_terminal")], flight, hours(2))).toEqual([
    "soon",
  ]);
  expect(telling([change("departure_gate")], flight, hours(9))).toEqual(["gate-later"]);
});

test("followers are told of times within a day of departure, and of the arrival once it has left", () => {
  expect(telling([change("estimated_out")], flight, hours(20))).toEqual(["time"]);
  expect(telling([change("estimated_out")], flight, hours(30))).toEqual(["time-later"]);
  expect(telling([change("estimated_in")], flight, hours(2))).toEqual(["page"]);
  const left = { ...flight, departure: { ...flight.departure, actual_out: "2026-07-10T18:00:00Z" } };
  expect(telling([change("estimated_in")], left, hours(-1))).toEqual(["time"]);
});

test("nobody is told of what was taken back, of notes and reasons, and of gates of a cancelled flight", () => {
  expect(
    telling([change("departure_gate", null), change("note"), change("delay_codes")], flight, hours(2)),
  ).toEqual(["page"]);
  const cancelled: FlightDetail = { ...flight, phase: "cancelled" };
  expect(telling([change("note")], cancelled, hours(2))).toEqual(["page"]);
  expect(telling([change("cancelled", true), change("note")], cancelled, hours(2))).toEqual(["at-once"]);
});
