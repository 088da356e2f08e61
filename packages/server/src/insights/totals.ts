import type { InsightCounts, InsightQuery, InsightSnapshot } from "../store/insights.ts";
import { isPast, KEEP_HOURS_DAYS } from "./counting.ts";
import { countsOf, keysOf, tagKey } from "./counts.ts";
import { isAskedFor, MAX_UNCOUNTED, rangesOf, sum } from "./report.ts";
import { dayOf } from "./stretch.ts";

const DAY_MS = 86_400_000;

/** A stretch of time in whole hours of UTC, of one agent or tag where they are named. Milliseconds since 1970. */
export interface AskedTotal {
  from: number;
  to: number;
  agentId?: string | undefined;
  tag?: string | undefined;
}

/** Which rows hold the totals, one query for each. Pure. @param now milliseconds since 1970 */
export function totalQueries(asked: readonly AskedTotal[], now: number): InsightQuery[] {
  const oldestHour = dayOf(now - (KEEP_HOURS_DAYS - 1) * DAY_MS);
  return asked.map(({ from, to, agentId = "", tag }) => ({
    ranges: rangesOf({ from, to }, oldestHour),
    agentId,
    tag: tag === undefined ? "" : tagKey(tag),
  }));
}

/** What was counted under each query, with what is not in the rows yet. Pure. */
export function totalsOf(queries: readonly InsightQuery[], snapshot: InsightSnapshot): InsightCounts[] {
  const facts = snapshot.uncounted.flatMap(({ fact }) => (isPast(fact) ? [] : [fact]));
  const late = facts.flatMap((fact) => keysOf(fact).map((key) => ({ ...key, counts: countsOf(fact) })));
  return queries.map((query, index) =>
    sum([...(snapshot.rows[index] ?? []), ...late.filter((row) => isAskedFor(row, query))]),
  );
}

/** Whether nothing is left to count that a snapshot does not hold. */
export function isWhole({ uncounted }: InsightSnapshot): boolean {
  return uncounted.length < MAX_UNCOUNTED && !uncounted.some(({ fact }) => isPast(fact));
}
