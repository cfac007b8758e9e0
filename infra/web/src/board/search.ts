/** What a board is narrowed to, as it stands in its address. */
export type BoardSearch = {
  q?: string;
  show?: "delayed" | "cancelled" | "earlier";
  terminal?: string;
  airline?: string;
  wall?: boolean;
};

/** Read a board's search parameters; what is not understood is left out. */
export function readBoardSearch(search: Record<string, unknown>): BoardSearch {
  const { show } = search;
  return {
    q: text(search.q),
    show: show === "delayed" || show === "cancelled" || show === "earlier" ? show : undefined,
    terminal: text(search.terminal),
    airline: text(search.airline),
    wall: search.wall === true ? true : undefined,
  };
}

function text(value: unknown): string | undefined {
  const read = typeof value === "string" || typeof value === "number" ? String(value) : "";
  return read || undefined;
}
