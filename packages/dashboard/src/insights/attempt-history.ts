import type { LogEvent } from "@mission-control/protocol";
import { quantile } from "../store/quantiles.ts";

/** Types of events an attempt's story is read from. */
export const STORY_TYPES = ["dispatch", "complete", "error"] as const;

/** One attempt as the log tells it. Times are milliseconds of the server's clock. */
export interface AttemptStory {
  dispatchId: string;
  taskId: string;
  agentId: string;
  queuedAt: number | null;
  endedAt: number | null;
  outcome: "open" | "completed" | "failed" | "rejected" | "lost" | "cancelled";
  /** Why it ended badly, in words. */
  reason: string | null;
}

const BAD_ENDS: ReadonlySet<unknown> = new Set(["failed", "rejected", "lost", "cancelled"]);

/** Puts attempts together from events in log order. */
export function attemptsOf(events: readonly LogEvent[]): AttemptStory[] {
  const stories = new Map<string, AttemptStory>();
  for (const event of events) {
    const { dispatchId, taskId, agentId, type, data } = event;
    if (!dispatchId || !taskId || !agentId) continue;
    let story = stories.get(dispatchId);
    if (!story) {
      story = { dispatchId, taskId, agentId, queuedAt: null, endedAt: null, outcome: "open", reason: null };
      stories.set(dispatchId, story);
    }
    const at = Date.parse(event.receivedAt);
    if (type === "complete") end(story, "completed", at, null);
    else if (type === "error") end(story, "failed", at, event.message ?? null);
    else if (type === "dispatch" && data.state === "queued") story.queuedAt = at;
    else if (type === "dispatch" && BAD_ENDS.has(data.state)) {
      end(story, data.state as AttemptStory["outcome"], at, String(data.reason ?? event.message ?? ""));
    }
  }
  return [...stories.values()];
}

function end(story: AttemptStory, outcome: AttemptStory["outcome"], at: number, reason: string | null): void {
  if (story.outcome !== "open") return;
  story.outcome = outcome;
  story.endedAt = at;
  story.reason = reason;
}

/** From dispatch to completion, in milliseconds; null for what is not complete or began before the log's stretch. */
export function durationOf({ outcome, queuedAt, endedAt }: AttemptStory): number | null {
  return outcome === "completed" && queuedAt !== null && endedAt !== null ? endedAt - queuedAt : null;
}

/** How an agent does. Cancelled attempts say nothing about it. */
export interface AgentRecord {
  ended: number;
  completed: number;
  /** Of the attempts that ended, those that completed, from 0 to 1; null while none has ended. */
  successRate: number | null;
  medianDuration: number | null;
  /** Newest first. */
  failures: AttemptStory[];
}

export function recordOf(stories: readonly AttemptStory[]): AgentRecord {
  const ended = stories.filter(({ outcome }) => outcome !== "open" && outcome !== "cancelled");
  const completed = ended.filter(({ outcome }) => outcome === "completed");
  const durations = completed.map(durationOf).filter((duration) => duration !== null);
  return {
    ended: ended.length,
    completed: completed.length,
    successRate: ended.length === 0 ? null : completed.length / ended.length,
    medianDuration: quantile(durations, 0.5),
    failures: ended
      .filter(({ outcome }) => outcome !== "completed")
      .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0)),
  };
}

/** One stretch of time in a chart: `at` is its beginning. */
export interface Bucket {
  at: number;
  completed: number;
  failed: number;
  p50: number | null;
  p95: number | null;
}

/** Counts ended attempts and their durations in equal stretches of time. */
export function intoBuckets(
  stories: readonly AttemptStory[],
  from: number,
  to: number,
  width: number,
): Bucket[] {
  const buckets: Bucket[] = [];
  const durations: number[][] = [];
  for (let at = Math.floor(from / width) * width; at <= to; at += width) {
    buckets.push({ at, completed: 0, failed: 0, p50: null, p95: null });
    durations.push([]);
  }
  const first = buckets[0]?.at ?? 0;
  for (const story of stories) {
    if (story.endedAt === null || story.endedAt < from || story.endedAt > to) continue;
    const index = Math.floor((story.endedAt - first) / width);
    const bucket = buckets[index];
    if (!bucket || story.outcome === "cancelled") continue;
    if (story.outcome === "completed") bucket.completed += 1;
    else bucket.failed += 1;
    const duration = durationOf(story);
    if (duration !== null) durations[index]?.push(duration);
  }
  buckets.forEach((bucket, index) => {
    bucket.p50 = quantile(durations[index] ?? [], 0.5);
    bucket.p95 = quantile(durations[index] ?? [], 0.95);
  });
  return buckets;
}

/** Failures by reason, the most frequent first. Reasons that differ only in numbers and ids are one. */
export function failureReasons(
  stories: readonly AttemptStory[],
): { reason: string; count: number; last: AttemptStory }[] {
  const reasons = new Map<string, { reason: string; count: number; last: AttemptStory }>();
  for (const story of stories) {
    if (story.outcome === "open" || story.outcome === "completed" || story.outcome === "cancelled") continue;
    const reason = (story.reason || story.outcome).split("\n")[0]?.slice(0, 200) ?? story.outcome;
    const key = reason.replace(/\b[\w-]*\d[\w-]*\b/g, "#");
    const known = reasons.get(key);
    if (known) {
      known.count += 1;
      if ((story.endedAt ?? 0) > (known.last.endedAt ?? 0)) known.last = story;
    } else reasons.set(key, { reason, count: 1, last: story });
  }
  return [...reasons.values()].sort((a, b) => b.count - a.count);
}
