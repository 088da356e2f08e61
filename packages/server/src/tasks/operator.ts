import type { JsonObject } from "@mission-control/protocol";
import { type OperatorChange, type Ruling, refuse, type TaskState } from "./change.ts";
import { dispatchEvent, statusEvent, taskEvent } from "./events.ts";
import { sendMessage } from "./messages.ts";
import { answerPermission, withdrawOpen } from "./permissions.ts";
import { startAttempt } from "./start-attempt.ts";
import { type Attempt, hasEnded, isOver, occupiesSlot, type Task } from "./task.ts";

type Change<Kind extends OperatorChange["kind"]> = Extract<OperatorChange, { kind: Kind }>;

/** A new task, `pending`. */
function create(change: Change<"create">, now: string): Ruling {
  const task: Task = {
    id: change.taskId,
    ...change.fields,
    status: "pending",
    agentId: null,
    dispatchId: null,
    attempt: 0,
    createdAt: now,
    updatedAt: now,
  };
  return {
    created: task,
    events: [
      taskEvent("task", { taskId: task.id }, now, { message: task.title, data: { change: "created" } }),
    ],
  };
}

/** New words for a task. A dispatch that is already queued goes out with them; one that was sent does not change. */
function edit(task: Task, attempt: Attempt | null, change: Change<"edit">, now: string): Ruling {
  const fields = Object.fromEntries(Object.entries(change.fields).filter(([, value]) => value !== undefined));
  const edited: Task = { ...task, ...fields };
  const data: JsonObject = { change: "edited", fields: Object.keys(fields) };
  const decision: Ruling = {
    beside: { ...fields, updatedAt: now },
    events: [
      taskEvent("task", { taskId: task.id, agentId: task.agentId }, now, { message: edited.title, data }),
    ],
  };
  if (attempt?.state === "queued" && attempt.priority !== edited.priority) {
    decision.attempt = { ...attempt, priority: edited.priority };
  }
  return decision;
}

/** Removes a task nobody works on. */
function remove(task: Task, now: string): Ruling {
  if (task.status === "queued" || task.status === "in_progress") {
    return refuse("conflict", `The task is ${task.status}: cancel it before deleting it.`);
  }
  const event = taskEvent("task", { taskId: task.id, agentId: task.agentId }, now, {
    message: task.title,
    data: { change: "deleted" },
  });
  return { deleted: true, events: [event] };
}

/** Queues a new attempt for an agent. */
function dispatch(task: Task, change: Change<"dispatch">, now: string): Ruling {
  if (task.status === "queued" || task.status === "in_progress" || task.status === "review") {
    return refuse("conflict", `The task is ${task.status}: it can be dispatched again once it has ended.`);
  }
  return startAttempt(task, change.agentId, change.newDispatchId, null, now);
}

/** Ends the current attempt, if any, and sends the agent a cancel. */
function cancel(task: Task, attempt: Attempt | null, now: string): Ruling {
  if (hasEnded(task)) {
    return refuse("conflict", `The task is ${task.status} already; there is nothing to cancel.`);
  }
  if (!attempt || isOver(attempt)) return { events: [statusEvent(task, "cancelled", attempt, now)] };
  const ended: Attempt = {
    ...withdrawOpen(attempt),
    state: "cancelled",
    error: undefined,
    endedAt: now,
  };
  const decision: Ruling = {
    attempt: ended,
    events: [dispatchEvent(ended, now, cancelWords(attempt)), statusEvent(task, "cancelled", ended, now)],
  };
  if (attempt.state !== "queued") decision.command = { kind: "cancel" };
  return decision;
}

const FORCED = "Ended by the operator; what became of it is not known.";

/** Ends an attempt without knowing what became of it, and sends its agent a cancel, where it can be reached. */
function forceEnd(task: Task, attempt: Attempt | null, now: string): Ruling {
  if (!attempt || !occupiesSlot(attempt)) {
    return refuse("conflict", `The task is ${task.status}; only an attempt under way can be ended.`);
  }
  const ended: Attempt = { ...withdrawOpen(attempt), state: "lost", error: FORCED, endedAt: now };
  return {
    attempt: ended,
    command: { kind: "cancel" },
    events: [dispatchEvent(ended, now, FORCED), statusEvent(task, "failed", ended, now)],
  };
}

/** Says of a cancel what it is worth: nobody knows yet whether an agent that was sent the attempt has stopped. */
function cancelWords({ state }: Attempt): string {
  const words = "Cancelled by the operator";
  return state === "unknown" ? `${words}; whether the agent is working on it is not known` : words;
}

/** Takes the result of a task in review. */
function approve(task: Task, attempt: Attempt | null, now: string): Ruling {
  if (task.status !== "review") return notInReview(task);
  return { events: [statusEvent(task, "completed", attempt, now)] };
}

/** Sends a task in review back to its agent, as a new attempt that carries the feedback. */
function reject(task: Task, change: Change<"reject">, now: string): Ruling {
  if (task.status !== "review" || !task.agentId) return notInReview(task);
  return startAttempt(task, task.agentId, change.newDispatchId, change.feedback, now);
}

function notInReview(task: Task): Ruling {
  return refuse("conflict", `The task is ${task.status}; only a task in review can be approved or rejected.`);
}

/** Applies one operator change; where it says who made it, its events do. */
export function ruleOperator(state: TaskState, change: OperatorChange, now: string): Ruling {
  const { task, attempt } = state;
  if (change.kind === "create") return create(change, now);
  if (!task) return refuse("not_found", "There is no such task.");
  const by = "by" in change && change.kind !== "send_message" ? change.by : undefined;
  if ("meantFor" in change && change.meantFor !== undefined && change.meantFor !== task.dispatchId) {
    return refuse("conflict", "The task has gone on since to another attempt.");
  }
  const ruling = ruleTask(task, attempt, change, now);
  if (by === undefined) return ruling;
  return { ...ruling, events: ruling.events.map((event) => ({ ...event, data: { ...event.data, by } })) };
}

function ruleTask(
  task: Task,
  attempt: Attempt | null,
  change: Exclude<OperatorChange, { kind: "create" }>,
  now: string,
): Ruling {
  switch (change.kind) {
    case "edit":
      return edit(task, attempt, change, now);
    case "delete":
      return remove(task, now);
    case "dispatch":
      return dispatch(task, change, now);
    case "cancel":
      return cancel(task, attempt, now);
    case "force_end":
      return forceEnd(task, attempt, now);
    case "approve":
      return approve(task, attempt, now);
    case "reject":
      return reject(task, change, now);
    case "answer_permission":
      return answerPermission(attempt, change, now);
    case "send_message":
      return sendMessage(task, attempt, change, now);
  }
}
