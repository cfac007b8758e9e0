import { expect, it } from "vitest";
import type { BookingAnswer } from "../api/types";
import { askedAgainIn } from "./bookings";

const NOW = Date.parse("2026-11-22T10:00:00Z");
const UNTIL = "2026-11-22T10:10:00Z";

function asked(told: Partial<BookingAnswer>): number | false {
  const nothing = { amount: 0, currency: "USD" };
  const rest = {
    passengers: [],
    flights: [],
    lines: [],
    total: nothing,
    paid: nothing,
    link: "",
    version: 1,
  };
  const contact = { email: "ada@example.com", language: "en" };
  return askedAgainIn({ pnr: "K3M9TZ", state: "ticketed", contact, ...rest, ...told }, NOW);
}

it("asks for a booking again when it may stand otherwise with nobody doing anything", () => {
  expect(asked({})).toBe(false);
  expect(asked({ state: "held", hold_until: UNTIL })).toBe(601_500); // nothing is held any more
  expect(asked({ state: "held", hold_until: "2026-11-22T09:59:59Z" })).toBe(1_500); // nor by the server's clock
  expect(asked({ change: { flights: [], due: { amount: 1, currency: "USD" }, until: UNTIL } })).toBe(601_500);
  expect(asked({ state: "held", hold_until: UNTIL, payment: "open" })).toBe(1_500);
  expect(asked({ state: "waitlisted" })).toBe(30_000); // seats come back
  expect(asked({ state: "cancelled", refund_due: { amount: 1, currency: "USD" } })).toBe(30_000);
});
