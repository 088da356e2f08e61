export const RANGES = { "24h": 1, "7d": 7, "30d": 30 } as const;
export type Range = keyof typeof RANGES;

/** What the address of the Insights page says; a day where it names no range. */
export interface InsightsSearch {
  range?: Exclude<Range, "24h">;
  agent?: string;
  tag?: string;
}

/** Reads the address; what makes no sense is left out. */
export function readInsightsSearch(search: Record<string, unknown>): InsightsSearch {
  const read: InsightsSearch = {};
  if (search.range === "7d" || search.range === "30d") read.range = search.range;
  for (const name of ["agent", "tag"] as const) {
    const value = search[name];
    if (typeof value === "number" || (typeof value === "string" && value !== "")) read[name] = String(value);
  }
  return read;
}
