// @vitest-environment node
import { getCatalogs } from "@lingui/cli/api";
import { getConfig } from "@lingui/conf";
import { beforeAll, describe, expect, it } from "vitest";

const config = getConfig({ cwd: process.cwd() });
const catalogues = await getCatalogs(config);

describe.each(catalogues.map((each) => [each.path.split("/").at(-1) ?? "", each] as const))(
  "the words of %s",
  (_, catalogue) => {
    let used: Record<string, { message?: string }>;

    beforeAll(async () => {
      used = (await catalogue.collect()) ?? {};
    });

    it("are those that the source has: `npm run words` brings them up to date", async () => {
      const kept = (await catalogue.read("en")) ?? {};
      expect(Object.keys(kept).sort()).toEqual(Object.keys(used).sort());
    });

    it.each(["es", "fr", "de", "zh"])(
      "are all said in %s, with the same parts to fill in",
      async (language) => {
        const kept = (await catalogue.read(language)) ?? {};
        const wrong = Object.entries(used).flatMap(([id, { message = "" }]) => {
          const said = kept[id]?.translation ?? "";
          return said && parts(said) === parts(message) ? [] : [`${message} → ${said || "(not said)"}`];
        });
        expect(wrong).toEqual([]);
      },
    );
  },
);

/**
 * What is filled in, and the tags around words: {gate}, <0>, {count, plural, …}; in order of their names.
 * Braces nest: the words of a plural's case stand in braces too, at every second depth.
 */
function parts(message: string): string {
  const names = new Set(message.match(/<\/?\d+\/?>/g));
  let depth = 0;
  for (const [at, letter] of [...message].entries()) {
    if (letter === "}") depth -= 1;
    if (letter !== "{") continue;
    depth += 1;
    const name = [...message]
      .slice(at)
      .join("")
      .match(/^\{\s*\w+\s*[,}]/)?.[0];
    if (name && depth % 2 === 1) names.add(name.replace(/\s/g, ""));
  }
  return [...names].sort().join(" ");
}
