import { type DeliveryChange, NOTHING, type Ruling, refuse, type TaskState } from "./change.ts";
import { dispatchEvent, statusEvent } from "./events.ts";
import { moveMessage } from "./messages.ts";
import { answerDelivered, expireRequests, withdrawOpen } from "./permissions.ts";
import { ruleSilence } from "./silence.ts";
import { type Attempt, occupiesSlot, type Task } from "./task.ts";

type Change<Kind extends DeliveryChange["kind"]> = Extract<DeliveryChange, { kind: Kind }>;

/**
 * Applies what the dispatcher learned while handing an attempt over. A word that comes too late — the attempt was
 * cancelled meanwhile, or its agent called back before its acceptance arrived — changes nothing.
 */
export function ruleDelivery(state: TaskState, change: DeliveryChange, now: string): Ruling {
  const { task, attempt } = state;
  if (!task || !attempt || attempt.taskId !== task.id) return replaced();
  if (change.kind === "cancel_answered") return cancelAnswered(task, attempt, change, now);
  if (change.kind === "answer_delivered") return answerDelivered(attempt, change, now);
  if (change.kind === "message_moved") return moveMessage(state, change, now);
  if (task.dispatchId !== attempt.id) return replaced();
  switch (change.kind) {
    case "sending":
      return sending(attempt, now);
    case "note":
      return occupiesSlot(attempt) ? { attempt: { ...attempt, note: change.note }, events: [] } : NOTHING;
    case "accepted":
      return accepted(task, attempt, now);
    case "undelivered":
      return undelivered(task, attempt, change, now);
    case "unknown":
      return unknown(attempt, change, now);
    case "unsent":
      return unsent(attempt, now);
    case "requests_expired":
      return expireRequests(attempt, now);
    case "silence":
      return ruleSilence(task, attempt, change, now);
  }
}

function replaced(): Ruling {
  return refuse("conflict", "The dispatch was replaced or its task deleted.");
}

function sending(attempt: Attempt, now: string): Ruling {
  if (attempt.state !== "queued") return refuse("conflict", `The dispatch is ${attempt.state}, not queued.`);
  const sent: Attempt = { ...attempt, state: "sending", sentAt: now };
  return { attempt: sent, events: [dispatchEvent(sent, now, "Sending to the agent")] };
}

function accepted(task: Task, attempt: Attempt, now: string): Ruling {
  if (attempt.state !== "sending") return NOTHING;
  const taken: Attempt = { ...attempt, state: "accepted", acceptedAt: now };
  return {
    attempt: taken,
    events: [
      dispatchEvent(taken, now, "Accepted by the agent"),
      statusEvent(task, "in_progress", taken, now),
    ],
  };
}

function undelivered(task: Task, attempt: Attempt, change: Change<"undelivered">, now: string): Ruling {
  const { state, reason } = change;
  const mayEnd = attempt.state === "queued" || attempt.state === "sending";
  // A run that is lost is lost whatever it had reported; a refusal after the agent called back is not believed.
  const mayBeLost = state === "lost" && occupiesSlot(attempt);
  return mayEnd || mayBeLost ? fail(task, attempt, { state, reason }, now) : NOTHING;
}

/** Nobody can say whether the agent has it. It keeps its slot, and the agent is sent a cancel. */
function unknown(attempt: Attempt, { reason }: Change<"unknown">, now: string): Ruling {
  if (attempt.state !== "sending") return NOTHING;
  const inDoubt: Attempt = { ...attempt, state: "unknown", error: reason };
  return {
    attempt: inDoubt,
    command: { kind: "cancel" },
    events: [dispatchEvent(inDoubt, now, reason)],
  };
}

/** Nothing went out: it waits in the queue as before. */
function unsent(attempt: Attempt, now: string): Ruling {
  if (attempt.state !== "sending") return NOTHING;
  const queued: Attempt = { ...attempt, state: "queued", sentAt: null };
  return { attempt: queued, events: [dispatchEvent(queued, now, "Not sent yet; back in the queue")] };
}

/**
 * The agent's answer to a cancel. One that confirms it ends an attempt that nobody could say anything of; also one
 * that called back while the cancel was on its way, as it has stopped since. One that does not stop is recorded, whatever
 * became of the attempt: its agent may still be at work.
 */
function cancelAnswered(
  task: Task,
  attempt: Attempt,
  { reason }: Change<"cancel_answered">,
  now: string,
): Ruling {
  const isCurrent = task.dispatchId === attempt.id;
  const confirmed = reason === undefined;
  const cancel = confirmed ? "confirmed" : "unconfirmed";
  if (attempt.state === "cancelled" || attempt.state === "lost") {
    const words = confirmed ? "The agent confirmed the cancel" : notConfirmed(reason);
    return { events: [dispatchEvent(attempt, now, words, { cancel })] };
  }
  if (!isCurrent || !occupiesSlot(attempt)) return NOTHING;
  if (confirmed) {
    const why = attempt.error ?? "Its answer to the dispatch had not come, so it was told to stop.";
    const words = `${why} The agent confirmed that it does not work on it.`;
    return fail(task, attempt, { state: "failed", reason: words }, now, cancel);
  }
  if (attempt.state !== "unknown") return NOTHING;
  const words = `${attempt.error ?? ""} ${notConfirmed(reason)}`.trim();
  const inDoubt: Attempt = { ...attempt, error: words };
  return {
    attempt: inDoubt,
    events: [dispatchEvent(inDoubt, now, words, { cancel })],
  };
}

function notConfirmed(reason: string): string {
  return `The agent did not confirm the cancel and may be working on it: ${reason}`;
}

function fail(
  task: Task,
  attempt: Attempt,
  { state, reason }: Pick<Change<"undelivered">, "state" | "reason">,
  now: string,
  cancel?: string,
): Ruling {
  const ended: Attempt = { ...withdrawOpen(attempt), state, error: reason, endedAt: now };
  return {
    attempt: ended,
    events: [
      dispatchEvent(ended, now, reason, cancel === undefined ? {} : { cancel }),
      statusEvent(task, "failed", ended, now),
    ],
  };
}
