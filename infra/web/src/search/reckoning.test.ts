import { expect, it } from "vitest";
import { byDistance, reckoned, summed } from "./reckoning";

const STEPS = [
  {
    name: "full_fare",
    rule: "",
    inputs: { km: 3941, fixed: 6000, bands: [[800, 14], [2400, 9], [20100, 6]], percent: 100 },
    result: 40846,
  },
]; // biome-ignore format: bands are pairs

it("adds up to the full fare, band by band", () => {
  const { km, fixed, bands, fullFare } = reckoned({ steps: STEPS });
  const parts = byDistance(km, bands);
  expect(parts.map(({ from, to }) => [from, to])).toEqual([
    [0, 800],
    [800, 2400],
    [2400, 3941],
  ]);
  expect(fixed + parts.reduce((sum, { amount }) => sum + amount, 0)).toBe(fullFare);
});

it("leaves out bands that a short flight does not come into", () => {
  expect(byDistance(500, reckoned({ steps: STEPS }).bands)).toEqual([
    { from: 0, to: 500, each: 14, amount: 7000 },
  ]);
});

it("can do with an explanation that has other steps", () => {
  expect(reckoned({ steps: [] })).toMatchObject({ km: 0, bands: [], bidPrice: 0 });
});

it("says once what several passengers pay each", () => {
  const line = { kind: "tax", code: "ZP", label: "US flight segment tax", amount: 530 };
  expect(summed([line, line, { ...line, code: "XF", label: "Facility", amount: 450 }])).toEqual([
    { code: "ZP", label: "US flight segment tax", amount: 1060, times: 2 },
    { code: "XF", label: "Facility", amount: 450, times: 1 },
  ]);
});
