import { expect, test } from "vitest";
import type { FlightDetail } from "../api/types";
import { known, toSend, without } from "./draft";

const flight: FlightDetail = {
  id: "UA1545-20260710-EWR",
  version: 3,
  number: "UA1545",
  codeshares: [],
  phase: "scheduled",
  delayed: true,
  departure: {
    airport: "EWR",
    zone: "America/New_York",
    scheduled_out: "2026-07-11T03:50:00Z",
    estimated_out: "2026-07-11T04:20:00Z",
    gate: "C71",
    terminal: "C",
  },
  arrival: { airport: "IAH", zone: "America/Chicago", scheduled_in: "2026-07-11T07:40:00Z" },
  runway: {},
  delays: [{ code: "93", scheme: "AHM730", minutes: 30, reason: "late arrival of the aircraft" }],
  note: "A bus takes you to the aircraft.",
  derived: false,
  observed: {},
};

test("nothing that was not touched is sent", () => {
  expect(toSend({}, flight)).toEqual({ update: {}, wrong: {} });
  expect(toSend({ departure_gate: "C84" }, flight).update).toEqual({ departure_gate: "C84" });
});

test("what was typed back to what it is, is not sent", () => {
  expect(
    toSend({ ...known(flight), departure_gate: " C71 ", estimated_out: { text: "00:20" } }, flight).update,
  ).toEqual({});
});

test("what is emptied is taken back, if there was something", () => {
  expect(toSend({ departure_gate: "", belt: "", note: " " }, flight).update).toEqual({
    departure_gate: null,
    note: null,
  });
  expect(toSend({ estimated_out: { text: "" }, estimated_in: { text: "" } }, flight).update).toEqual({
    estimated_out: null,
  });
  expect(toSend({ delay_codes: [] }, flight).update).toEqual({ delay_codes: null });
});

test("times are sent as instants, typed by the clocks of their own airport", () => {
  const { update } = toSend({ estimated_out: { text: "0045" }, estimated_in: { text: "3:30" } }, flight);
  expect(update).toEqual({ estimated_out: "2026-07-11T04:45:00Z", estimated_in: "2026-07-11T08:30:00Z" });
});

test("a time of another day is sent for the day that was chosen", () => {
  const draft = { estimated_out: { text: "14:00", day: "2026-07-11" } };
  expect(toSend(draft, flight).update).toEqual({ estimated_out: "2026-07-11T18:00:00Z" });
});

test("what is no time and what are no minutes is said, and the rest is as it was", () => {
  const draft = {
    estimated_out: { text: "25:00" },
    delay_codes: [{ code: "41", minutes: "ten" }],
    belt: "7",
  };
  expect(toSend(draft, flight)).toEqual({
    update: { belt: "7" },
    wrong: { estimated_out: "no-time", delay_codes: "no-minutes" },
  });
});

test("delay codes are sent all together, with minutes where there are some", () => {
  const delay_codes = [...known(flight).delay_codes, { code: "41", minutes: "" }];
  expect(toSend({ delay_codes }, flight).update).toEqual({
    delay_codes: [{ code: "93", minutes: 30 }, { code: "41" }],
  });
});

test("what is typed while something is on its way stays", () => {
  const sent = { departure_gate: "C84", belt: "7" };
  expect(without({ ...sent, departure_gate: "C85", note: "soon" }, sent)).toEqual({
    departure_gate: "C85",
    note: "soon",
  });
});
