import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { NewEvent } from "@mission-control/protocol";
import { attributedAttempt } from "../../tasks/attribution.ts";
import type { AgentCommand, Decision, TaskChange, TaskState } from "../../tasks/change.ts";
import { decide } from "../../tasks/decide.ts";
import { type TaskLimits, withinLimits } from "../../tasks/limits.ts";
import type { Attempt, Task } from "../../tasks/task.ts";
import type { AttemptChange, ChangeResult, Commit, PendingCommand, Receipt, StoredEvent } from "../store.ts";
import type { AttemptTable } from "./attempt-table.ts";
import type { EventLog } from "./event-log.ts";
import { type KeptAnswer, type ReceiptTable, receiptKey } from "./receipt-table.ts";
import type { TaskTable } from "./task-table.ts";

export interface ChangeWriterParts {
  db: DatabaseSync;
  log: EventLog;
  tasks: TaskTable;
  attempts: AttemptTable;
  receipts: ReceiptTable;
  limits: TaskLimits;
  now: () => Date;
}

/** Decides and writes changes inside the surrounding commit, and gathers what that commit brings. */
export class ChangeWriter {
  readonly #parts: ChangeWriterParts;
  readonly #insertCommand: StatementSync;
  #events: StoredEvent[] = [];
  #attemptChanges: AttemptChange[] = [];
  #deletedAttempts: Attempt[] = [];
  #commands: PendingCommand[] = [];

  constructor(parts: ChangeWriterParts) {
    this.#parts = parts;
    this.#insertCommand = parts.db.prepare(
      "INSERT INTO commands (dispatch_id, task_id, agent_id, command) VALUES (?, ?, ?, ?)",
    );
  }

  /** @see Store.change */
  apply(change: TaskChange, receipt: Receipt | undefined): ChangeResult {
    const { tasks, receipts, log } = this.#parts;
    const now = this.#parts.now().toISOString();
    const task = tasks.get(change.taskId);
    const attempt = this.#attemptOf(change, task, now);
    const named = "dispatchId" in change ? change.dispatchId : undefined;
    const scope = receipt?.scope ?? `callback:${named ?? attempt?.id ?? change.taskId}`;
    const key = receipt && receiptKey(scope, receipt.key);
    const kept = key === undefined ? null : receipts.get(key);
    if (kept) return repeat(kept, receipt?.fingerprint);
    if (receipt?.onlyIfKnown) return { ...NOTHING_KNOWN, refusal: STALE };
    const state = { task, attempt };
    const decision = withinLimits(state, change, decide(state, change, now), this.#parts.limits);
    const firstId = decision.events.length > 0 ? log.nextId : null;
    const result = resultOf(decision, state, firstId);
    const answer = receipt && answerOf(result, change, receipt.fingerprint, now);
    this.#write(decision, state, key !== undefined && answer ? { key, answer } : undefined);
    return result;
  }

  /** The attempt that a change names or, where it names none, is about. */
  #attemptOf(change: TaskChange, task: Task | null, now: string): Attempt | null {
    const { attempts } = this.#parts;
    if ("dispatchId" in change && change.dispatchId !== undefined) return attempts.get(change.dispatchId);
    const current = task?.dispatchId ? attempts.get(task.dispatchId) : null;
    if (!current || change.kind !== "callback") return current;
    const told = { agentId: change.callback.agentId, at: change.at };
    return attributedAttempt(current, () => attempts.ofTask(current.taskId), told, now);
  }

  /** Numbers and writes one event. */
  append(event: NewEvent, receipt?: { key: string; answer: string }): void {
    this.#events.push(this.#parts.log.append(event, receipt));
  }

  /** What was written since the last commit. */
  takeCommit(): Commit {
    const commit: Commit = {
      events: this.#events,
      attempts: this.#attemptChanges,
      deleted: this.#deletedAttempts,
      commands: this.#commands,
    };
    this.#events = [];
    this.#attemptChanges = [];
    this.#deletedAttempts = [];
    this.#commands = [];
    return commit;
  }

  /**
   * What records nothing keeps no receipt: the same request may well be answered otherwise later.
   * @param kept the answer that the answering event carries
   */
  #write(decision: Decision, before: TaskState, kept: { key: string; answer: KeptAnswer } | undefined): void {
    const { tasks, attempts, receipts, log } = this.#parts;
    const asOf = log.nextId + decision.events.length - 1;
    if (decision.deleted && before.task) {
      this.#deletedAttempts.push(...attempts.ofTask(before.task.id));
      tasks.delete(before.task.id);
      attempts.forget();
    }
    if (decision.task) {
      if (before.task) tasks.update(decision.task, asOf);
      else tasks.add(decision.task, asOf);
    }
    if (decision.attempt) this.#writeAttempt(decision.attempt, before.attempt, decision.command);
    for (const [index, event] of decision.events.entries()) {
      if (kept && index === (decision.answerEvent ?? 0)) {
        receipts.add(kept.key, kept.answer);
        this.append(event, { key: kept.key, answer: JSON.stringify(kept.answer) });
      } else this.append(event);
    }
  }

  #writeAttempt(attempt: Attempt, current: Attempt | null, command: AgentCommand | undefined): void {
    const before = current?.id === attempt.id ? current : null;
    this.#parts.attempts.write(attempt, before === null);
    this.#attemptChanges.push({ before, after: attempt });
    if (!command) return;
    const { id: dispatchId, taskId, agentId } = attempt;
    const { lastInsertRowid } = this.#insertCommand.run(dispatchId, taskId, agentId, JSON.stringify(command));
    this.#commands.push({ id: Number(lastInsertRowid), dispatchId, taskId, agentId, command });
  }
}

const NOTHING_KNOWN: ChangeResult = {
  duplicate: false,
  eventId: null,
  taskStatus: null,
  task: null,
  attempt: null,
};
const STALE = { code: "stale", detail: "Too old, and not a known repeat." } as const;

/** @param firstId the id its first event will get; null when it has none */
function resultOf(decision: Decision, before: TaskState, firstId: number | null): ChangeResult {
  const task = decision.deleted ? null : (decision.task ?? before.task);
  return {
    duplicate: false,
    eventId: firstId === null ? null : firstId + (decision.answerEvent ?? 0),
    taskStatus: task?.status ?? null,
    task,
    attempt: decision.attempt ?? before.attempt,
    ...(decision.refusal ? { refusal: decision.refusal } : {}),
  };
}

function answerOf(
  { eventId, taskStatus, task, refusal }: ChangeResult,
  change: TaskChange,
  fingerprint: string | undefined,
  at: string,
): KeptAnswer {
  return {
    eventId,
    taskStatus,
    at,
    ...(change.kind === "create" ? { task } : {}),
    ...(refusal ? { refusal } : {}),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

function repeat(kept: KeptAnswer, fingerprint: string | undefined): ChangeResult {
  if (kept.fingerprint !== fingerprint) {
    const detail = "The same key was used before with another request.";
    return { ...NOTHING_KNOWN, refusal: { code: "mismatch", detail } };
  }
  const { eventId, taskStatus, task = null, refusal } = kept;
  return { ...NOTHING_KNOWN, eventId, taskStatus, task, ...(refusal ? { refusal } : {}), duplicate: true };
}
