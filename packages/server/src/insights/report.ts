import type {
  AttemptOutcome,
  FailureReason,
  InsightFigures,
  Insights,
  InsightsQuery,
} from "@mission-control/protocol";
import type {
  BucketRange,
  InsightCounts,
  InsightKey,
  InsightQuery,
  InsightRow,
  InsightSnapshot,
} from "../store/insights.ts";
import { isPast, KEEP_HOURS_DAYS } from "./counting.ts";
import { addCounts, countsOf, keysOf, OTHER_REASONS, tagKey, tagOfKey } from "./counts.ts";
import { spreadOf } from "./histogram.ts";
import { dayOf, daysOf, HOUR_MS, hourOf, hoursOf } from "./stretch.ts";

/** Facts that are not counted yet and are added to an answer; more are there only while the past is being counted. */
export const MAX_UNCOUNTED = 2000;
/** Reasons that are listed. */
const TOLD_REASONS = 20;
const OUTCOMES: readonly AttemptOutcome[] = ["completed", "failed", "rejected", "lost", "cancelled"];
const EACH = { each: true } as const;

/** A stretch of time in whole hours; milliseconds since 1970. */
interface Stretch {
  from: number;
  to: number;
}

/** What a query asks for: the stretch, the one before it, and the rows to read. */
export interface InsightPlan {
  query: InsightsQuery;
  stretch: Stretch;
  previous: Stretch;
  /** Whether days are put together from hours, in the query's time zone. */
  hasHours: boolean;
  /** For the sum, the stretch before, the series, agents and tags, in this order. */
  queries: readonly InsightQuery[];
}

/** Which rows answer a query. Pure. @param now milliseconds since 1970 */
export function planInsights(query: InsightsQuery, now: number): InsightPlan {
  const end = query.to === undefined ? now : Date.parse(query.to);
  const to = Math.ceil(end / HOUR_MS) * HOUR_MS;
  const begin = query.from === undefined ? to - query.hours * HOUR_MS : Date.parse(query.from);
  const from = Math.min(Math.floor(begin / HOUR_MS) * HOUR_MS, to - HOUR_MS);
  const stretch = { from, to };
  const previous = { from: 2 * from - to, to: from };
  const oldestHour = dayOf(now - (KEEP_HOURS_DAYS - 1) * 24 * HOUR_MS);
  const hasHours = from >= oldestHour;
  const agentId = query.agentId ?? "";
  const tag = query.tag === undefined ? "" : tagKey(query.tag);
  const ranges = rangesOf(stretch, oldestHour);
  const series: BucketRange[] = hasHours ? [hours(stretch)] : [days(stretch)];
  return {
    query,
    stretch,
    previous,
    hasHours,
    queries: [
      { ranges, agentId, tag },
      { ranges: rangesOf(previous, oldestHour), agentId, tag },
      { ranges: series, agentId, tag },
      { ranges, agentId: query.agentId ?? EACH, tag },
      { ranges, agentId, tag: query.tag === undefined ? EACH : tag },
    ],
  };
}

/** The answer to a query, from the rows that were read for it. Pure. */
export function insightsOf(plan: InsightPlan, snapshot: InsightSnapshot): Insights {
  const { stretch, query } = plan;
  const facts = snapshot.uncounted.flatMap(({ fact }) => (isPast(fact) ? [] : [fact]));
  const late = facts.flatMap((fact) => keysOf(fact).map((key) => ({ ...key, counts: countsOf(fact) })));
  const [total = [], previous = [], series = [], agents = [], tags = []] = plan.queries.map(
    (asked, index) => [...(snapshot.rows[index] ?? []), ...late.filter((row) => isAskedFor(row, asked))],
  );
  const counted = sum(total);
  return {
    from: iso(stretch.from),
    to: iso(stretch.to),
    total: figuresOf(counted),
    previous: figuresOf(sum(previous)),
    series: seriesOf(plan, series),
    agents: grouped(agents, ({ agentId }) => agentId).map(([agentId, counts]) => ({
      agentId,
      ...figuresOf(counts),
    })),
    tags: grouped(tags, ({ tag }) => tag)
      .filter(([tag]) => tag !== "")
      .map(([tag, counts]) => ({ tag: query.tag ?? tagOfKey(tag), ...figuresOf(counts) })),
    reasons: reasonsOf(counted),
    isComplete:
      snapshot.uncounted.length < MAX_UNCOUNTED && !snapshot.uncounted.some(({ fact }) => isPast(fact)),
    lastEventId: snapshot.lastEventId,
  };
}

/** Whole days by their own rows, what is left at both ends by hours; what is older than hours are kept, by days alone. */
export function rangesOf({ from, to }: Stretch, oldestHour: number): BucketRange[] {
  const firstDay = from < oldestHour ? dayOf(from) : dayOf(from + 24 * HOUR_MS - 1);
  const lastDay = Math.max(dayOf(to), Math.min(oldestHour, to));
  if (firstDay >= lastDay) return [hours({ from, to })];
  const ranges = [days({ from: firstDay, to: lastDay })];
  if (from < firstDay) ranges.push(hours({ from, to: firstDay }));
  if (lastDay < to) ranges.push(hours({ from: lastDay, to }));
  return ranges;
}

function hours({ from, to }: Stretch): BucketRange {
  return { from: hourOf(from), to: hourOf(to), length: "hour" };
}

/** Every day that a stretch touches. */
function days({ from, to }: Stretch): BucketRange {
  const next = dayOf(to + 24 * HOUR_MS - 1);
  return { from: iso(dayOf(from)).slice(0, 10), to: iso(next).slice(0, 10), length: "day" };
}

/** Whether a row of its kind is among those that a query asks for. */
export function isAskedFor({ bucket, agentId, tag }: InsightKey, query: InsightQuery): boolean {
  const length = bucket.length === 10 ? "day" : "hour";
  const has = (asked: string | typeof EACH, value: string) =>
    typeof asked === "string" ? asked === value : value !== "";
  return (
    has(query.agentId, agentId) &&
    has(query.tag, tag) &&
    query.ranges.some((range) => range.length === length && bucket >= range.from && bucket < range.to)
  );
}

function seriesOf(
  { query, stretch, hasHours }: InsightPlan,
  rows: readonly InsightRow[],
): Insights["series"] {
  const byBucket = new Map(grouped(rows, ({ bucket }) => bucket));
  const all = hasHours ? hoursOf(stretch.from, stretch.to) : daysOf(stretch.from, stretch.to);
  const inZone = new Intl.DateTimeFormat("en-CA", { timeZone: query.timeZone });
  const starts = new Map<string, { start: number; counts: InsightCounts }>();
  for (const { at, bucket } of all) {
    const name = query.by === "hour" || !hasHours ? bucket : inZone.format(at);
    const known = starts.get(name) ?? { start: at, counts: {} };
    starts.set(name, { ...known, counts: addCounts(known.counts, byBucket.get(bucket) ?? {}) });
  }
  return [...starts.values()].map(({ start, counts }) => ({ start: iso(start), ...figuresOf(counts) }));
}

function grouped(rows: readonly InsightRow[], by: (row: InsightRow) => string): [string, InsightCounts][] {
  return [...Map.groupBy(rows, by)].map(([name, some]) => [name, sum(some)]);
}

/** What rows hold together. */
export function sum(rows: readonly Pick<InsightRow, "counts">[]): InsightCounts {
  return rows.reduce<InsightCounts>((total, { counts }) => addCounts(total, counts), {});
}

function figuresOf({ ended = {}, queued, worked, waited, used }: InsightCounts): InsightFigures {
  return {
    ended: Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, ended[outcome] ?? 0]),
    ) as InsightFigures["ended"],
    queued: spreadOf(queued),
    worked: spreadOf(worked),
    waited: spreadOf(waited),
    inputTokens: used?.inputTokens ?? 0,
    outputTokens: used?.outputTokens ?? 0,
    costs: Object.entries(used?.costs ?? {})
      .map(([currency, amount]) => ({ amount: withoutResidue(amount), currency }))
      .filter(({ amount }) => amount !== 0),
  };
}

function reasonsOf({ reasons = {} }: InsightCounts): FailureReason[] {
  return Object.entries(reasons)
    .sort(([a, { count: m }], [b, { count: n }]) =>
      a === OTHER_REASONS || b === OTHER_REASONS ? (a === OTHER_REASONS ? 1 : -1) : n - m,
    )
    .slice(0, TOLD_REASONS)
    .map(([, { count, text, taskId }]) => ({
      reason: text,
      count,
      ...(taskId === undefined ? {} : { taskId }),
    }));
}

/** Binary fractions of money leave a residue that depends on the order of adding: to a billionth, there is none. */
export function withoutResidue(amount: number): number {
  return Number(amount.toFixed(9));
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
