import { i18n } from "@lingui/core";
import { describe, expect, it } from "vitest";
import type { BookingAnswer, SegmentShown } from "../api/types";
import { passesOf } from "./passes";
import { groupsOf } from "./prices";
import { checkInOf, journeysOf, refund, standing, ticketNumber } from "./standing";

const USD = (amount: number) => ({ amount, currency: "USD" });
const OUT = "2026-12-01T17:00:00Z";
const CLOCKS = { wall: Date.parse("2026-11-22T01:00:00Z"), flight: Date.parse("2026-11-22T01:00:00Z") };
const at = (instant: string) => ({ ...CLOCKS, flight: Date.parse(instant) });

function flight(origin: string, destination: string, out = OUT, hours = 3): SegmentShown {
  return {
    flight: `UA1-${out.slice(0, 10).replaceAll("-", "")}-${origin}`,
    number: "UA1",
    origin,
    origin_city: origin === "EWR" ? "Newark" : undefined,
    origin_zone: "America/New_York",
    destination,
    destination_zone: "America/Chicago",
    scheduled_out: out,
    scheduled_in: new Date(Date.parse(out) + hours * 3_600_000).toISOString(),
    cabin: "economy",
    booking_class: "M",
    fare_basis: "M14",
    brand: "Main",
    seats: ["12A", "12B"],
    checked_in: [],
  };
}

function booking(told: Partial<BookingAnswer> = {}): BookingAnswer {
  const somebody = { kind: "adult", family_name: "LOVELACE", given_name: "ADA", document: false } as const;
  return {
    pnr: "K3M9TZ",
    state: "ticketed",
    passengers: [somebody, somebody],
    flights: [flight("EWR", "ORD")],
    lines: [],
    total: USD(20_000),
    paid: USD(20_000),
    contact: { email: "ada@example.com", language: "en" },
    link: "token",
    version: 2,
    ...told,
  };
}

describe("journeys", () => {
  it("go on where one changes planes, and end where one stays a day or is back", () => {
    const there = [flight("EWR", "ORD"), flight("ORD", "LAX", "2026-12-01T22:00:00Z")];
    const back = [flight("LAX", "ORD", "2026-12-01T23:59:00Z"), flight("ORD", "EWR", "2026-12-02T05:00:00Z")];
    const later = back.map((each) =>
      flight(each.origin, each.destination, each.scheduled_out.replace("12-0", "12-1")),
    );
    expect(journeysOf([...there, ...later]).map((each) => each.length)).toEqual([2, 2]);
    expect(journeysOf([...there, ...back])).toEqual([there, back]); // on the same day
    const [out, home] = [flight("EWR", "ORD"), flight("ORD", "EWR", "2026-12-01T22:00:00Z")];
    expect(journeysOf([out, home])).toEqual([[out], [home]]);
    expect(journeysOf([])).toEqual([]);
  });
});

describe("check-in", () => {
  it.each([
    ["2026-11-30T16:59:59Z", undefined, "early"],
    ["2026-11-30T17:00:00Z", undefined, "open"],
    ["2026-12-01T16:15:00Z", undefined, "open"],
    ["2026-12-01T16:15:01Z", undefined, "closed"],
    ["2026-12-01T16:15:01Z", "2026-12-01T18:00:00Z", "open"], // late: it closes later, too
  ])("at %s, expected out %s, is %s", (now, expected, phase) => {
    expect(checkInOf(flight("EWR", "ORD"), Date.parse(now), expected).phase).toBe(phase);
  });
});

describe("how a booking stands", () => {
  const says = (told: Partial<BookingAnswer>, clocks = CLOCKS) => standing(booking(told), clocks, i18n);

  it("is until when seats are held, and whether a card was declined", () => {
    const held = { state: "held", hold_until: "2026-11-22T01:15:00Z", to_pay: USD(20_000) } as const;
    expect(says(held).says).toMatch(/^Your seats are held until \d\d:15$/);
    expect(says({ ...held, payment: "declined" }).says).toBe("The payment was declined");
    expect(says({ ...held, payment: "open" }).says).toBe("Your payment is being checked");
  });

  it("is where a trip is: booked, open for check-in, checked in, over", () => {
    expect(says({}).says).toBe("You are booked: from Newark on Tue, Dec 1");
    expect(says({}, at("2026-12-01T01:00:00Z")).says).toBe("Check-in is open");
    const flights = [{ ...flight("EWR", "ORD"), checked_in: [0, 1] }];
    expect(says({ flights }, at("2026-12-01T01:00:00Z")).says).toBe("You are checked in");
    expect(says({}, at("2026-12-02T01:00:00Z")).says).toBe("This trip is over");
  });

  it("is what a change waits for, and says so before the tickets that go on", () => {
    const change = { flights: [], due: USD(5_000), until: "2026-11-22T01:15:00Z" };
    expect(says({ change, to_pay: USD(5_000) }).more).toContain("$50.00");
  });

  it("is cancelled, with what comes back", () => {
    expect(says({ state: "cancelled", refund_due: USD(19_000) }).more).toContain(
      "$190.00 is on its way back",
    );
    expect(says({ state: "cancelled", refunded: USD(19_000) }).more).toContain("$190.00 came back");
    expect(says({ state: "cancelled" }).more).toBe("Nothing is to come back.");
    expect(refund(booking({}), i18n)).toBeUndefined();
  });
});

it("a ticket's number has its airline's digits apart", () => {
  expect(ticketNumber("0162400123456")).toBe("016 2400123456");
});

it("boarding passes are those of who is checked in, by flight; of a cancelled booking there are none", () => {
  const flights = [
    { ...flight("EWR", "ORD"), checked_in: [0, 1], seats: ["12A", null] },
    flight("ORD", "LAX"),
  ];
  expect(passesOf({ state: "ticketed", flights }).map(({ passenger, seat }) => [passenger, seat])).toEqual([
    [0, "12A"],
    [1, null],
  ]);
  expect(passesOf({ state: "cancelled", flights })).toEqual([]);
});

it("a price's groups add up to the price, with the same lines counted together", () => {
  const lines = [
    { kind: "fare", code: "M", label: "Fare M", amount: 10_000, passenger: 0, flight: 0 },
    { kind: "fare", code: "M", label: "Fare M", amount: 10_000, passenger: 1, flight: 0 },
    { kind: "tax", code: "US", label: "US tax", amount: 1_500 },
    { kind: "bag", code: "BAG", label: "Bag", amount: 4_000 },
    { kind: "fee", code: "RES", label: "Kept", amount: -500 },
  ];
  const groups = groupsOf(lines);
  expect(groups.map(({ kind }) => kind)).toEqual(["fare", "tax", "extra", "fee"]);
  expect(groups[0]?.lines).toEqual([{ key: "fare M Fare M", label: "Fare M", times: 2, amount: 20_000 }]);
  expect(groups.reduce((sum, { amount }) => sum + amount, 0)).toBe(25_000);
});
