import { expect, test, vi } from "vitest";
import {
  type Asked,
  type Confirmed,
  hidden,
  readDevice,
  remember,
  withAsked,
  withConfirmed,
  withoutAsked,
} from "./device";

const kept = vi.hoisted(() => new Map<string, unknown>());
vi.mock("idb-keyval", () => ({
  get: async (key: string) => kept.get(key),
  update: async (key: string, change: (value: unknown) => unknown) => kept.set(key, change(kept.get(key))),
}));

const NOTHING = { confirmed: [], asked: [], typed: {} };
const ANNA: Confirmed = { channel: "email", address: "a…@example.com", token: "anna", ids: ["1", "2"] };

function asked(id: string, at = Date.now()): Asked {
  return { id, at, channel: "email", address: "a…@example.com", confirm: "link", bound: true, flight: "UA1" };
}

test("an address is shown again as the API hides it", () => {
  expect(hidden("email", "Ada.Lovelace@example.com")).toBe("a…@example.com");
  expect(hidden("sms", "+1 (202) 555-0123")).toBe("+1…23");
  expect(hidden("webpush", "")).toBe("");
});

test("an address that is confirmed again is there once, with its new token", () => {
  const device = withConfirmed(withConfirmed(NOTHING, ANNA), { ...ANNA, token: "new", ids: ["2", "3"] });
  expect(device.confirmed.map(({ token }) => token)).toEqual(["new"]);
});

test("two people whose addresses look alike are both remembered", () => {
  const device = withConfirmed(withConfirmed(NOTHING, ANNA), { ...ANNA, token: "alex", ids: ["9"] });
  expect(device.confirmed.map(({ token }) => token)).toEqual(["anna", "alex"]);
});

test("a browser has one subscription: the newest", () => {
  const former: Confirmed = { channel: "webpush", address: "", token: "former", ids: ["1"], endpoint: "a" };
  const device = withConfirmed(withConfirmed(NOTHING, former), {
    ...former,
    token: "now",
    ids: ["5"],
    endpoint: "b",
  });
  expect(device.confirmed.map(({ token }) => token)).toEqual(["now"]);
});

test("what is asked for twice waits once, and no longer when it is settled", () => {
  const device = withAsked(withAsked(withAsked(NOTHING, asked("1", 1)), asked("2")), asked("1", 2));
  expect(device.asked.map(({ id, at }) => [id, id === "1" ? at : undefined])).toEqual([
    ["2", undefined],
    ["1", 2],
  ]);
  expect(withoutAsked(device, ["1"]).asked.map(({ id }) => id)).toEqual(["2"]);
});

test("what was asked for stays on the device for three days, as with the API", async () => {
  const days = (number: number) => Date.now() - number * 86_400_000;
  await remember((device) =>
    withAsked(withAsked(device, asked("old", days(3.1))), asked("young", days(2.9))),
  );
  expect((await readDevice()).asked.map(({ id }) => id)).toEqual(["young"]);
});
