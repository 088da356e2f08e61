import type { DispatchState, EventType, SilenceState, TaskStatus } from "@mission-control/protocol";
import type { TaskChange } from "../../src/tasks/change.ts";

/**
 * The task rules of docs/contract.md a second time, written as plainly as possible and from that text alone, to judge
 * `tasks/` by: it knows statuses, states and which events tell of them, and nothing of how the rules are written.
 */

/** What the contract lets follow a task status (section 2; what may be dispatched again, what may be cancelled). */
export const NEXT_STATUS: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  pending: ["queued", "cancelled"],
  queued: ["in_progress", "failed", "cancelled"],
  in_progress: ["completed", "failed", "cancelled", "review"],
  review: ["completed", "queued", "cancelled"],
  completed: ["queued"],
  failed: ["queued"],
  cancelled: ["queued"],
};

/** What may follow an attempt's state in one change. An agent may speak before its acceptance was seen. */
export const NEXT_STATE: Readonly<Record<DispatchState, readonly DispatchState[]>> = {
  queued: ["sending", "failed", "rejected", "lost", "cancelled"],
  // A hand-over that was stopped before anything went out goes back to the queue.
  sending: [
    "queued",
    "accepted",
    "running",
    "unknown",
    "completed",
    "failed",
    "rejected",
    "lost",
    "cancelled",
  ],
  // Revived by its agent, ended by its agent's word that it stopped, or by the operator.
  unknown: ["running", "completed", "failed", "lost", "cancelled"],
  accepted: ["running", "completed", "failed", "lost", "cancelled"],
  running: ["completed", "failed", "lost", "cancelled"],
  completed: [],
  failed: [],
  rejected: [],
  cancelled: [],
  lost: [],
};

export interface ModelRequest {
  id: string;
  delivery?: "delivered" | "undelivered";
  state: "open" | "answered" | "withdrawn";
}

export interface ModelMessage {
  id: string;
  state: "sending" | "delivered" | "taken_up" | "refused";
}

export interface ModelAttempt {
  id: string;
  taskId: string;
  agentId: string;
  state: DispatchState;
  requests: ModelRequest[];
  messages: ModelMessage[];
  /** The message it began with. */
  openedBy?: string;
  tokens: number | null;
  runOutcome: "completed" | "failed" | "cancelled" | null;
  wasSent: boolean;
  /** Whether its agent, or the gateway that runs it, has said anything of it. */
  said: boolean;
  /** How it is missed. */
  silence: SilenceState | null;
}

export interface ModelTask {
  status: TaskStatus;
  requiresReview: boolean;
  attempts: ModelAttempt[];
}

/** What must come of a change. */
export interface Expected {
  /** `ignored`: nothing changes and nothing is told, refusal or not. */
  outcome: "done" | "ignored" | "not_found" | "conflict" | "invalid";
  /** The types of the events that tell it, in order. */
  events: EventType[];
  command?: "cancel" | "permission" | "message";
}

const LIVE: readonly DispatchState[] = ["queued", "sending", "accepted", "running", "unknown"];
const IGNORED: Expected = { outcome: "ignored", events: [] };

const isLive = (attempt: ModelAttempt): boolean => LIVE.includes(attempt.state);
const isSent = (attempt: ModelAttempt): boolean => isLive(attempt) && attempt.state !== "queued";

export class TaskModel {
  readonly tasks = new Map<string, ModelTask>();

  /** Applies a change, and says what must come of it. */
  apply(change: TaskChange): Expected {
    const before = new Map([...this.#attempts()].map(([id, { state }]) => [id, state]));
    const expected = this.#apply(change);
    const told = [...this.#attempts().values()].flatMap((attempt) =>
      openingTold(attempt, before.get(attempt.id)),
    );
    return told.length === 0 ? expected : { ...expected, events: [...expected.events, ...told] };
  }

  #apply(change: TaskChange): Expected {
    const task = this.tasks.get(change.taskId);
    switch (change.kind) {
      case "create":
        this.tasks.set(change.taskId, {
          status: "pending",
          requiresReview: change.fields.requiresReview,
          attempts: [],
        });
        return { outcome: "done", events: ["task"] };
      case "callback":
        return this.#callback(task, change);
      case "cancel_answered": {
        const attempt = this.#attempts().get(change.dispatchId);
        if (!task || attempt?.taskId !== change.taskId) return IGNORED;
        return cancelAnswered(task, attempt, change.reason === undefined);
      }
      // No request of the stories times out.
      case "requests_expired":
        return IGNORED;
      case "answer_delivered": {
        const attempt = task?.attempts.find(({ id }) => id === change.dispatchId);
        const request = attempt?.requests.findLast(
          ({ id, state, delivery }) => id === change.requestId && state === "answered" && !delivery,
        );
        if (!request) return IGNORED;
        request.delivery = change.reason === undefined ? "delivered" : "undelivered";
        return { outcome: "done", events: ["permission"] };
      }
      case "message_moved": {
        const attempt = task?.attempts.find(({ id }) => id === change.dispatchId);
        const events = attempt ? moveMessage(attempt, change.messageId, change.state) : [];
        return events.length === 0 ? IGNORED : { outcome: "done", events };
      }
      case "sending":
      case "note":
      case "accepted":
      case "undelivered":
      case "unknown":
      case "unsent":
      case "run_activity":
      case "run_question":
      case "run_question_settled":
      case "run_continued":
      case "run_ended":
      case "run_settled":
      case "silence": {
        const ended = task?.attempts.find(({ id }) => id === change.dispatchId);
        if (change.kind === "run_ended" && ended && !isLive(ended) && !isSent(ended))
          return lateEnd(ended, change);
        const attempt = task?.attempts.at(-1);
        if (!task || !attempt || attempt.id !== change.dispatchId) return IGNORED;
        return told(task, attempt, change);
      }
      default:
        return task ? this.#operator(task, change) : { outcome: "not_found", events: [] };
    }
  }

  #operator(task: ModelTask, change: TaskChange): Expected {
    const conflict: Expected = { outcome: "conflict", events: [] };
    const current = task.attempts.at(-1);
    switch (change.kind) {
      case "edit":
        task.requiresReview = change.fields.requiresReview ?? task.requiresReview;
        return { outcome: "done", events: ["task"] };
      case "delete":
        if (task.status === "queued" || task.status === "in_progress") return conflict;
        this.tasks.delete(change.taskId);
        return { outcome: "done", events: ["task"] };
      case "dispatch":
        if (["queued", "in_progress", "review"].includes(task.status)) return conflict;
        return queue(task, change.taskId, change.agentId, change.newDispatchId);
      case "reject":
        if (task.status !== "review") return conflict;
        return queue(task, change.taskId, current?.agentId ?? "", change.newDispatchId);
      case "approve":
        if (task.status !== "review") return conflict;
        task.status = "completed";
        return { outcome: "done", events: ["status_change"] };
      case "force_end":
        if (!current || !isSent(current)) return conflict;
        finish(current, "lost");
        task.status = "failed";
        return { outcome: "done", events: ["dispatch", "status_change"], command: "cancel" };
      case "cancel": {
        if (["completed", "failed", "cancelled"].includes(task.status)) return conflict;
        task.status = "cancelled";
        if (!current || !isLive(current)) return { outcome: "done", events: ["status_change"] };
        const sent = isSent(current);
        finish(current, "cancelled");
        return {
          outcome: "done",
          events: ["dispatch", "status_change"],
          ...(sent ? { command: "cancel" } : {}),
        };
      }
      case "send_message": {
        const { newDispatchId } = change;
        if (
          current &&
          newDispatchId &&
          ["completed", "failed", "cancelled"].includes(task.status) &&
          !isLive(current)
        ) {
          const queued = queue(task, change.taskId, current.agentId, newDispatchId);
          const begun = task.attempts.at(-1) as ModelAttempt;
          begun.messages.push({ id: change.messageId, state: "sending" });
          begun.openedBy = change.messageId;
          return { ...queued, events: [...queued.events, "message"] };
        }
        if (!current || !["sending", "accepted", "running"].includes(current.state)) return conflict;
        current.messages.push({ id: change.messageId, state: "sending" });
        return { outcome: "done", events: ["message"], command: "message" };
      }
      case "answer_permission": {
        const request = current?.requests.find(({ id }) => id === change.requestId);
        if (!request || request.state === "withdrawn") return { outcome: "not_found", events: [] };
        if (request.state === "answered") return conflict;
        if (change.optionId === "bogus") return { outcome: "invalid", events: [] };
        request.state = "answered";
        if (current) current.runOutcome = null;
        return { outcome: "done", events: ["permission"], command: "permission" };
      }
      default:
        throw new Error(`unexpected ${change.kind}`);
    }
  }

  #callback(task: ModelTask | undefined, change: Extract<TaskChange, { kind: "callback" }>): Expected {
    const said = change.callback;
    if (!task) return { outcome: "not_found", events: [] };
    const attempt =
      change.dispatchId === undefined ? task.attempts.at(-1) : this.#attempts().get(change.dispatchId);
    if (attempt && attempt.taskId !== change.taskId) return { outcome: "not_found", events: [] };
    if (!attempt || attempt.agentId !== said.agentId) return { outcome: "not_found", events: ["activity"] };
    if (attempt !== task.attempts.at(-1) || !isSent(attempt))
      return { outcome: "conflict", events: ["activity"] };
    const begins: EventType[] = task.status === "in_progress" ? [] : ["status_change"];
    task.status = "in_progress";
    attempt.state = "running";
    say(attempt);
    attempt.tokens = said.usage?.inputTokens ?? attempt.tokens;
    if (said.type === "progress") {
      const { messageId, messageState } = said.data ?? {};
      const state = messageState === "refused" ? "refused" : "taken_up";
      const told = messageId === undefined ? [] : moveMessage(attempt, String(messageId), state);
      return { outcome: "done", events: [...begins, "activity", ...told] };
    }
    if (said.type === "artifact") return { outcome: "done", events: [...begins, "artifact"] };
    if (said.type === "permission") {
      const withdrawn = said.data?.state === "withdrawn" || said.data?.state === "timed_out";
      const state = withdrawn ? "withdrawn" : "open";
      const known = attempt.requests.find(({ id }) => id === said.request.id);
      // What is asked again after it was settled waits behind those that wait already.
      const isAskedAnew = state === "open" && known?.state !== "open";
      if (isAskedAnew) attempt.requests = attempt.requests.filter((one) => one !== known);
      if (known && !isAskedAnew) {
        known.state = state;
        // What is taken back after it was answered is not an answered one any more.
        delete known.delivery;
      } else attempt.requests.push({ id: said.request.id, state });
      return { outcome: "done", events: [...begins, "permission"] };
    }
    end(task, attempt, said.type === "complete");
    return { outcome: "done", events: [...begins, said.type, "status_change"] };
  }

  #attempts(): Map<string, ModelAttempt> {
    return new Map([...this.tasks.values()].flatMap(({ attempts }) => attempts.map((one) => [one.id, one])));
  }
}

/** What the dispatcher or a gateway tells of the current attempt. */
function told(task: ModelTask, attempt: ModelAttempt, change: TaskChange): Expected {
  switch (change.kind) {
    case "sending":
      if (attempt.state !== "queued") return IGNORED;
      attempt.state = "sending";
      attempt.wasSent = true;
      return { outcome: "done", events: ["dispatch"] };
    case "note":
      return isSent(attempt) ? { outcome: "done", events: [] } : IGNORED;
    case "accepted":
      if (attempt.state !== "sending") return IGNORED;
      attempt.state = "accepted";
      task.status = "in_progress";
      return { outcome: "done", events: ["dispatch", "status_change"] };
    case "undelivered": {
      const handedOver = !["queued", "sending"].includes(attempt.state);
      if (!isLive(attempt) || (handedOver && change.state !== "lost")) return IGNORED;
      finish(attempt, change.state);
      task.status = "failed";
      return { outcome: "done", events: ["dispatch", "status_change"] };
    }
    case "unknown":
      if (attempt.state !== "sending") return IGNORED;
      attempt.state = "unknown";
      return { outcome: "done", events: ["dispatch"], command: "cancel" };
    case "unsent":
      if (attempt.state !== "sending") return IGNORED;
      attempt.state = "queued";
      attempt.wasSent = false;
      return { outcome: "done", events: ["dispatch"] };
    case "run_activity": {
      if (!isSent(attempt)) return IGNORED;
      const begins: EventType[] = task.status === "in_progress" ? [] : ["status_change"];
      attempt.state = "running";
      task.status = "in_progress";
      say(attempt);
      return { outcome: "done", events: [...begins, "activity"] };
    }
    case "run_ended":
      if (!isSent(attempt) || attempt.runOutcome) return IGNORED;
      say(attempt);
      return ended(attempt, change);
    case "run_question": {
      const { request } = change;
      if (!isSent(attempt) || attempt.requests.some(({ id }) => id === request.id)) return IGNORED;
      const begins: EventType[] = task.status === "in_progress" ? [] : ["status_change"];
      attempt.state = "running";
      task.status = "in_progress";
      say(attempt);
      attempt.requests.push({ id: request.id, state: "open" });
      return { outcome: "done", events: [...begins, "permission"] };
    }
    case "run_question_settled": {
      const request = attempt.requests.find(({ id, state }) => id === change.requestId && state === "open");
      if (!isSent(attempt) || !request) return IGNORED;
      request.state = "withdrawn";
      return { outcome: "done", events: ["permission"] };
    }
    case "run_continued":
      if (!isSent(attempt) || !attempt.runOutcome) return IGNORED;
      attempt.runOutcome = null;
      say(attempt);
      return { outcome: "done", events: ["activity"] };
    case "run_settled": {
      if (!isSent(attempt) || !attempt.runOutcome) return IGNORED;
      const waits = attempt.requests.some(({ state }) => state === "open");
      if (attempt.runOutcome === "completed" && waits) return IGNORED;
      const begins: EventType[] = task.status === "in_progress" ? [] : ["status_change"];
      const completed = attempt.runOutcome === "completed";
      end(task, attempt, completed);
      return { outcome: "done", events: [...begins, completed ? "complete" : "error", "status_change"] };
    }
    case "silence": {
      const state = change.silence?.state ?? null;
      const isMissed = isSent(attempt) && attempt.state !== "sending" && !attempt.said;
      if (!isMissed || attempt.silence === state) return IGNORED;
      attempt.silence = state;
      return { outcome: "done", events: ["dispatch"] };
    }
    default:
      throw new Error(`unexpected ${change.kind}`);
  }
}

/** Its agent, or the gateway that runs it, says something. */
function say(attempt: ModelAttempt): void {
  attempt.said = true;
  attempt.silence = null;
}

/** What an attempt's step tells of the message it began with. */
function openingTold(attempt: ModelAttempt, before: DispatchState | undefined): EventType[] {
  const wasOpening = before !== undefined && ["queued", "sending", "accepted", "unknown"].includes(before);
  if (attempt.openedBy === undefined || !wasOpening || attempt.state === before) return [];
  if (attempt.state === "accepted") return moveMessage(attempt, attempt.openedBy, "delivered");
  if (attempt.state === "running" || attempt.state === "completed")
    return moveMessage(attempt, attempt.openedBy, "taken_up");
  return isLive(attempt) ? [] : moveMessage(attempt, attempt.openedBy, "refused");
}

/** A message goes only on: it is had, then taken up or refused; that it was taken up is true even after a refusal. */
function moveMessage(attempt: ModelAttempt, id: string, to: ModelMessage["state"]): EventType[] {
  const message = attempt.messages.find((one) => one.id === id);
  const next = {
    sending: ["delivered", "taken_up", "refused"],
    delivered: ["taken_up", "refused"],
    refused: ["taken_up"],
  };
  if (!message || message.state === "taken_up" || !next[message.state].includes(to)) return [];
  message.state = to;
  return ["message"];
}

/** An agent answered a cancel: what it confirms is over; what it does not is told. */
function cancelAnswered(task: ModelTask, attempt: ModelAttempt, confirmed: boolean): Expected {
  if (attempt.state === "cancelled" || attempt.state === "lost")
    return { outcome: "done", events: ["dispatch"] };
  if (!isSent(attempt)) return IGNORED;
  if (confirmed) {
    finish(attempt, "failed");
    task.status = "failed";
    return { outcome: "done", events: ["dispatch", "status_change"] };
  }
  return attempt.state === "unknown" ? { outcome: "done", events: ["dispatch"] } : IGNORED;
}

type RunEnded = Extract<TaskChange, { kind: "run_ended" }>;

/** A run's end is told after its attempt was over: what it used counts, once. */
function lateEnd(attempt: ModelAttempt, change: RunEnded): Expected {
  return attempt.runOutcome || !attempt.wasSent || !change.usage ? IGNORED : ended(attempt, change);
}

function ended(attempt: ModelAttempt, { run, usage }: RunEnded): Expected {
  attempt.runOutcome = run.outcome;
  if (usage?.inputTokens !== undefined) attempt.tokens = (attempt.tokens ?? 0) + usage.inputTokens;
  return { outcome: "done", events: ["activity"] };
}

function queue(task: ModelTask, taskId: string, agentId: string, id: string): Expected {
  const attempt: ModelAttempt = {
    id,
    taskId,
    agentId,
    state: "queued",
    requests: [],
    messages: [],
    tokens: null,
    runOutcome: null,
    wasSent: false,
    said: false,
    silence: null,
  };
  task.attempts.push(attempt);
  task.status = "queued";
  return { outcome: "done", events: ["dispatch", "status_change"] };
}

function end(task: ModelTask, attempt: ModelAttempt, completed: boolean): void {
  finish(attempt, completed ? "completed" : "failed");
  task.status = completed ? (task.requiresReview ? "review" : "completed") : "failed";
}

function finish(attempt: ModelAttempt, state: DispatchState): void {
  attempt.state = state;
  attempt.silence = null;
  for (const request of attempt.requests) if (request.state === "open") request.state = "withdrawn";
}
