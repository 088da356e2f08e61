import type { NewEvent } from "@mission-control/protocol";
import { foldEvent } from "@mission-control/protocol/task-fold";
import { ruleCallback } from "./callback-report.ts";
import type { Decision, Ruling, TaskChange, TaskState } from "./change.ts";
import { ruleDelivery } from "./delivery.ts";
import { withOpeningMoved } from "./messages.ts";
import { ruleOperator } from "./operator.ts";
import { ruleRun } from "./run-report.ts";
import { type Attempt, isOver, type Task } from "./task.ts";
import { waitingOf } from "./waiting.ts";

/**
 * The rules of tasks and attempts as one pure function: what is, and what is asked, gives what will be and the
 * events that announce it, or a refusal. No I/O, no clock, no randomness.
 * @param now ISO 8601 UTC with milliseconds
 */
export function decide(state: TaskState, change: TaskChange, now: string): Decision {
  const ruling = withOpeningMoved(rule(state, change, now), state, now);
  const { created, beside, attempt, command, deleted, events } = ruling;
  // An attempt that stays as it is, as under most progress, is no part of the decision: nothing of it is written.
  const moved = attempt && (attempt !== state.attempt || command) ? attempt : undefined;
  const before = created ?? state.task;
  if (deleted || !before) return { ...ruling, attempt: moved };
  const { task: folded, isWhole } = taskAfter(before, events, beside);
  const isEnd = attempt && endsNow(state.attempt, attempt);
  const ended = isEnd ? { ...attempt, lastWordAt: folded.lastWordAt } : moved;
  const waiting = waitingOf(folded, attempt ?? state.attempt, now);
  const task = waiting === folded.waiting ? folded : { ...folded, waiting };
  if (task === state.task) return { ...ruling, attempt: ended };
  return { ...ruling, attempt: ended, task, followsFromEvents: isWhole && task === folded };
}

function endsNow(before: Attempt | null, after: Attempt): boolean {
  return isOver(after) && before !== null && !isOver(before);
}

function rule(state: TaskState, change: TaskChange, now: string): Ruling {
  switch (change.kind) {
    case "sending":
    case "note":
    case "accepted":
    case "undelivered":
    case "unknown":
    case "unsent":
    case "cancel_answered":
    case "silence":
    case "answer_delivered":
    case "requests_expired":
    case "message_moved":
      return ruleDelivery(state, change, now);
    case "callback":
      return ruleCallback(state, change, now);
    case "run_activity":
    case "run_ended":
    case "run_question":
    case "run_question_settled":
    case "run_continued":
    case "run_settled":
      return ruleRun(state, change, now);
    default:
      return ruleOperator(state, change, now);
  }
}

/**
 * The task as the events leave it, and with what they do not say; `isWhole` where there is nothing such. The same object
 * where nothing of it moved.
 */
function taskAfter(
  before: Task,
  events: readonly NewEvent[],
  beside: Partial<Task> | undefined,
): { task: Task; isWhole: boolean } {
  let task = before;
  let isWhole = true;
  for (const event of events) {
    const folded = foldEvent(task, event);
    if (typeof folded === "string") isWhole = false;
    else task = folded;
  }
  return beside ? { task: { ...task, ...beside }, isWhole: false } : { task, isWhole };
}
