import type { JsonObject, NewEvent } from "@mission-control/protocol";
import {
  type DeliveryChange,
  type MessageAnswer,
  NOTHING,
  type OperatorChange,
  type Ruling,
  refuse,
  type TaskChange,
  type TaskState,
} from "./change.ts";
import { subjectOf, taskEvent } from "./events.ts";
import { startAttempt } from "./start-attempt.ts";
import { type Attempt, isOver, type Message, type Task } from "./task.ts";

/** Messages that one attempt's agent may be written. */
const MOST_WRITTEN = 1000;
/** Of those, how many may wait for the agent's answer at a time. */
const MOST_SENDING = 32;

/** How far along a state is; a message goes only on. The agent's own word that it has taken one up is always true. */
const RANK: Readonly<Record<Message["state"], number>> = {
  sending: 0,
  delivered: 1,
  refused: 2,
  taken_up: 3,
};

const WORDS: Readonly<Record<MessageAnswer, string>> = {
  delivered: "The agent has the message",
  taken_up: "The agent has taken the message up",
  refused: "The message was refused",
};

/** The id of the message that a change is about; undefined for none. */
export function messageIdOf(change: TaskChange): string | undefined {
  if (change.kind === "message_moved") return change.messageId;
  if (change.kind !== "callback" || change.callback.type !== "progress") return undefined;
  const id = change.callback.data?.messageId;
  return typeof id === "string" ? id : undefined;
}

/** The id of the message that an attempt began with, until its agent is known to work with that; undefined for none. */
export function openingIdOf(attempt: Attempt | null): string | undefined {
  if (attempt?.openedBy === undefined || isOver(attempt) || attempt.state === "running") return undefined;
  return attempt.openedBy;
}

/** Takes a message of the operator, to be handed to the agent that works on the task. */
export function sendMessage(
  task: Task,
  attempt: Attempt | null,
  change: Extract<OperatorChange, { kind: "send_message" }>,
  now: string,
): Ruling {
  const { messageId: id, text, mode, by, newDispatchId, attachments = [] } = change;
  const files = attachments.length > 0 ? { attachments: attachments.map(({ file }) => file) } : {};
  const given = { id, taskId: task.id, text, mode, ...files, state: "sending", by, createdAt: now } as const;
  if (attempt && isOver(attempt) && task.status !== "review" && newDispatchId !== undefined) {
    if (attachments.length > 0) return refuse("conflict", NO_FILES_AT_THE_BEGINNING);
    const begun = startAttempt(task, attempt.agentId, newDispatchId, text, now, id);
    const message: Message = { ...given, dispatchId: newDispatchId };
    return { ...begun, message, events: [...begun.events, messageEvent(begun.attempt, message, text, now)] };
  }
  const reason = whyNotTaken(task, attempt);
  if (!attempt || reason !== null) return refuse("conflict", reason ?? NEVER_SENT);
  const { written, sending } = attempt.messages ?? { written: 0, sending: 0 };
  if (written >= MOST_WRITTEN) {
    return refuse(
      "conflict",
      `The agent was written ${MOST_WRITTEN} messages on this attempt; it takes no more.`,
    );
  }
  if (sending >= MOST_SENDING) {
    const waiting = `${MOST_SENDING} messages are on their way to the agent already`;
    return refuse("conflict", `${waiting}; write again when it has one of them.`);
  }
  const message: Message = { ...given, dispatchId: attempt.id };
  return {
    attempt: { ...attempt, messages: { written: written + 1, sending: sending + 1 } },
    message,
    artifacts: attachments
      .filter(({ isNew }) => isNew)
      .map(({ file: { artifactId, ...described } }) => {
        const ofTask = { taskId: task.id, dispatchId: attempt.id, messageId: id, createdAt: now };
        return { id: artifactId, ...described, ...ofTask };
      }),
    command: { kind: "message", messageId: id },
    events: [messageEvent(attempt, message, text, now)],
  };
}

const NO_FILES_AT_THE_BEGINNING =
  "The attempt is over: the message begins a new one, and files cannot go with that. Write without them, and send them once the agent works on it.";

const NEVER_SENT =
  "The task was not dispatched yet: no agent works on it. Put what you have to say into its description.";

/** Why no message can be sent about a task now, and what to do instead; null where its agent can. */
function whyNotTaken({ status }: Task, attempt: Attempt | null): string | null {
  switch (attempt?.state) {
    case undefined:
      return status === "cancelled"
        ? "The task is cancelled: dispatch it again, to be worked on."
        : NEVER_SENT;
    case "queued":
      return "The task waits in its agent's queue: edit its description, the agent gets that with the task.";
    case "unknown":
      return "Whether the agent has the task is not known: it was told to stop. Cancel the task, and dispatch it again.";
    case "sending":
    case "accepted":
    case "running":
      return null;
    default:
      return status === "review"
        ? "The agent has finished: reject its result, and it gets your feedback with the task."
        : `The task is ${status}: its agent does not work on it any more. Dispatch it again, with a description that says what is to be done.`;
  }
}

/** Moves a message on by what its agent's side confirmed; what it knows already changes nothing. */
export function moveMessage(
  { attempt, message }: TaskState,
  { state, reason }: Extract<DeliveryChange, { kind: "message_moved" }>,
  now: string,
): Ruling {
  if (!attempt || message?.dispatchId !== attempt.id) return NOTHING;
  return moved(attempt, message, state, reason, now) ?? NOTHING;
}

/**
 * Adds to what an agent's progress comes to that it says of a message: `data.messageId` names it, and
 * `data.messageState` says `refused`, with `data.reason`, where it has not taken it up.
 */
export function withMessageState(
  ruling: Ruling & { attempt: Attempt },
  message: Message,
  data: JsonObject = {},
  now: string,
): Ruling {
  const { attempt } = ruling;
  if (message.dispatchId !== attempt.id) return ruling;
  const { messageState, reason } = data;
  const state = messageState === "refused" ? "refused" : "taken_up";
  const step = moved(attempt, message, state, typeof reason === "string" ? reason : undefined, now);
  return step ? { ...ruling, ...step, events: [...ruling.events, ...step.events] } : ruling;
}

/**
 * Adds to what a change makes of an attempt what that makes of the message it began with: the agent has it with the task,
 * works with it once it works on that, and will not have it where the attempt ended before.
 */
export function withOpeningMoved<R extends Ruling>(
  ruling: R,
  { attempt: before, opening }: TaskState,
  now: string,
): R {
  const { attempt } = ruling;
  if (!opening || !attempt || attempt.id !== before?.id || attempt.state === before.state) return ruling;
  const answer = openingAnswer(attempt);
  // The change may have named it, too.
  const { message } = ruling;
  const known = message?.id === opening.id ? message : opening;
  const step = answer && moved(attempt, known, answer.state, answer.reason, now);
  if (!step) return ruling;
  const events = [...ruling.events, ...step.events.map(asOpening)];
  const moves = known === message ? { message: step.message } : { opening: step.message };
  return { ...ruling, ...moves, attempt: step.attempt, events };
}

/** Marks what becomes of the message that an attempt began with: where it is refused, the attempt's end tells that already. */
function asOpening(event: NewEvent): NewEvent {
  return { ...event, data: { ...event.data, opening: true } };
}

function openingAnswer(attempt: Attempt): { state: MessageAnswer; reason?: string | undefined } | null {
  if (attempt.state === "accepted") return { state: "delivered" };
  if (attempt.state === "running" || attempt.state === "completed") return { state: "taken_up" };
  if (!isOver(attempt)) return null;
  return { state: "refused", reason: attempt.error ?? "The attempt ended before its agent had the message." };
}

function moved(
  attempt: Attempt,
  before: Message,
  state: MessageAnswer,
  reason: string | undefined,
  now: string,
): { attempt: Attempt; message: Message; events: NewEvent[] } | null {
  if (RANK[state] <= RANK[before.state]) return null;
  // How it is taken stays true when it was; why it was refused does not.
  const how = before.state === "refused" ? undefined : before.reason;
  const message: Message = { ...before, state, reason: reason ?? how };
  const { written, sending } = attempt.messages ?? { written: 1, sending: 1 };
  const isAnswered = before.state === "sending";
  return {
    attempt: isAnswered ? { ...attempt, messages: { written, sending: sending - 1 } } : attempt,
    message,
    events: [messageEvent(attempt, message, reason ?? WORDS[state], now)],
  };
}

function messageEvent(
  attempt: Attempt,
  { id, state, mode, by, reason, attachments = [] }: Message,
  words: string,
  now: string,
): NewEvent {
  const data: JsonObject = { messageId: id, state, mode, by };
  if (state === "sending" && attachments.length > 0)
    data.attachments = attachments.map((file) => ({ ...file }));
  if (reason !== undefined) data.reason = reason;
  return taskEvent("message", subjectOf(attempt), now, { message: words, data });
}
