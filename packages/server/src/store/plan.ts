import type { NewEvent } from "@mission-control/protocol";
import { sharedEntryKey } from "@mission-control/protocol/transcript-fold";
import { attributedAttempt } from "../tasks/attribution.ts";
import type { Decision, Refusal, TaskChange, TaskState } from "../tasks/change.ts";
import { decide } from "../tasks/decide.ts";
import { insightFactOf } from "../tasks/insight-fact.ts";
import { type TaskLimits, withinLimits } from "../tasks/limits.ts";
import { messageIdOf, openingIdOf } from "../tasks/messages.ts";
import type { Attempt, Message, Task } from "../tasks/task.ts";
import { Draft } from "./draft.ts";
import { encodeFrame } from "./event-frame.ts";
import { type AttemptStep, type LogChange, type PendingCommand, summaryOf } from "./log-change.ts";
import {
  type ChangeResult,
  type Claim,
  type Claimed,
  FencedError,
  type Operation,
  type Outcome,
} from "./operations.ts";
import { callbackScope, type Receipt, receiptKey } from "./receipt.ts";
import type { RecordKind, RecordKinds, RecordResult } from "./records.ts";
import type { EventRow, Rows } from "./rows.ts";
import type { WorkingSet } from "./working-set.ts";

/** What one commit does: the outcome of each operation, in order, and the rows that make it true. */
export interface Plan {
  outcomes: Outcome[];
  rows: Rows;
}

const AGENT_DELETED = "The agent was deleted.";

/**
 * Plans a commit: decides the operations one after the other, each on what those before it left. Pure: looks at the
 * working set, changes nothing. An operation that throws has no rows, and takes none of the others with it.
 */
export function plan(before: WorkingSet, operations: readonly Operation[], limits: TaskLimits): Plan {
  const draft = new Draft(before);
  const outcomes: Outcome[] = [];
  for (const operation of operations) {
    try {
      outcomes.push({ value: perform(draft, operation, limits) });
    } catch (error) {
      outcomes.push({ error });
    }
  }
  return { outcomes, rows: draft.rows };
}

function perform(draft: Draft, operation: Operation, limits: TaskLimits): unknown {
  const { under } = operation;
  if (under && draft.fence(under.name) !== under.fence) throw new FencedError(under.name);
  switch (operation.kind) {
    case "change":
      return change(draft, operation, limits);
    case "claim":
      return claim(draft, operation);
    case "append":
      return append(draft, operation.events);
    case "edit":
      return edit(draft, operation);
    case "command_done":
      draft.commandDone(operation.id);
  }
}

function change(
  draft: Draft,
  { change: asked, key: idempotency, at }: Extract<Operation, { kind: "change" }>,
  limits: TaskLimits,
): ChangeResult {
  const task = draft.task(asked.taskId);
  const attempt = attemptOf(draft, asked, task, at);
  const named = "dispatchId" in asked ? asked.dispatchId : undefined;
  const scope = idempotency?.scope ?? callbackScope(named ?? attempt?.id ?? asked.taskId);
  const key = idempotency && receiptKey(scope, idempotency.key);
  const known = key === undefined ? null : draft.receipt(key);
  if (known) return repeated(known, idempotency?.fingerprint);
  if (idempotency?.onlyIfKnown) return { ...NOTHING_KNOWN, refusal: STALE };
  const message = messageOf(draft, messageIdOf(asked));
  const opening = messageOf(draft, openingIdOf(attempt));
  const policy = attempt && mayAsk(asked) ? draft.record("agent", attempt.agentId)?.permissions : undefined;
  const state: TaskState = { task, attempt, message, opening, policy };
  const decision = withinLimits(state, asked, decide(state, asked, at), limits);
  const result = resultOf(decision, state, draft.nextEventId);
  const receipt =
    key === undefined ? undefined : { key, receipt: receiptOf(result, asked, idempotency?.fingerprint, at) };
  write(draft, decision, state, at, receipt);
  return result;
}

/** Whether a change may bring a permission request. */
function mayAsk(asked: TaskChange): boolean {
  return asked.kind === "run_question" || (asked.kind === "callback" && asked.callback.type === "permission");
}

function messageOf(draft: Draft, id: string | undefined): Message | null {
  return id === undefined ? null : draft.message(id);
}

/** The attempt that a change names or, where it names none, is about. */
function attemptOf(draft: Draft, asked: TaskChange, task: Task | null, at: string): Attempt | null {
  if ("dispatchId" in asked && asked.dispatchId !== undefined) return draft.attempt(asked.dispatchId);
  const current = task?.dispatchId ? draft.attempt(task.dispatchId) : null;
  if (!current || asked.kind !== "callback") return current;
  const reported = { agentId: asked.callback.agentId, at: asked.at };
  return attributedAttempt(current, () => draft.attemptsOf(current.taskId), reported, at);
}

/**
 * Takes as many attempts from an agent's queue as the agent has free slots, and marks them as being sent. An agent
 * that is not there any more has none: what waits for it ends.
 */
function claim(draft: Draft, { agentId, keep, at }: Extract<Operation, { kind: "claim" }>): Claim {
  const asOf = draft.nextEventId - 1;
  const agent = draft.record("agent", agentId);
  const free = agent ? agent.concurrency - draft.underWay(agentId) : Number.MAX_SAFE_INTEGER;
  if (free <= 0) return { claimed: [], asOf };
  const claimed: Claimed[] = [];
  for (const attempt of draft.queued(agentId, free)) {
    const { id: dispatchId, taskId } = attempt;
    const step: TaskChange = agent
      ? { kind: "sending", taskId, dispatchId }
      : { kind: "undelivered", taskId, dispatchId, state: "failed", reason: AGENT_DELETED };
    const state = { task: draft.task(taskId), attempt, opening: messageOf(draft, openingIdOf(attempt)) };
    const decision = decide(state, step, at);
    const task = decision.task ?? state.task;
    const taken = agent && decision.attempt && task ? { attempt: decision.attempt, task, agent } : null;
    const payload = taken && keep ? JSON.stringify(keep(taken)) : null;
    write(draft, decision, state, at);
    if (payload !== null) draft.setPayload({ taskId, dispatchId, payload });
    if (taken) claimed.push(taken);
  }
  return { claimed, asOf };
}

/** @returns the position of the last one; null for none */
function append(draft: Draft, events: readonly NewEvent[]): number | null {
  const rows = rowsOf(draft, events);
  draft.addEvents(rows);
  return rows.at(-1)?.id ?? null;
}

function edit(
  draft: Draft,
  { record: kind, id, edit: make }: Extract<Operation, { kind: "edit" }>,
): RecordResult<RecordKinds[RecordKind]> {
  const current = draft.record(kind, id);
  const { record, event, deliveries, refusal } = make(current as never, {
    workload: () => ({
      underWay: draft.underWay(id),
      queued: draft.queued(id, Number.MAX_SAFE_INTEGER).length,
    }),
    agents: () => draft.agents(),
  });
  if (refusal) return { record: current, eventId: null, refusal };
  if (record === null && current === null) return { record: null, eventId: null };
  const [row] = rowsOf(draft, event ? [event] : [], { records: [{ kind, id, record }] });
  draft.setRecord(kind, id, record);
  if (deliveries) draft.setDeliveries(deliveries);
  if (row) draft.addEvents([row]);
  return { record, eventId: row?.id ?? null };
}

/** Writes what was decided. All that can throw comes first, so that a fault leaves the draft as it was. */
function write(
  draft: Draft,
  decision: Decision,
  before: TaskState,
  at: string,
  kept?: { key: string; receipt: Receipt },
): void {
  const { attempt, command } = decision;
  const current = attempt && before.attempt?.id === attempt.id ? before.attempt : null;
  const deleted = decision.deleted && before.task ? draft.attemptsOf(before.task.id) : [];
  const fact = insightFactOf(before, decision, at);
  const commands: PendingCommand[] = [];
  if (attempt && command) {
    const { id: dispatchId, taskId, agentId } = attempt;
    // Every command is announced, so the position of its event is an id of its own.
    commands.push({ id: draft.nextEventId, dispatchId, taskId, agentId, command });
  }
  const attempts = deleted.map((gone): AttemptStep => ({ before: summaryOf(gone), after: null }));
  if (attempt) attempts.push({ before: current && summaryOf(current), after: summaryOf(attempt) });
  const events = rowsOf(draft, decision.events, logChangeOf(attempts, commands));
  // What announces nothing keeps no receipt: the same request may well be answered otherwise later.
  const answer = events[decision.answerEvent ?? 0];
  if (kept && answer) {
    answer.receipt = kept;
    draft.setReceipt(kept.key, kept.receipt);
  }
  if (decision.deleted && before.task) draft.deleteTask(before.task.id, deleted);
  const asOf = draft.nextEventId + events.length - 1;
  if (decision.task) draft.setTask(decision.task, asOf, decision.followsFromEvents ?? false);
  if (attempt) {
    const [first] = events;
    if (first && current) first.attempt = { before: current, after: attempt };
    draft.setAttempt(attempt, current, asOf, first !== undefined);
  }
  if (decision.message) draft.setMessage(decision.message, draft.nextEventId);
  if (decision.opening) draft.setMessage(decision.opening, draft.nextEventId);
  for (const artifact of decision.artifacts ?? []) draft.addArtifact(artifact);
  if (fact) draft.addFact(fact);
  for (const pending of commands) draft.addCommand(pending);
  draft.addEvents(events);
}

/** Numbers and encodes events; the first one carries what those who follow the log need beside them. */
function rowsOf(draft: Draft, events: readonly NewEvent[], logChange?: LogChange): EventRow[] {
  const rows: EventRow[] = [];
  let id = draft.nextEventId;
  for (const event of events) {
    const { type, taskId, agentId, receivedAt } = event;
    const row: EventRow = { id, type, taskId, agentId, receivedAt, frame: encodeFrame(id, event) };
    const entryKey = sharedEntryKey(event);
    if (entryKey !== null) row.entryKey = entryKey;
    rows.push(row);
    id++;
  }
  const first = rows[0];
  if (first && logChange) first.change = logChange;
  return rows;
}

/** @returns undefined for nothing, as under most progress */
function logChangeOf(
  attempts: readonly AttemptStep[],
  commands: readonly PendingCommand[],
): LogChange | undefined {
  if (attempts.length === 0) return undefined;
  return commands.length === 0 ? { attempts } : { attempts, commands };
}

const NOTHING_KNOWN: ChangeResult = {
  duplicate: false,
  eventId: null,
  taskStatus: null,
  task: null,
  attempt: null,
};
const STALE = { code: "stale", detail: "Too old, and not a known repeat." } as const;
const MISMATCH = { code: "mismatch", detail: "The same key was used before with another request." } as const;

/** @param firstId the id its first event gets, if it has one */
function resultOf(decision: Decision, before: TaskState, firstId: number): ChangeResult {
  const task = decision.deleted ? null : (decision.task ?? before.task);
  return {
    duplicate: false,
    eventId: decision.events.length === 0 ? null : firstId + (decision.answerEvent ?? 0),
    taskStatus: task?.status ?? null,
    task,
    attempt: decision.attempt ?? before.attempt,
    ...(decision.message ? { message: decision.message } : {}),
    ...(decision.refusal ? { refusal: decision.refusal } : {}),
  };
}

function receiptOf(
  { eventId, taskStatus, task, message, refusal }: ChangeResult,
  asked: TaskChange,
  fingerprint: string | undefined,
  at: string,
): Receipt {
  return {
    eventId,
    taskStatus,
    at,
    ...(asked.kind === "create" ? { task } : {}),
    ...(asked.kind === "send_message" && message ? { message } : {}),
    ...(refusal ? { refusal: refusal as Refusal } : {}),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

function repeated(receipt: Receipt, fingerprint: string | undefined): ChangeResult {
  if (receipt.fingerprint !== fingerprint) return { ...NOTHING_KNOWN, refusal: MISMATCH };
  const { eventId, taskStatus, task = null, message, refusal } = receipt;
  return {
    ...NOTHING_KNOWN,
    eventId,
    taskStatus,
    task,
    ...(message ? { message } : {}),
    ...(refusal ? { refusal } : {}),
    duplicate: true,
  };
}
