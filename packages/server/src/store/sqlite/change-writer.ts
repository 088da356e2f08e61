import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { NewEvent } from "@mission-control/protocol";
import type { AgentCommand, Decision, TaskChange, TaskState } from "../../tasks/change.ts";
import { decide } from "../../tasks/decide.ts";
import type { Attempt } from "../../tasks/task.ts";
import type { AttemptChange, ChangeResult, Commit, PendingCommand, Receipt, StoredEvent } from "../store.ts";
import type { AttemptTable } from "./attempt-table.ts";
import type { EventLog } from "./event-log.ts";
import { type KeptAnswer, ReceiptTable } from "./receipt-table.ts";
import type { TaskTable } from "./task-table.ts";

export interface ChangeWriterParts {
  db: DatabaseSync;
  log: EventLog;
  tasks: TaskTable;
  attempts: AttemptTable;
  now: () => Date;
}

/** Decides and writes changes inside the surrounding commit, and gathers what that commit brings. */
export class ChangeWriter {
  readonly receipts: ReceiptTable;
  readonly #parts: ChangeWriterParts;
  readonly #insertCommand: StatementSync;
  #events: StoredEvent[] = [];
  #attemptChanges: AttemptChange[] = [];
  #commands: PendingCommand[] = [];

  constructor(parts: ChangeWriterParts) {
    this.#parts = parts;
    this.receipts = new ReceiptTable(parts.db);
    this.#insertCommand = parts.db.prepare(
      "INSERT INTO commands (dispatch_id, task_id, agent_id, command) VALUES (?, ?, ?, ?)",
    );
  }

  /** @see Store.change */
  apply(change: TaskChange, receipt: Receipt | undefined): ChangeResult {
    const kept = receipt?.onlyIfKnown ? this.receipts.get(receipt) : null;
    if (receipt?.onlyIfKnown && !kept) return { ...NOTHING_KNOWN, refusal: STALE };
    const { tasks, attempts, log } = this.#parts;
    const task = tasks.get(change.taskId);
    const dispatchId = ("dispatchId" in change ? change.dispatchId : undefined) ?? task?.dispatchId;
    const attempt = dispatchId ? attempts.get(dispatchId) : null;
    const now = this.#parts.now().toISOString();
    const decision = decide({ task, attempt }, change, now);
    const answers = decision.events.length > 0;
    const result = resultOf(decision, { task, attempt }, answers ? log.nextId : null);
    if (receipt) {
      const repeated = kept ?? this.#repeated(receipt, now, result, change.kind === "create");
      if (repeated) return repeat(repeated, receipt);
    }
    this.#write(decision, { task, attempt });
    return result;
  }

  /** Numbers and writes one event; returns its id. */
  append(event: NewEvent): number {
    const stored = this.#parts.log.append(event);
    this.#events.push(stored);
    return stored.id;
  }

  /** What was written since the last commit. */
  takeCommit(): Commit {
    const commit: Commit = {
      events: this.#events,
      attempts: this.#attemptChanges,
      commands: this.#commands,
    };
    this.#events = [];
    this.#attemptChanges = [];
    this.#commands = [];
    return commit;
  }

  /**
   * The answer the receipt has already, or null after keeping this one. What records nothing keeps no receipt:
   * the same request may well be answered otherwise later.
   */
  #repeated(receipt: Receipt, now: string, result: ChangeResult, keepTask: boolean): KeptAnswer | null {
    const { eventId, taskStatus, task, refusal } = result;
    if (refusal && eventId === null) return this.receipts.get(receipt);
    const isNew = this.receipts.add(receipt, now, {
      eventId,
      taskStatus,
      task: keepTask ? task : null,
      ...(refusal ? { refusal } : {}),
      fingerprint: receipt.fingerprint,
    });
    return isNew ? null : this.receipts.get(receipt);
  }

  #write(decision: Decision, before: TaskState): void {
    const { tasks, attempts } = this.#parts;
    if (decision.deleted && before.task) {
      tasks.delete(before.task.id);
      attempts.forget();
    }
    if (decision.task) {
      if (before.task) tasks.update(decision.task);
      else tasks.add(decision.task);
    }
    if (decision.attempt) this.#writeAttempt(decision.attempt, before.attempt, decision.command);
    for (const event of decision.events) this.append(event);
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

function repeat({ fingerprint, ...answer }: KeptAnswer, receipt: Receipt): ChangeResult {
  if (fingerprint === receipt.fingerprint) return { ...NOTHING_KNOWN, ...answer, duplicate: true };
  const detail = "The same key was used before with another request.";
  return { ...NOTHING_KNOWN, refusal: { code: "mismatch", detail } };
}
