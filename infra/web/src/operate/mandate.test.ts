import { expect, test } from "vitest";
import type { FlightRow } from "../api/types";
import { carrierOf, mandate, mayOperate } from "./mandate";

const flight: FlightRow = {
  id: "UA1545-20260710-EWR",
  version: 3,
  number: "UA1545",
  codeshares: ["LH7601"],
  phase: "scheduled",
  delayed: false,
  departure: { airport: "EWR", zone: "America/New_York" },
  arrival: { airport: "IAH", zone: "America/Chicago" },
};
const acts = (airlines: string[], airports: string[]) => ({ role: "operator", airlines, airports }) as const;

test("an airline says everything of the flights under its own number", () => {
  expect(mandate(acts(["UA"], []), flight)).toContain("cancelled");
  expect(mandate(acts(["UA"], []), flight)).toContain("belt");
});

test("an airline says nothing of a flight that only bears its codeshare", () => {
  expect(mayOperate(acts(["LH"], []), flight)).toBe(false);
});

test("an airport of departure says what happens there, and not what happens at the other end", () => {
  const may = mandate(acts([], ["EWR"]), flight);
  expect(may).toContain("departure_gate");
  expect(may).toContain("cancelled");
  expect(may).not.toContain("belt");
});

test("a destination says where it arrives and when, and cancels nothing", () => {
  const may = mandate(acts([], ["IAH"]), flight);
  expect([...may].sort()).toEqual(["arrival_gate", "arrival_terminal", "belt", "estimated_in", "note"]);
});

test("the airport that a flight is diverted to counts as its destination; one that is not known is nobody’s", () => {
  expect(mandate(acts([], ["AUS"]), { ...flight, diverted_to: "AUS" })).toContain("belt");
  expect(mayOperate(acts([], [""]), { ...flight, diverted_to: "" })).toBe(false);
});

test("an admin says everything, a passenger nothing, whatever else the account has", () => {
  expect(mandate({ role: "admin", airlines: [], airports: [] }, flight).size).toBe(11);
  expect(mayOperate({ role: "passenger", airlines: ["UA"], airports: ["EWR"] }, flight)).toBe(false);
});

test("a designator is two characters, or three letters", () => {
  expect(["UA1545", "9E3342", "U21234", "UAL15", "VS808P"].map(carrierOf)).toEqual([
    "UA",
    "9E",
    "U2",
    "UAL",
    "VS",
  ]);
});

test("where the mandate names ICAO codes the page offers everything, and the API decides", () => {
  expect(mandate(acts(["UAL"], []), flight)).toContain("cancelled");
  expect(mandate(acts([], ["KEWR"]), flight)).toContain("departure_gate");
});
