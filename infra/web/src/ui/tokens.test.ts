// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const tokens = colours(readFileSync("src/ui/tokens.css", "utf8"));

const TEXT = 4.5; // WCAG 2.2, 1.4.3
const PART = 3; // 1.4.11: the edge of what one can act on, and what shows where the focus is

const grounds = ["back", "card", "raised"];
const pairs: [ink: string, ground: string, least: number][] = [
  ...grounds.flatMap((ground): [string, string, number][] => [
    ["ink", ground, TEXT],
    ["soft", ground, TEXT],
    ["act", ground, TEXT],
    ["good", ground, TEXT],
    ["late", ground, TEXT],
    ["bad", ground, TEXT],
    ["edge", ground, PART],
  ]),
  ...["act-back", "good-back", "late-back", "bad-back"].flatMap((ground): [string, string, number][] => [
    ["ink", ground, TEXT],
    ["soft", ground, TEXT],
    ["act", ground, TEXT],
  ]),
  ["good", "good-back", TEXT],
  ["late", "late-back", TEXT],
  ["bad", "bad-back", TEXT],
  ["on-act", "act", TEXT],
  ["flap", "flap-back", TEXT],
];

describe.each([
  ["by day", 0],
  ["by night", 1],
])("the colours %s", (_, scheme) => {
  it.each(pairs)("--%s can be read on --%s", (ink, ground, least) => {
    expect(contrast(colour(ink, scheme), colour(ground, scheme))).toBeGreaterThanOrEqual(least);
  });
});

it("the home page's black panel can be read by day too: it wears the night's colours", () => {
  for (const ink of ["ink", "soft", "act"]) {
    expect(contrast(colour(ink, 1), colour("flap-back", 0))).toBeGreaterThanOrEqual(TEXT);
  }
});

function colour(name: string, scheme: number): string {
  const found = tokens.get(name)?.[scheme];
  if (!found) throw new Error(`tokens.css has no colour --${name}`);
  return found;
}

/** Each token's colour by day and by night. */
function colours(css: string): Map<string, [string, string]> {
  const both = css.matchAll(/--([\w-]+):\s*light-dark\((#\w{6}),\s*(#\w{6})\);/g);
  const same = css.matchAll(/--([\w-]+):\s*(#\w{6});/g);
  return new Map([
    ...[...both].map(([, name = "", day = "", night = ""]): [string, [string, string]] => [
      name,
      [day, night],
    ]),
    ...[...same].map(([, name = "", always = ""]): [string, [string, string]] => [name, [always, always]]),
  ]);
}

/** WCAG's contrast ratio of two colours. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
