import type { StatementSync } from "node:sqlite";
import {
  type EventFilter,
  MAX_CALLBACK_BYTES,
  type NewEvent,
  type TaskQuery,
} from "@mission-control/protocol";
import type { Logger } from "../../logger.ts";
import type { Metrics } from "../../metrics.ts";
import type { AgentCommand, TaskChange } from "../../tasks/change.ts";
import { NO_LIMITS, type TaskLimits } from "../../tasks/limits.ts";
import type { Attempt, Task } from "../../tasks/task.ts";
import type { UsageSum } from "../../tasks/usage.ts";
import {
  type ChangeResult,
  type Commit,
  type EventPage,
  type FrameChunk,
  type LogRange,
  type PendingCommand,
  type Receipt,
  type RecordKind,
  type RecordKinds,
  type Store,
  StoreUnavailableError,
  type Stretch,
  type TaskPage,
} from "../store.ts";
import { AttemptTable } from "./attempt-table.ts";
import { ChangeWriter } from "./change-writer.ts";
import { BackgroundCheck, named } from "./damage.ts";
import { databaseFile, type OpenDatabase, openDatabase } from "./database.ts";
import { engineReason, saysDamaged } from "./engine-error.ts";
import { EventLog, usesIndex } from "./event-log.ts";
import { GroupCommit } from "./group-commit.ts";
import type { InstanceMarker } from "./instance-marker.ts";
import { OutageLog } from "./outage-log.ts";
import { ReceiptTable } from "./receipt-table.ts";
import { TaskList } from "./task-list.ts";
import { TaskTable } from "./task-table.ts";
import { WriteBehind } from "./write-behind.ts";

/** What the largest callback brings: its event, and the task's and the attempt's fields that show it. */
const PROBE_BYTES = MAX_CALLBACK_BYTES + 128 * 1024;

/** In one step of pruning, unless it is told. */
const PRUNE_ROWS = 100;

export interface SqliteStoreOptions {
  /** The data folder; made with mode 0700 when missing. */
  folder: string;
  /** The clock that stamps events and records. */
  now?: () => Date;
  /** How much one attempt's agent may put into its record; without them, anything. */
  limits?: TaskLimits;
  metrics?: Pick<Metrics, "commit" | "eventsCommitted">;
  /** Told of outages, and of listeners that throw; without one, such an error ends the process. */
  logger?: Pick<Logger, "error">;
}

/** The embedded engine: one SQLite file, owned by one process. */
export class SqliteStore implements Store {
  readonly #metrics: SqliteStoreOptions["metrics"];
  readonly #logger: SqliteStoreOptions["logger"];
  readonly #file: string;
  readonly #marker: InstanceMarker;
  readonly #outages: OutageLog;
  readonly #check: BackgroundCheck | null;
  readonly #closeDatabase: () => void;
  readonly #group: GroupCommit;
  readonly #log: EventLog;
  readonly #tasks: TaskTable;
  readonly #taskList: TaskList;
  readonly #attempts: AttemptTable;
  readonly #receipts: ReceiptTable;
  readonly #writer: ChangeWriter;
  readonly #writeBehind: WriteBehind;
  readonly #deleteCommand: StatementSync;
  readonly #selectCommands: StatementSync;
  readonly #putRecord: StatementSync;
  readonly #deleteRecord: StatementSync;
  readonly #deleteOtherProbes: StatementSync;
  readonly #selectRecords: StatementSync;
  #isDamaged = false;
  readonly #listeners = new Set<(commit: Commit) => void>();

  /** @throws DataFolderInUseError, NewerDatabaseError, DamagedDatabaseError */
  static open(options: SqliteStoreOptions): SqliteStore {
    const database = openDatabase(options.folder);
    try {
      return new SqliteStore(database, options);
    } catch (error) {
      database.close();
      throw named(error, databaseFile(options.folder));
    }
  }

  private constructor(database: OpenDatabase, options: SqliteStoreOptions) {
    const { db, marker, close, needsCheck } = database;
    this.#metrics = options.metrics;
    this.#logger = options.logger;
    this.#closeDatabase = close;
    this.#file = databaseFile(options.folder);
    this.#marker = marker;
    this.#outages = new OutageLog(options.logger, this.#file);
    this.#group = new GroupCommit(db, {
      beforeCommit: () => this.#writeBehind.beforeCommit(),
      committed: (seconds, groupSize) => {
        options.metrics?.commit(seconds, groupSize);
        this.#outages.worked();
        this.#committed();
      },
      rolledBack: () => this.#rolledBack(),
      unavailable: (error) => this.#failed(error),
    });
    this.#log = new EventLog(db);
    this.#tasks = new TaskTable(db);
    this.#taskList = new TaskList(db);
    this.#attempts = new AttemptTable(db);
    this.#receipts = new ReceiptTable(db);
    const tables = {
      log: this.#log,
      tasks: this.#tasks,
      attempts: this.#attempts,
      receipts: this.#receipts,
    };
    const { now = () => new Date(), limits = NO_LIMITS } = options;
    this.#writer = new ChangeWriter({ db, ...tables, limits, now });
    this.#writeBehind = new WriteBehind(tables);
    this.#writeBehind.recover(db);
    this.#deleteCommand = db.prepare("DELETE FROM commands WHERE id = ?");
    this.#selectCommands = db.prepare("SELECT * FROM commands ORDER BY id");
    this.#putRecord = db.prepare(
      "INSERT INTO records (kind, id, record) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
    );
    this.#deleteRecord = db.prepare("DELETE FROM records WHERE kind = ? AND id = ?");
    this.#deleteOtherProbes = db.prepare("DELETE FROM records WHERE kind = 'probe' AND id <> ?");
    this.#selectRecords = db.prepare("SELECT record FROM records WHERE kind = ? ORDER BY id");
    this.#check = needsCheck
      ? new BackgroundCheck(this.#file, (detail) => {
          if (detail !== null) this.#damaged(detail);
        })
      : null;
  }

  change(change: TaskChange, receipt?: Receipt): Promise<ChangeResult> {
    return this.#group.run(() => this.#writer.apply(change, receipt));
  }

  append(events: readonly NewEvent[]): Promise<void> {
    return this.#group.run(() => {
      for (const event of events) this.#writer.append(event);
    });
  }

  put<Kind extends RecordKind>(kind: Kind, record: RecordKinds[Kind], event?: NewEvent): Promise<void> {
    return this.#group.run(() => {
      this.#putRecord.run(kind, record.id, JSON.stringify(record));
      if (event) this.#writer.append(event);
    });
  }

  remove(kind: RecordKind, id: string, event?: NewEvent): Promise<void> {
    return this.#group.run(() => {
      const { changes } = this.#deleteRecord.run(kind, id);
      if (event && changes > 0) this.#writer.append(event);
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
    return this.#read(() => this.#tasks.get(id));
  }

  async tasks(query: TaskQuery): Promise<TaskPage> {
    return this.#upToDate(() => ({ ...this.#taskList.page(query), lastEventId: this.#log.range.newest }));
  }

  async attempt(id: string): Promise<Attempt | null> {
    return this.#read(() => this.#attempts.get(id));
  }

  async attemptsOf(taskId: string): Promise<Attempt[]> {
    return this.#read(() => this.#attempts.ofTask(taskId));
  }

  async queuedAttempts(agentId: string, limit: number): Promise<Attempt[]> {
    return this.#read(() => this.#attempts.queued(agentId, limit));
  }

  async unfinishedAttempts(): Promise<Attempt[]> {
    return this.#read(() => this.#attempts.unfinished());
  }

  async queueLengths(): Promise<Map<string, number>> {
    return this.#read(() => this.#attempts.queueLengths());
  }

  async usageByAgent(): Promise<Map<string, UsageSum>> {
    return this.#read(() => this.#attempts.usageByAgent());
  }

  async pendingCommands(): Promise<PendingCommand[]> {
    const rows = this.#read(() => this.#selectCommands.all());
    return rows.map((row) => ({
      id: Number(row.id),
      dispatchId: String(row.dispatch_id),
      taskId: String(row.task_id),
      agentId: String(row.agent_id),
      command: JSON.parse(String(row.command)) as AgentCommand,
    }));
  }

  async records<Kind extends RecordKind>(kind: Kind): Promise<RecordKinds[Kind][]> {
    const rows = this.#read(() => this.#selectRecords.all(kind));
    return rows.map((row) => JSON.parse(String(row.record)) as RecordKinds[Kind]);
  }

  async range(): Promise<LogRange> {
    return this.#log.range;
  }

  async frames(stretch: Stretch, filter: EventFilter): Promise<FrameChunk> {
    if (!usesIndex(filter)) return this.#read(() => this.#log.frames(stretch, filter));
    return this.#upToDate(() => this.#log.frames(stretch, filter));
  }

  async taskEvents(taskId: string, after: number, limit: number): Promise<EventPage> {
    return this.#upToDate(() => this.#log.taskEvents(taskId, after, limit));
  }

  async history(before: number | null, filter: EventFilter, limit: number): Promise<EventPage> {
    if (!usesIndex(filter)) return this.#read(() => this.#log.history(before, filter, limit));
    return this.#upToDate(() => this.#log.history(before, filter, limit));
  }

  async prune(policy: { keepEvents: number; receiptsBefore: string; rows?: number }): Promise<boolean> {
    const { keepEvents, receiptsBefore, rows = PRUNE_ROWS } = policy;
    const isDue = () => this.#log.hasMoreThan(keepEvents) || this.#receipts.hasBefore(receiptsBefore, rows);
    if (!this.#read(isDue)) return false;
    return this.#group.run(() => {
      // An event that still carries its receipt must not go before that has its place.
      this.#writeBehind.request();
      const moreEvents = this.#log.prune(keepEvents, rows);
      const moreReceipts = this.#receipts.prune(receiptsBefore, rows);
      return moreEvents || moreReceipts;
    });
  }

  async unavailableReason(): Promise<string | null> {
    try {
      await this.#group.run(() => this.#probe());
      return null;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return error.message;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#writeBehind.isBehind) {
      // What cannot be written now is read from the log at the next start.
      await this.#group.run(() => this.#writeBehind.request()).catch(() => {});
    }
    await this.#check?.close();
    this.#group.close();
    this.#closeDatabase();
  }

  /**
   * Reads what the log's newest events have yet to bring into the database: after a commit that brings it or, where
   * none can be made, in a transaction of its own that is taken back. A full disk is no reason not to look.
   */
  async #upToDate<Result>(read: () => Result): Promise<Result> {
    if (!this.#writeBehind.isBehind) return this.#read(read);
    try {
      await this.#group.run(() => this.#writeBehind.request());
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return this.#group.preview(() => {
        this.#writeBehind.request();
        this.#writeBehind.beforeCommit();
        return read();
      });
    }
    return this.#read(read);
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      const reason = engineReason(error);
      if (reason === null) throw error;
      this.#failed(error);
      throw new StoreUnavailableError(`The database cannot be used now: ${reason}.`, { cause: error });
    }
  }

  #failed(error: unknown): void {
    if (saysDamaged(error)) this.#damaged(error instanceof Error ? error.message : String(error));
    else this.#outages.failed(error);
  }

  /** What is written to a damaged file may be lost, and may damage more of it: agents keep what they have to say. */
  #damaged(detail: string): void {
    if (this.#isDamaged) return;
    this.#isDamaged = true;
    this.#group.refuse("The database is damaged; the server's log names the file.");
    this.#marker.damaged();
    this.#logger?.error(
      { file: this.#file, detail },
      "the database is damaged: nothing more is stored; stop the server and restore the file from a backup",
    );
  }

  /** Writes as much as a large callback does, in the place of what was written the last time. */
  #probe(): void {
    const id = String(Date.now());
    this.#putRecord.run("probe", id, new Uint8Array(PROBE_BYTES));
    this.#deleteOtherProbes.run(id);
  }

  #committed(): void {
    this.#writeBehind.committed();
    const commit = this.#writer.takeCommit();
    this.#metrics?.eventsCommitted(commit.events.length);
    this.#marker.note(this.#log.range.newest);
    if (commit.events.length === 0 && commit.attempts.length === 0) return;
    for (const listener of this.#listeners) this.#tell(listener, commit);
  }

  /** What is durable stays so, and is told to the others, whatever one listener makes of it. */
  #tell(listener: (commit: Commit) => void, commit: Commit): void {
    try {
      listener(commit);
    } catch (error) {
      if (!this.#logger) throw error;
      this.#logger.error({ err: error }, "a commit could not be followed by a part of the server");
    }
  }

  #rolledBack(): void {
    this.#writeBehind.rolledBack();
    this.#attempts.forget();
    this.#writer.takeCommit();
  }
}
