import { type Decision, type DeliveryChange, NOTHING, refuse, type TaskState } from "./change.ts";
import { dispatchEvent, statusEvent } from "./events.ts";
import { closePermissions } from "./operator.ts";
import { type Attempt, occupiesSlot, type Task } from "./task.ts";

/**
 * Applies what the dispatcher learned while handing an attempt over. A word that comes too late — the attempt was
 * cancelled meanwhile, or its agent called back before its acceptance arrived — changes nothing.
 */
export function decideDelivery(state: TaskState, change: DeliveryChange, now: string): Decision {
  const { task, attempt } = state;
  if (!task || !attempt || task.dispatchId !== attempt.id) {
    return refuse("conflict", "The dispatch was replaced or its task deleted.");
  }
  switch (change.kind) {
    case "sending":
      return sending(attempt, now);
    case "note":
      return occupiesSlot(attempt) ? { attempt: { ...attempt, note: change.note }, events: [] } : NOTHING;
    case "accepted":
      return accepted(task, attempt, now);
    case "undelivered":
      return undelivered(task, attempt, change, now);
  }
}

function sending(attempt: Attempt, now: string): Decision {
  if (attempt.state !== "queued") return refuse("conflict", `The dispatch is ${attempt.state}, not queued.`);
  const sent: Attempt = { ...attempt, state: "sending", sentAt: now };
  return { attempt: sent, events: [dispatchEvent(sent, now, "Sending to the agent")] };
}

function accepted(task: Task, attempt: Attempt, now: string): Decision {
  if (attempt.state !== "sending") return NOTHING;
  const taken: Attempt = { ...attempt, state: "accepted", acceptedAt: now };
  return {
    task: { ...task, status: "in_progress", updatedAt: now },
    attempt: taken,
    events: [
      dispatchEvent(taken, now, "Accepted by the agent"),
      statusEvent(task, "in_progress", taken, now),
    ],
  };
}

function undelivered(
  task: Task,
  attempt: Attempt,
  change: Extract<DeliveryChange, { kind: "undelivered" }>,
  now: string,
): Decision {
  const { state, reason } = change;
  const mayEnd = attempt.state === "queued" || attempt.state === "sending";
  // A run that is lost is lost whatever it had reported; a refusal after the agent called back is not believed.
  const mayBeLost = state === "lost" && (attempt.state === "accepted" || attempt.state === "running");
  if (!mayEnd && !mayBeLost) return NOTHING;
  const ended: Attempt = { ...closePermissions(attempt), state, error: reason, endedAt: now };
  return {
    task: { ...task, status: "failed", error: reason, waitingFor: undefined, updatedAt: now },
    attempt: ended,
    events: [dispatchEvent(ended, now, reason), statusEvent(task, "failed", ended, now)],
  };
}
