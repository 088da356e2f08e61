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
function durationOf({ outcome, queuedAt, endedAt }: AttemptStory): number | null {
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
