import { expect, it } from "vitest";
import { money } from "./money";

it("is written as its language does, in the currency's own decimals", () => {
  expect(money({ amount: 22610, currency: "USD" }, "en")).toBe("$226.10");
  expect(money({ amount: 22610, currency: "USD" }, "de")).toBe("226,10\u00a0$");
  expect(money({ amount: 22610, currency: "JPY" }, "en")).toBe("¥22,610");
});
