import type { LineShown } from "../api/types";

const KINDS = ["fare", "tax", "extra", "fee"] as const;
type Kind = (typeof KINDS)[number];
type Line = { key: string; label: string; times: number; amount: number };

/** The lines of a price by what they are for, those of one label together. Their sums are the price. */
export function groupsOf(
  lines: readonly LineShown[],
): { kind: Kind; amount: number; lines: readonly Line[] }[] {
  const groups = new Map<Kind, { amount: number; lines: Map<string, Line> }>();
  for (const { kind, code, label, amount } of lines) {
    const group = groups.get(kindOf(kind)) ?? { amount: 0, lines: new Map<string, Line>() };
    const key = `${kind} ${code} ${label}`;
    const line = group.lines.get(key) ?? { key, label, times: 0, amount: 0 };
    group.lines.set(key, { ...line, times: line.times + 1, amount: line.amount + amount });
    groups.set(kindOf(kind), { ...group, amount: group.amount + amount });
  }
  return KINDS.flatMap((kind) => {
    const group = groups.get(kind);
    return group ? [{ kind, amount: group.amount, lines: [...group.lines.values()] }] : [];
  });
}

function kindOf(kind: string): Kind {
  if (kind === "fare" || kind === "tax") return kind;
  return kind === "fee" ? "fee" : "extra"; // bags, seats, assistance
}
