/** Where a line stood, from the document's top. */
export type Place = { key: string; start: number; end: number };

/**
 * How far the page has to be scrolled so that what is read stays where it is, after lines came or went above it.
 * `before`: the lines that were rendered, in order; `top`: where reading begins; `startNow`: where a line stands now.
 * The first line that was seen and is still there is held.
 */
export function drift(
  before: readonly Place[],
  top: number,
  startNow: (key: string) => number | undefined,
): number {
  for (const place of before) {
    if (place.end <= top) continue;
    const start = startNow(place.key);
    if (start !== undefined) return start - place.start;
  }
  return 0;
}

/** The line that has the focus after `key` went: the next that is still there, else the one before. */
export function heir(
  before: readonly string[],
  key: string,
  has: (key: string) => boolean,
): string | undefined {
  const at = before.indexOf(key);
  return before.slice(at + 1).find(has) ?? before.slice(0, Math.max(at, 0)).findLast(has);
}
