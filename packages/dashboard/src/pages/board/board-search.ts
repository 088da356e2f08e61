/** What the address of the Board says. */
export interface BoardSearch {
  q?: string;
  agent?: string;
  tag?: string;
  /** Which form for new tasks is open. */
  create?: "one" | "many";
}

/** Reads the address; what makes no sense is left out. */
export function readBoardSearch(search: Record<string, unknown>): BoardSearch {
  const read: BoardSearch = {};
  for (const name of ["q", "agent", "tag"] as const) {
    const value = search[name];
    if (typeof value === "number" || (typeof value === "string" && value !== "")) read[name] = String(value);
  }
  if (search.create === "one" || search.create === "many") read.create = search.create;
  return read;
}
