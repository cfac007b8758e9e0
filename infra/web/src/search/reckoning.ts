import type { FareAnswer } from "../api/types";

/** What the steps of a fare's explanation say, as numbers: amounts in minor units, shares per thousand. */
export type Reckoning = {
  km: number;
  fixed: number;
  bands: readonly { upTo: number; each: number }[];
  percent: number;
  fullFare: number;
  weekday: number;
  hour: number;
  carrier: number;
  busy: number;
  bidPrice: number;
};

/** The numbers of an explanation; what a step does not say any more is 0. */
export function reckoned({ steps }: Pick<FareAnswer, "steps">): Reckoning {
  const step = (name: string) => steps.find((each) => each.name === name);
  const input = (name: string, key: string) => number(step(name)?.inputs[key]);
  const bands = step("full_fare")?.inputs.bands;
  return {
    km: input("full_fare", "km"),
    fixed: input("full_fare", "fixed"),
    bands: Array.isArray(bands)
      ? bands.flatMap((band: unknown) =>
          Array.isArray(band) ? [{ upTo: number(band[0]), each: number(band[1]) }] : [],
        )
      : [],
    percent: input("full_fare", "percent"),
    fullFare: number(step("full_fare")?.result),
    weekday: input("factor", "weekday"),
    hour: input("factor", "hour"),
    carrier: input("factor", "carrier"),
    busy: number(step("factor")?.result),
    bidPrice: number(step("bid_price")?.result),
  };
}

/** What each band of the distance adds, of those that the flight comes into. */
export function byDistance(
  km: number,
  bands: Reckoning["bands"],
): { from: number; to: number; each: number; amount: number }[] {
  let from = 0;
  return bands.flatMap(({ upTo, each }) => {
    const to = Math.min(km, upTo);
    const part = { from, to, each, amount: (to - from) * each };
    from = upTo;
    return to > part.from ? [part] : [];
  });
}

/** The lines of a price of one kind of charge together: what each passenger pays the same of is one line. */
export function summed(
  lines: readonly Pick<FareAnswer["lines"][number], "code" | "label" | "amount">[],
): { code: string; label: string; amount: number; times: number }[] {
  const found = new Map<string, { code: string; label: string; amount: number; times: number }>();
  for (const { code, label, amount } of lines) {
    const before = found.get(`${code} ${label}`) ?? { code, label, amount: 0, times: 0 };
    found.set(`${code} ${label}`, { ...before, amount: before.amount + amount, times: before.times + 1 });
  }
  return [...found.values()];
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
