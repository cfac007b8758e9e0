import { expect, it } from "vitest";
import { onceKey, settled } from "./onceKey";

it("is the same for the same order, also after a reload, and another for another", async () => {
  const first = await onceKey("hold", { flights: ["UA1-20261201-EWR"] });
  expect(await onceKey("hold", { flights: ["UA1-20261201-EWR"] })).toBe(first);
  expect(await onceKey("hold", { flights: ["UA2-20261201-EWR"] })).not.toBe(first);
});

it("is another for each purpose, and once it is settled", async () => {
  const first = await onceKey("pay K3M9TZ", { token: "tok_decline" });
  expect(await onceKey("pay AAAAAA", { token: "tok_decline" })).not.toBe(first);
  settled("pay K3M9TZ");
  expect(await onceKey("pay K3M9TZ", { token: "tok_decline" })).not.toBe(first);
});

it("keeps nothing of the order itself", async () => {
  await onceKey("hold", { family_name: "Lovelace" });
  expect(JSON.stringify({ ...sessionStorage })).not.toContain("Lovelace");
});
