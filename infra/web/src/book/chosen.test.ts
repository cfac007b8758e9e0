import { describe, expect, it } from "vitest";
import { ApiProblem } from "../api/problems";
import { fieldsOfAge, flightsOf, isPhone, kindsOf, newTotal, orderOf, readBookSearch } from "./chosen";

const SEARCH = readBookSearch({
  flights: "ua806-20261201-ewr,UA1-20261208-LAX",
  total: "45220",
  currency: "USD",
  passengers: "1",
  children: 1,
  infants: 1,
});

function fields(more: Record<string, string> = {}): FormData {
  const form = new FormData();
  const given = {
    "passengers.0.given_name": " Ada ",
    "passengers.0.family_name": "Lovelace",
    "passengers.1.given_name": "Byron",
    "passengers.1.family_name": "King",
    "passengers.1.date_of_birth": "2019-05-05",
    "passengers.2.given_name": "Anne",
    "passengers.2.family_name": "King",
    "passengers.2.date_of_birth": "2026-02-05",
    "passengers.2.lap_of": "0",
    "contact.email": "ada@example.com",
    "contact.phone": "+1 (202) 555-0123",
    ...more,
  };
  for (const [name, value] of Object.entries(given)) form.append(name, value);
  return form;
}

describe("what is held", () => {
  it("names the party as the API wants it: adults, children, infants on the laps of adults", () => {
    expect(kindsOf(SEARCH)).toEqual(["adult", "child", "infant"]);
    const order = orderOf(SEARCH, fields(), "de", 45220);
    expect(order.passengers).toEqual([
      { kind: "adult", family_name: "Lovelace", given_name: "Ada" },
      { kind: "child", family_name: "King", given_name: "Byron", date_of_birth: "2019-05-05" },
      { kind: "infant", family_name: "King", given_name: "Anne", date_of_birth: "2026-02-05", lap_of: 0 },
    ]);
    expect(order.contact).toEqual({ email: "ada@example.com", phone: "+12025550123", language: "de" });
    expect(order.flights).toEqual([
      { flight: "UA806-20261201-EWR", cabin: "economy" },
      { flight: "UA1-20261208-LAX", cabin: "economy" },
    ]);
  });

  it("is held to the price that was shown, but for bags and services, which come on top", () => {
    expect(orderOf(SEARCH, fields(), "en", 45220).total).toEqual({ amount: 45220, currency: "USD" });
    const order = orderOf(SEARCH, fields({ "bags.0": "2", "services.1": "WCHR" }), "en", 45220);
    expect(order.total).toBeUndefined();
    expect(order.extras).toEqual([
      { code: "BAG", passenger: 0 },
      { code: "BAG", passenger: 0 },
      { code: "WCHR", passenger: 1 },
    ]);
  });
});

it("reads an address that makes no sense as no flights", () => {
  expect(flightsOf(readBookSearch({ flights: 7, passengers: "99", total: "free" }))).toEqual([]);
});

it("reads the price as it is by now, of the problem that says that it changed", () => {
  expect(newTotal({ total: { amount: 50000, currency: "USD" } })).toEqual({ amount: 50000, currency: "USD" });
  expect(newTotal({})).toBeUndefined();
  expect(newTotal({ total: "much" })).toBeUndefined();
});

it("takes phone numbers that can be called from abroad", () => {
  expect(["+12025550123", "0123456", "+0123456789", "+1202"].map(isPhone)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

it("says at the date of birth who is of another age than the fare", () => {
  const birth = { in: "body", name: "passengers.2.date_of_birth", detail: "must be that of a child" };
  const other = { in: "body", name: "passengers.2.family_name", detail: "is missing" };
  expect(fieldsOfAge(new ApiProblem(400, "Bad Request", "", [birth, other]))).toEqual([
    "passengers.2.date_of_birth",
  ]);
  expect(fieldsOfAge(new Error("no answer"))).toEqual([]);
});
