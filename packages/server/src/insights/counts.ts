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

/** What one fact counts for. */
export function countsOf({ ended, used, waitedMs }: InsightFact): InsightCounts {
  const counts: InsightCounts = {};
  if (ended) {
    const { outcome, reason, queuedMs, workedMs, taskId, untold } = ended;
    counts.ended = { [outcome]: 1 };
    if (untold) counts.untold = Object.fromEntries(untold.map((what) => [what, 1]));
    if (queuedMs !== undefined) counts.queued = { [binOf(queuedMs)]: 1 };
    if (outcome === "completed" && workedMs !== undefined) counts.worked = { [binOf(workedMs)]: 1 };
    if (outcome !== "completed" && outcome !== "cancelled") {
      const text = firstLine(reason ?? "") || outcome;
      counts.reasons = { [reasonKey(text)]: { count: 1, text, taskId } };
    }
  }
  if (waitedMs !== undefined) counts.waited = { [binOf(waitedMs)]: 1 };
  if (used) counts.used = used;
  return counts;
}

/** Both together; where a reason stands in both, the later one's words are kept. */
export function addCounts(a: InsightCounts, b: InsightCounts): InsightCounts {
  return present({
    ended: addNumbers(a.ended, b.ended),
    queued: addNumbers(a.queued, b.queued),
    worked: addNumbers(a.worked, b.worked),
    waited: addNumbers(a.waited, b.waited),
    reasons: addReasons(a.reasons, b.reasons),
    used: addUsed(a.used, b.used),
    untold: addNumbers(a.untold, b.untold),
  });
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
  const changed = new Map<string, InsightRow>();
  const tagCounts = new Map<string, number>();
  for (const alike of Map.groupBy(facts, placeOf).values()) {
    const counts = alike.map(countsOf).reduce(addCounts, {});
    const [first] = alike;
    for (const key of first ? keysOf(first) : []) {
      const text = keyText(key);
      const known = changed.get(text) ?? buckets.get(key.bucket)?.get(text);
      if (!known && key.tag !== "" && !asked.has(key.tag)) {
        const place = `${key.bucket} ${key.agentId}`;
        const count = tagCounts.get(place) ?? tagsIn(buckets.get(key.bucket), key.agentId);
        if (count >= MAX_TAGS) continue;
        tagCounts.set(place, count + 1);
      }
      changed.set(text, { ...key, counts: addCounts(known?.counts ?? {}, counts) });
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

function addReasons(a: InsightCounts["reasons"], b: InsightCounts["reasons"]): InsightCounts["reasons"] {
  if (!a || !b) return a ?? b;
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

function addUsed(a: UsedFact | undefined, b: UsedFact | undefined): UsedFact | undefined {
  if (!a || !b) return a ?? b;
  return present({
    inputTokens: (a.inputTokens ?? 0) + (b.inputTokens ?? 0),
    outputTokens: (a.outputTokens ?? 0) + (b.outputTokens ?? 0),
    costs: addNumbers(a.costs, b.costs),
  });
}

type Numbers = Readonly<Record<string, number>>;

function addNumbers(a: Numbers | undefined, b: Numbers | undefined): Numbers | undefined {
  if (!a || !b) return a ?? b;
  const sum: Record<string, number> = { ...a };
  for (const [name, amount] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}

/** Without the fields that are undefined. */
function present<Value extends object>(value: Value): { [Key in keyof Value]?: NonNullable<Value[Key]> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [Key in keyof Value]?: NonNullable<Value[Key]>;
  };
}
