import type { InsightCounts, InsightKey, InsightRow, ReasonCount } from "../store/insights.ts";
import type { InsightFact, UsedFact } from "../tasks/insight-fact.ts";
import { binOf } from "./histogram.ts";

/** A bucket keeps so many reasons apart; the rarest beyond go under {@link OTHER_REASONS}. */
const MAX_REASONS = 20;
export const OTHER_REASONS = "";
/** Of a reason, in UTF-16 units. */
const MAX_REASON_LENGTH = 200;
/** Tags of an agent, or of all, that an hour or day keeps apart: what has more than these is counted without its tags. */
export const MAX_TAGS = 100;

const TALLIES = ["ended", "queued", "worked", "waited", "untold"] as const;
type Tally = (typeof TALLIES)[number];

/** Counts that are being added to. */
type CountSum = Partial<Record<Tally, Record<string, number>>> & Omit<InsightCounts, Tally>;

/** What one fact counts for. */
export function countsOf(fact: InsightFact): InsightCounts {
  const sum: CountSum = {};
  addFact(sum, fact);
  return sum;
}

/** Both together; where a reason stands in both, the later one's words are kept. */
export function addCounts(a: InsightCounts, b: InsightCounts): InsightCounts {
  const sum = copyOf(a);
  addTo(sum, b);
  return sum;
}

/** The hour and the day of UTC that a time is in. */
export function bucketsOf(at: string): { hour: string; day: string } {
  return { hour: at.slice(0, 13), day: at.slice(0, 10) };
}

/** A tag as a key: PostgreSQL's texts cannot hold U+0000. */
export function tagKey(tag: string): string {
  return JSON.stringify(tag).slice(1, -1);
}

/** The tag of a key. */
export function tagOfKey(key: string): string {
  return JSON.parse(`"${key}"`) as string;
}

/** The keys that a fact is counted under: its hour and its day, each of its agent and of all, without and with its tags. */
export function keysOf({ at, agentId, tags }: InsightFact): InsightKey[] {
  const { hour, day } = bucketsOf(at);
  const named = ["", ...new Set(tags.map(tagKey))];
  return [hour, day].flatMap((bucket) =>
    ["", agentId].flatMap((agent) => named.map((tag) => ({ bucket, agentId: agent, tag }))),
  );
}

/** One key as text. Ids have no spaces, and a bucket has none. */
export function keyText({ bucket, agentId, tag }: InsightKey): string {
  return `${bucket} ${agentId} ${tag}`;
}

/** The rows of one bucket, by {@link keyText}. */
export type Bucket = ReadonlyMap<string, InsightRow>;

/**
 * Adds facts to buckets.
 * @param buckets those of the facts, as they are
 * @param asked tags, as keys, that are kept apart however many others there are
 * @returns the rows that changed, as they are then
 */
export function countFacts(
  facts: readonly InsightFact[],
  buckets: ReadonlyMap<string, Bucket>,
  asked: ReadonlySet<string> = new Set(),
): InsightRow[] {
  const changed = new Map<string, InsightKey & { counts: CountSum }>();
  const tagCounts = new Map<string, number>();
  for (const alike of Map.groupBy(facts, placeOf).values()) {
    const sum: CountSum = {};
    for (const fact of alike) addFact(sum, fact);
    const [first] = alike;
    for (const key of first ? keysOf(first) : []) {
      const text = keyText(key);
      let row = changed.get(text);
      if (!row) {
        const known = buckets.get(key.bucket)?.get(text);
        if (!known && key.tag !== "" && !asked.has(key.tag)) {
          const place = `${key.bucket} ${key.agentId}`;
          const count = tagCounts.get(place) ?? tagsIn(buckets.get(key.bucket), key.agentId);
          if (count >= MAX_TAGS) continue;
          tagCounts.set(place, count + 1);
        }
        row = { ...key, counts: copyOf(known?.counts ?? {}) };
        changed.set(text, row);
      }
      addTo(row.counts, sum);
    }
  }
  return [...changed.values()];
}

/** What facts that are counted under the same keys have in common. */
function placeOf({ at, agentId, tags }: InsightFact): string {
  return JSON.stringify([bucketsOf(at).hour, agentId, tags]);
}

/** How many tags a bucket keeps apart for an agent. */
function tagsIn(bucket: Bucket | undefined, agentId: string): number {
  let count = 0;
  for (const row of bucket?.values() ?? []) if (row.tag !== "" && row.agentId === agentId) count++;
  return count;
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0]?.slice(0, MAX_REASON_LENGTH).trim() ?? "";
}

/** Reasons that differ only in words with digits in them have one key. */
function reasonKey(text: string): string {
  return text.replace(/[\w-]*\d[\w-]*/g, "#");
}

function addFact(sum: CountSum, { ended, used, waitedMs }: InsightFact): void {
  if (ended) {
    const { outcome, reason, queuedMs, workedMs, taskId, untold } = ended;
    add(sum, "ended", outcome);
    for (const what of untold ?? []) add(sum, "untold", what);
    if (queuedMs !== undefined) add(sum, "queued", binOf(queuedMs));
    if (outcome === "completed" && workedMs !== undefined) add(sum, "worked", binOf(workedMs));
    if (outcome !== "completed" && outcome !== "cancelled") {
      const text = firstLine(reason ?? "") || outcome;
      sum.reasons = addReasons(sum.reasons, { [reasonKey(text)]: { count: 1, text, taskId } });
    }
  }
  if (waitedMs !== undefined) add(sum, "waited", binOf(waitedMs));
  if (used) sum.used = addUsed(sum.used, used);
}

function addTo(sum: CountSum, { reasons, used, ...tallies }: InsightCounts): void {
  for (const tally of TALLIES) {
    for (const [name, amount] of Object.entries(tallies[tally] ?? {})) add(sum, tally, name, amount);
  }
  if (reasons) sum.reasons = addReasons(sum.reasons, reasons);
  if (used) sum.used = addUsed(sum.used, used);
}

function add(sum: CountSum, tally: Tally, name: string | number, amount = 1): void {
  sum[tally] ??= {};
  sum[tally][name] = (sum[tally][name] ?? 0) + amount;
}

/** A copy that can be added to: reasons and usage are replaced then, not changed. */
function copyOf(counts: InsightCounts): CountSum {
  const sum: CountSum = { ...(counts as CountSum) };
  for (const tally of TALLIES) if (sum[tally]) sum[tally] = { ...sum[tally] };
  return sum;
}

type Reasons = NonNullable<InsightCounts["reasons"]>;

function addReasons(a: Reasons | undefined, b: Reasons): Reasons {
  if (!a) return b;
  const sum = new Map<string, ReasonCount>(Object.entries(a));
  for (const [key, { count, ...last }] of Object.entries(b)) {
    sum.set(key, { ...last, count: count + (sum.get(key)?.count ?? 0) });
  }
  if (sum.size <= MAX_REASONS) return Object.fromEntries(sum);
  const byCount = [...sum].sort(([x, { count: m }], [y, { count: n }]) => {
    if (x === OTHER_REASONS || y === OTHER_REASONS) return x === OTHER_REASONS ? 1 : -1;
    return n - m;
  });
  const rare = byCount.slice(MAX_REASONS - 1);
  const other = { count: rare.reduce((total, [, { count }]) => total + count, 0), text: "" };
  return Object.fromEntries([...byCount.slice(0, MAX_REASONS - 1), [OTHER_REASONS, other]]);
}

function addUsed(a: UsedFact | undefined, b: UsedFact): UsedFact {
  if (!a) return b;
  const costs = addNumbers(a.costs, b.costs);
  return {
    inputTokens: (a.inputTokens ?? 0) + (b.inputTokens ?? 0),
    outputTokens: (a.outputTokens ?? 0) + (b.outputTokens ?? 0),
    ...(costs ? { costs } : {}),
  };
}

type Numbers = Readonly<Record<string, number>>;

function addNumbers(a: Numbers | undefined, b: Numbers | undefined): Numbers | undefined {
  if (!a || !b) return a ?? b;
  const sum: Record<string, number> = { ...a };
  for (const [name, amount] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}
