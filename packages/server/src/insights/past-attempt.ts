import type { Usage } from "@mission-control/protocol";
import type { PastAttempt } from "../store/insights.ts";
import type { Store } from "../store/store.ts";
import { endedFact, type InsightFact, usedBeyond } from "../tasks/insight-fact.ts";

/** What is to be counted of an attempt from before facts were kept; null where it is gone. */
export async function pastFact(
  store: Pick<Store, "attempt" | "task">,
  { dispatchId, usage, isOver }: PastAttempt,
): Promise<InsightFact | null> {
  const attempt = await store.attempt(dispatchId);
  const task = attempt && (await store.task(attempt.taskId));
  if (!task) return null;
  const { agentId, endedAt, acceptedAt, queuedAt } = attempt;
  return {
    at: (isOver ? endedAt : acceptedAt) ?? queuedAt,
    agentId,
    tags: task.tags,
    ended: isOver ? endedFact(attempt) : undefined,
    used: usage === null ? undefined : usedBeyond(undefined, JSON.parse(usage) as Usage),
  };
}
