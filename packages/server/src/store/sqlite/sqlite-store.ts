import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { EventFilter, NewEvent, TaskQuery, Usage } from "@mission-control/protocol";
import type { Metrics } from "../../metrics.ts";
import type { AgentCommand, Decision, TaskChange } from "../../tasks/change.ts";
import { decide } from "../../tasks/decide.ts";
import type { Attempt, Task } from "../../tasks/task.ts";
import type {
  AttemptChange,
  ChangeResult,
  Commit,
  EventPage,
  FrameChunk,
  LogRange,
  PendingCommand,
  Receipt,
  RecordKind,
  RecordKinds,
  Store,
  StoredEvent,
  Stretch,
  TaskPage,
} from "../store.ts";
import { AttemptTable } from "./attempt-table.ts";
import { openDatabase } from "./database.ts";
import { EventLog } from "./event-log.ts";
import { GroupCommit } from "./group-commit.ts";
import { ReceiptTable } from "./receipt-table.ts";
import { TaskList } from "./task-list.ts";
import { TaskTable } from "./task-table.ts";

export interface SqliteStoreOptions {
  /** The data folder; made with mode 0700 when missing. */
  folder: string;
  /** The clock that stamps events and records. */
  now?: () => Date;
  metrics?: Pick<Metrics, "commit" | "eventsCommitted">;
}

/** The embedded engine: one SQLite file, owned by one process. */
export class SqliteStore implements Store {
  readonly #now: () => Date;
  readonly #closeDatabase: () => void;
  readonly #group: GroupCommit;
  readonly #log: EventLog;
  readonly #tasks: TaskTable;
  readonly #taskList: TaskList;
  readonly #attempts: AttemptTable;
  readonly #receipts: ReceiptTable;
  readonly #insertCommand: StatementSync;
  readonly #deleteCommand: StatementSync;
  readonly #selectCommands: StatementSync;
  readonly #putRecord: StatementSync;
  readonly #deleteRecord: StatementSync;
  readonly #selectRecords: StatementSync;
  readonly #listeners = new Set<(commit: Commit) => void>();
  #events: StoredEvent[] = [];
  #attemptChanges: AttemptChange[] = [];
  #commands: PendingCommand[] = [];

  /** @throws DataFolderInUseError, NewerDatabaseError */
  static open(options: SqliteStoreOptions): SqliteStore {
    const { db, close } = openDatabase(options.folder);
    return new SqliteStore(db, close, options);
  }

  private constructor(db: DatabaseSync, close: () => void, options: SqliteStoreOptions) {
    this.#now = options.now ?? (() => new Date());
    this.#closeDatabase = close;
    this.#group = new GroupCommit(db, {
      committed: (seconds, groupSize) => {
        options.metrics?.commit(seconds, groupSize);
        options.metrics?.eventsCommitted(this.#events.length);
        this.#committed();
      },
      rolledBack: () => this.#rolledBack(),
    });
    this.#log = new EventLog(db);
    this.#tasks = new TaskTable(db);
    this.#taskList = new TaskList(db);
    this.#attempts = new AttemptTable(db);
    this.#receipts = new ReceiptTable(db);
    this.#insertCommand = db.prepare(
      "INSERT INTO commands (dispatch_id, task_id, agent_id, command) VALUES (?, ?, ?, ?)",
    );
    this.#deleteCommand = db.prepare("DELETE FROM commands WHERE id = ?");
    this.#selectCommands = db.prepare("SELECT * FROM commands ORDER BY id");
    this.#putRecord = db.prepare(
      "INSERT INTO records (kind, id, record) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
    );
    this.#deleteRecord = db.prepare("DELETE FROM records WHERE kind = ? AND id = ?");
    this.#selectRecords = db.prepare("SELECT record FROM records WHERE kind = ? ORDER BY id");
  }

  change(change: TaskChange, receipt?: Receipt): Promise<ChangeResult> {
    return this.#group.run(() => this.#apply(change, receipt));
  }

  append(events: readonly NewEvent[]): Promise<void> {
    return this.#group.run(() => {
      for (const event of events) this.#append(event);
    });
  }

  put<Kind extends RecordKind>(kind: Kind, record: RecordKinds[Kind], event?: NewEvent): Promise<void> {
    return this.#group.run(() => {
      this.#putRecord.run(kind, record.id, JSON.stringify(record));
      if (event) this.#append(event);
    });
  }

  remove(kind: RecordKind, id: string, event?: NewEvent): Promise<void> {
    return this.#group.run(() => {
      const { changes } = this.#deleteRecord.run(kind, id);
      if (event && changes > 0) this.#append(event);
    });
  }

  commandDone(id: number): Promise<void> {
    return this.#group.run(() => {
      this.#deleteCommand.run(id);
    });
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async task(id: string): Promise<Task | null> {
    return this.#tasks.get(id);
  }

  async tasks(query: TaskQuery): Promise<TaskPage> {
    return { ...this.#taskList.page(query), lastEventId: this.#log.range.newest };
  }

  async attempt(id: string): Promise<Attempt | null> {
    return this.#attempts.get(id);
  }

  async attemptsOf(taskId: string): Promise<Attempt[]> {
    return this.#attempts.ofTask(taskId);
  }

  async queuedAttempts(agentId: string, limit: number): Promise<Attempt[]> {
    return this.#attempts.queued(agentId, limit);
  }

  async unfinishedAttempts(): Promise<Attempt[]> {
    return this.#attempts.unfinished();
  }

  async queueLengths(): Promise<Map<string, number>> {
    return this.#attempts.queueLengths();
  }

  async usageByAgent(): Promise<Map<string, Usage>> {
    return this.#attempts.usageByAgent();
  }

  async pendingCommands(): Promise<PendingCommand[]> {
    return this.#selectCommands.all().map((row) => ({
      id: Number(row.id),
      dispatchId: String(row.dispatch_id),
      taskId: String(row.task_id),
      agentId: String(row.agent_id),
      command: JSON.parse(String(row.command)) as AgentCommand,
    }));
  }

  async records<Kind extends RecordKind>(kind: Kind): Promise<RecordKinds[Kind][]> {
    return this.#selectRecords.all(kind).map((row) => JSON.parse(String(row.record)) as RecordKinds[Kind]);
  }

  async range(): Promise<LogRange> {
    return this.#log.range;
  }

  async frames(stretch: Stretch, filter: EventFilter): Promise<FrameChunk> {
    return this.#log.frames(stretch, filter);
  }

  async taskEvents(taskId: string, after: number, limit: number): Promise<EventPage> {
    return this.#log.taskEvents(taskId, after, limit);
  }

  async history(before: number | null, filter: EventFilter, limit: number): Promise<EventPage> {
    return this.#log.history(before, filter, limit);
  }

  prune(policy: { keepEvents: number; receiptsBefore: string }): Promise<boolean> {
    return this.#group.run(() => {
      const moreEvents = this.#log.prune(policy.keepEvents);
      const moreReceipts = this.#receipts.prune(policy.receiptsBefore);
      return moreEvents || moreReceipts;
    });
  }

  async unavailableReason(): Promise<string | null> {
    try {
      await this.#group.run(() => this.#putRecord.run("probe", "ready", JSON.stringify(this.#now())));
      return null;
    } catch {
      return "The store cannot commit: look at the disk's free space, and at the log.";
    }
  }

  async close(): Promise<void> {
    this.#group.close();
    this.#closeDatabase();
  }

  #apply(change: TaskChange, receipt: Receipt | undefined): ChangeResult {
    if (receipt) {
      const kept = this.#receipts.get(receipt);
      if (kept) return repeat(kept, receipt);
      if (receipt.onlyIfKnown) {
        return { ...UNKNOWN, refusal: { code: "stale", detail: "Too old, and not a known repeat." } };
      }
    }
    const task = this.#tasks.get(change.taskId);
    const dispatchId = ("dispatchId" in change ? change.dispatchId : undefined) ?? task?.dispatchId;
    const attempt = dispatchId ? this.#attempts.get(dispatchId) : null;
    const now = this.#now().toISOString();
    const decision = decide({ task, attempt }, change, now);
    const result = this.#write(decision, { task, attempt });
    // A task that does not exist has nothing to keep a receipt for: nothing was stored.
    if (receipt && (result.eventId !== null || !result.refusal)) {
      this.#receipts.add(receipt, now, {
        eventId: result.eventId,
        taskStatus: result.taskStatus,
        task: change.kind === "create" ? result.task : null,
        ...(result.refusal ? { refusal: result.refusal } : {}),
        fingerprint: receipt.fingerprint,
      });
    }
    return result;
  }

  #write(decision: Decision, before: { task: Task | null; attempt: Attempt | null }): ChangeResult {
    if (decision.deleted && before.task) {
      this.#tasks.delete(before.task.id);
      this.#attempts.forget();
    }
    if (decision.task) this.#tasks.write(decision.task, before.task);
    if (decision.attempt) this.#writeAttempt(decision.attempt, before.attempt, decision.command);
    const ids = decision.events.map((event) => this.#append(event));
    const task = decision.deleted ? null : (decision.task ?? before.task);
    return {
      duplicate: false,
      eventId: ids[decision.answerEvent ?? 0] ?? null,
      taskStatus: task?.status ?? null,
      task,
      attempt: decision.attempt ?? before.attempt,
      ...(decision.refusal ? { refusal: decision.refusal } : {}),
    };
  }

  #writeAttempt(attempt: Attempt, current: Attempt | null, command: AgentCommand | undefined): void {
    const before = current?.id === attempt.id ? current : null;
    this.#attempts.write(attempt, before === null);
    this.#attemptChanges.push({ before, after: attempt });
    if (!command) return;
    const { id: dispatchId, taskId, agentId } = attempt;
    const { lastInsertRowid } = this.#insertCommand.run(dispatchId, taskId, agentId, JSON.stringify(command));
    this.#commands.push({ id: Number(lastInsertRowid), dispatchId, taskId, agentId, command });
  }

  #append(event: NewEvent): number {
    const stored = this.#log.append(event);
    this.#events.push(stored);
    return stored.id;
  }

  #committed(): void {
    this.#log.committed();
    const commit: Commit = {
      events: this.#events,
      attempts: this.#attemptChanges,
      commands: this.#commands,
    };
    this.#startCommit();
    if (commit.events.length === 0 && commit.attempts.length === 0) return;
    for (const listener of this.#listeners) listener(commit);
  }

  #rolledBack(): void {
    this.#log.rolledBack();
    this.#tasks.rolledBack();
    this.#attempts.forget();
    this.#startCommit();
  }

  #startCommit(): void {
    this.#events = [];
    this.#attemptChanges = [];
    this.#commands = [];
  }
}

const UNKNOWN: ChangeResult = {
  duplicate: false,
  eventId: null,
  taskStatus: null,
  task: null,
  attempt: null,
};

function repeat(kept: NonNullable<ReturnType<ReceiptTable["get"]>>, receipt: Receipt): ChangeResult {
  const { fingerprint, ...answer } = kept;
  if (fingerprint !== receipt.fingerprint) {
    const detail = "The same key was used before with another request.";
    return { ...UNKNOWN, refusal: { code: "mismatch", detail } };
  }
  return { ...UNKNOWN, ...answer, duplicate: true };
}
