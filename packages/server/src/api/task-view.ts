import type { DispatchView, TaskView } from "@mission-control/protocol";
import type { Store } from "../store/store.ts";
import { type Attempt, isOver, type Task } from "../tasks/task.ts";

/** A task as a list shows it: what only the rules need stays inside. */
export function taskSummary({
  usageBefore: _,
  lateCallbacks: _late,
  waiting: _waiting,
  ...shown
}: Task): Omit<TaskView, "attempts"> {
  return { ...shown, tags: [...shown.tags] };
}

/** A task with all its attempts, as they are now. */
export async function taskView(store: Pick<Store, "attemptsOf">, task: Task): Promise<TaskView> {
  const attempts = await store.attemptsOf(task.id);
  return { ...taskSummary(task), attempts: attempts.map((attempt) => dispatchView(attempt, task)) };
}

function dispatchView(attempt: Attempt, task: Task): DispatchView {
  const { id, number, agentId, state, summary, error, lastState, feedback, usage } = attempt;
  const { queuedAt, sentAt, acceptedAt, endedAt } = attempt;
  const { lastWordAt } = isOver(attempt) ? attempt : task;
  return {
    id,
    attempt: number,
    agentId,
    state,
    summary,
    error,
    lastState,
    feedback,
    usage,
    queuedAt,
    sentAt,
    acceptedAt,
    lastWordAt: lastWordAt ?? null,
    endedAt,
  };
}
