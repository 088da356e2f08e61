import type { StatementSync } from "node:sqlite";
import type {
  DeliveryQuery,
  EventFilter,
  TaskCountQuery,
  TaskQuery,
  TranscriptPage,
} from "@mission-control/protocol";
import type { Logger } from "../../logger.ts";
import type { Metrics } from "../../metrics.ts";
import type { ArtifactRecord } from "../../tasks/artifact.ts";
import type { AgentCommand } from "../../tasks/change.ts";
import { NO_LIMITS, type TaskLimits } from "../../tasks/limits.ts";
import type { Attempt, Message, Task } from "../../tasks/task.ts";
import type { DeliveryPage, DeliveryPolicy, DeliveryRecord } from "../deliveries.ts";
import type { EventRow } from "../draft.ts";
import type { ExchangePolicy, ExchangeRecord, KeptExchangeQuery } from "../exchanges.ts";
import { Followers } from "../followers.ts";
import type {
  CountedFacts,
  InsightPolicy,
  InsightQuery,
  InsightRow,
  InsightSnapshot,
  UncountedFact,
} from "../insights.ts";
import type { PendingCommand } from "../log-change.ts";
import { OperationStore } from "../operation-store.ts";
import { FencedError, type LeaseToken, type Operation, type Outcome, plan } from "../plan.ts";
import type { RecordKind, RecordKinds } from "../records.ts";
import type { SentPayload } from "../sent-payload.ts";
import type {
  ArtifactPage,
  EventPage,
  Follower,
  FrameChunk,
  InboxPage,
  Lease,
  LogEntry,
  LogRange,
  MessagePage,
  Snapshot,
  Store,
  Stretch,
  TaskCounts,
  TaskPage,
  WorkInHand,
} from "../store.ts";
import { StoreUnavailableError } from "../store.ts";
import { readTranscript, type TranscriptQuery } from "../transcript.ts";
import { ArtifactTable } from "./artifact-table.ts";
import { AttemptTable } from "./attempt-table.ts";
import { CommitProbe } from "./commit-probe.ts";
import { named } from "./damage.ts";
import { databaseFile, type OpenDatabase, openDatabase } from "./database.ts";
import { DeliveryTable } from "./delivery-table.ts";
import { EventLog, usesIndex } from "./event-log.ts";
import { ExchangeTable } from "./exchange-table.ts";
import { FileHealth } from "./file-health.ts";
import { GroupCommit } from "./group-commit.ts";
import { Inbox } from "./inbox.ts";
import { InsightTable } from "./insight-table.ts";
import { Leases } from "./leases.ts";
import { MessageTable } from "./message-table.ts";
import { refuseUnfinishedMove } from "./move-side.ts";
import { PayloadTable } from "./payload-table.ts";
import { ReceiptTable } from "./receipt-table.ts";
import { RecordTable } from "./record-table.ts";
import { RowWriter, type Tables } from "./row-writer.ts";
import { TaskList } from "./task-list.ts";
import { TaskTable } from "./task-table.ts";
import { TranscriptReader } from "./transcript-reader.ts";
import { SqliteWorkingSet } from "./working-set.ts";
import { WriteBehind } from "./write-behind.ts";

/** In one step of pruning, unless the caller says otherwise. */
const PRUNE_ROWS = 100;

export interface SqliteStoreOptions {
  /** The data folder; made with mode 0700 when missing. */
  folder: string;
  /** The clock that stamps events and records. */
  now?: () => Date;
  /** How much one attempt's agent may put into its record; without them, anything. */
  limits?: TaskLimits;
  metrics?: Pick<Metrics, "commit" | "eventsCommitted">;
  /** Logs outages, and listeners that throw; without one, such an error ends the process. */
  logger?: Pick<Logger, "error">;
}

/** The embedded engine: one SQLite file, owned by one process. */
export class SqliteStore extends OperationStore implements Store {
  readonly #metrics: SqliteStoreOptions["metrics"];
  readonly #limits: TaskLimits;
  readonly #health: FileHealth;
  readonly #closeDatabase: () => void;
  readonly #group: GroupCommit;
  readonly #tables: Tables;
  readonly #exchanges: ExchangeTable;
  readonly #taskList: TaskList;
  readonly #inbox: Inbox;
  readonly #transcripts: TranscriptReader;
  readonly #writer: RowWriter;
  readonly #workingSet: SqliteWorkingSet;
  readonly #writeBehind: WriteBehind;
  readonly #followers: Followers;
  readonly #leases = new Leases();
  readonly #selectCommands: StatementSync;
  readonly #selectCommand: StatementSync;
  readonly #probe: CommitProbe;
  /** The events of the surrounding commit. */
  #written: readonly EventRow[] = [];

  /** @throws DataFolderInUseError, NewerDatabaseError, DamagedDatabaseError, UnfinishedMoveError */
  static open(options: SqliteStoreOptions): SqliteStore {
    const database = openDatabase(options.folder);
    try {
      refuseUnfinishedMove(database.db, databaseFile(options.folder));
      return new SqliteStore(database, options);
    } catch (error) {
      database.close();
      throw named(error, databaseFile(options.folder));
    }
  }

  private constructor(database: OpenDatabase, options: SqliteStoreOptions) {
    super(options.now ?? (() => new Date()));
    const { db, marker, close, needsCheck } = database;
    this.#metrics = options.metrics;
    this.#limits = options.limits ?? NO_LIMITS;
    this.#closeDatabase = close;
    this.#group = new GroupCommit(db, {
      write: (operations) => this.#write(operations),
      beforeCommit: () => this.#writeBehind.beforeCommit(),
      committed: (seconds, groupSize) => {
        options.metrics?.commit(seconds, groupSize);
        this.#committed();
      },
      rolledBack: () => this.#rolledBack(),
      unavailable: (error) => this.#health.failed(error),
    });
    this.#tables = {
      log: new EventLog(db),
      tasks: new TaskTable(db),
      attempts: new AttemptTable(db),
      messages: new MessageTable(db),
      artifacts: new ArtifactTable(db),
      receipts: new ReceiptTable(db),
      records: new RecordTable(db),
      deliveries: new DeliveryTable(db),
      insights: new InsightTable(db),
      payloads: new PayloadTable(db),
    };
    this.#exchanges = new ExchangeTable(db);
    this.#taskList = new TaskList(db);
    this.#inbox = new Inbox(db);
    this.#transcripts = new TranscriptReader(db, this, (read) => this.#upToDate(read));
    this.#writer = new RowWriter(db, this.#tables);
    this.#workingSet = new SqliteWorkingSet(this.#tables, this.#leases);
    this.#writeBehind = new WriteBehind(this.#tables);
    this.#writeBehind.recover(db);
    const { log, records } = this.#tables;
    this.#followers = new Followers({
      read: async (after, limit) => log.entries(after, limit, records),
      newest: log.range.newest,
      logger: options.logger,
    });
    this.#health = new FileHealth({
      file: databaseFile(options.folder),
      marker,
      needsCheck,
      logger: options.logger,
      refuse: (reason) => this.#group.refuse(reason),
    });
    this.#selectCommands = db.prepare("SELECT * FROM commands ORDER BY id");
    this.#selectCommand = db.prepare("SELECT 1 FROM commands WHERE id = ?");
    this.#probe = new CommitProbe(db);
  }

  protected override perform(operation: Operation): Promise<unknown> {
    return this.#group.run(operation);
  }

  lease(name: string, signal: AbortSignal): Promise<Lease> {
    return this.#leases.grant(name, signal);
  }

  follow(after: number, listener: (entries: readonly LogEntry[]) => void): Follower {
    return this.#followers.add(after, listener);
  }

  async workInHand(): Promise<WorkInHand> {
    return this.#health.read(() => this.#workInHand());
  }

  async snapshot(): Promise<Snapshot> {
    const { records, attempts } = this.#tables;
    return this.#health.read(() => ({
      ...this.#workInHand(),
      agents: records.all("agent"),
      usageByAgent: attempts.usageByAgent(),
    }));
  }

  async task(id: string): Promise<Task | null> {
    return this.#health.read(() => this.#tables.tasks.get(id));
  }

  async tasks(query: TaskQuery): Promise<TaskPage> {
    const lastEventId = () => this.#tables.log.range.newest;
    return this.#upToDate(() => ({ ...this.#taskList.page(query), lastEventId: lastEventId() }));
  }

  async taskCounts(query: TaskCountQuery): Promise<TaskCounts> {
    const { tasks, log } = this.#tables;
    const read = () => ({ ...tasks.counts.read(query), lastEventId: log.range.newest });
    return query.tag === undefined ? this.#counted(read) : this.#upToDate(read);
  }

  async inbox(limit: number): Promise<InboxPage> {
    const { tasks, log } = this.#tables;
    return this.#counted(() => {
      const { in_progress: inProgress } = tasks.counts.read({}).counts;
      const { ids, silent, ...told } = this.#inbox.read(limit);
      const found = ids.map((id) => tasks.get(id)).filter((task) => task !== null);
      const items = found.sort((a, b) => (sinceOf(a) < sinceOf(b) ? -1 : 1));
      return { items, ...told, running: inProgress - silent, lastEventId: log.range.newest };
    });
  }

  async attempt(id: string): Promise<Attempt | null> {
    return this.#health.read(() => this.#tables.attempts.get(id));
  }

  async attemptsOf(taskId: string): Promise<Attempt[]> {
    return this.#health.read(() => this.#tables.attempts.ofTask(taskId));
  }

  async sentPayload(taskId: string, dispatchId: string): Promise<SentPayload | null> {
    return this.#health.read(() => this.#tables.payloads.get(taskId, dispatchId));
  }

  async message(id: string): Promise<Message | null> {
    return this.#health.read(() => this.#tables.messages.get(id));
  }

  async messagesOf(taskId: string, after: number, limit: number): Promise<MessagePage> {
    return this.#health.read(() => this.#tables.messages.page(taskId, after, limit));
  }

  async artifacts(taskId: string, after: number, limit: number): Promise<ArtifactPage> {
    return this.#health.read(() => this.#tables.artifacts.page(taskId, after, limit));
  }

  async artifact(taskId: string, id: string): Promise<ArtifactRecord | null> {
    return this.#health.read(() => this.#tables.artifacts.get(taskId, id));
  }

  async contentsInUse(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#health.read(() => this.#tables.artifacts.inUse(sha256s));
  }

  async record<Kind extends RecordKind>(kind: Kind, id: string): Promise<RecordKinds[Kind] | null> {
    return this.#health.read(() => this.#tables.records.get(kind, id));
  }

  async records<Kind extends RecordKind>(kind: Kind): Promise<RecordKinds[Kind][]> {
    return this.#health.read(() => this.#tables.records.all(kind));
  }

  async pendingCommands(): Promise<PendingCommand[]> {
    return this.#health.read(() => this.#commands());
  }

  async isCommandPending(id: number): Promise<boolean> {
    return this.#health.read(() => this.#selectCommand.get(id) !== undefined);
  }

  async range(): Promise<LogRange> {
    return this.#tables.log.range;
  }

  async frames(stretch: Stretch, filter: EventFilter): Promise<FrameChunk> {
    if (!usesIndex(filter)) return this.#health.read(() => this.#tables.log.frames(stretch, filter));
    return this.#upToDate(() => this.#tables.log.frames(stretch, filter));
  }

  async taskEvents(taskId: string, after: number, limit: number): Promise<EventPage> {
    return this.#upToDate(() => this.#tables.log.taskEvents(taskId, after, limit));
  }

  transcript(taskId: string, query: TranscriptQuery): Promise<TranscriptPage> {
    return readTranscript(this.#transcripts, taskId, query);
  }

  async history(before: number | null, filter: EventFilter, limit: number): Promise<EventPage> {
    if (!usesIndex(filter)) return this.#health.read(() => this.#tables.log.history(before, filter, limit));
    return this.#upToDate(() => this.#tables.log.history(before, filter, limit));
  }

  async prune(policy: {
    keepEvents: number;
    receiptsBefore: string;
    rows?: number;
    under?: LeaseToken;
  }): Promise<boolean> {
    const { keepEvents, receiptsBefore, rows = PRUNE_ROWS, under } = policy;
    const isFenced = () => under && this.#leases.fence(under.name) !== under.fence;
    if (under && isFenced()) throw new FencedError(under.name);
    const { log, receipts } = this.#tables;
    const isDue = () => log.hasMoreThan(keepEvents) || receipts.hasBefore(receiptsBefore, rows);
    if (!this.#health.read(isDue)) return false;
    return this.#group.upkeep(() => {
      if (under && isFenced()) throw new FencedError(under.name);
      // An event that still carries its receipt must not go before that has its place.
      this.#writeBehind.request();
      const moreEvents = log.prune(keepEvents, rows);
      const moreReceipts = receipts.prune(receiptsBefore, rows);
      return moreEvents || moreReceipts;
    });
  }

  async delivery(id: string): Promise<DeliveryRecord | null> {
    return this.#health.read(() => this.#tables.deliveries.get(id));
  }

  async deliveryEvent(id: string): Promise<string | null> {
    return this.#health.read(() => this.#tables.deliveries.eventOf(id));
  }

  async deliveries(query: DeliveryQuery): Promise<DeliveryPage> {
    return this.#health.read(() => this.#tables.deliveries.page(query));
  }

  async waitingDeliveries(endpointId: string, limit: number): Promise<DeliveryRecord[]> {
    return this.#health.read(() => this.#tables.deliveries.waiting(endpointId, limit));
  }

  async waitingCounts(): Promise<ReadonlyMap<string, number>> {
    return this.#health.read(() => this.#tables.deliveries.waitingCounts());
  }

  async pruneDeliveries({ under, ...policy }: DeliveryPolicy): Promise<boolean> {
    return this.#underLease(under, () => this.#tables.deliveries.prune(policy));
  }

  async uncountedFacts(limit: number): Promise<UncountedFact[]> {
    return this.#health.read(() => this.#tables.insights.uncounted(limit));
  }

  async insightRows(bucket: string): Promise<InsightRow[]> {
    return this.#health.read(() => this.#tables.insights.bucket(bucket));
  }

  async countFacts({ facts, rows, under }: CountedFacts): Promise<void> {
    await this.#underLease(under, () => this.#tables.insights.count(facts, rows));
  }

  async insights(queries: readonly InsightQuery[], uncounted: number): Promise<InsightSnapshot> {
    const { insights, log } = this.#tables;
    return this.#health.read(() => ({
      rows: queries.map((query) => insights.find(query)),
      uncounted: insights.uncounted(uncounted),
      lastEventId: log.range.newest,
    }));
  }

  async pruneInsights({ under, ...policy }: InsightPolicy): Promise<boolean> {
    return this.#underLease(under, () => this.#tables.insights.prune(policy));
  }

  addExchanges(exchanges: readonly ExchangeRecord[]): Promise<void> {
    return this.#group.upkeep(() => this.#exchanges.add(exchanges));
  }

  async exchange(id: string): Promise<ExchangeRecord | null> {
    return this.#health.read(() => this.#exchanges.get(id));
  }

  async exchanges(query: KeptExchangeQuery): Promise<ExchangeRecord[]> {
    return this.#health.read(() => this.#exchanges.page(query));
  }

  async pruneExchanges({ under, ...policy }: ExchangePolicy): Promise<boolean> {
    const upTo = this.#health.read(() => this.#exchanges.newestToRemove(policy));
    if (upTo === null) return false;
    return this.#group.upkeep(() => {
      if (this.#leases.fence(under.name) !== under.fence) throw new FencedError(under.name);
      return this.#exchanges.remove(policy.kind, upTo, policy.rows);
    });
  }

  async unavailableReason(): Promise<string | null> {
    try {
      await this.#group.upkeep(() => this.#probe.write());
      return null;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return error.message;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#writeBehind.isBehind) {
      // What cannot be written now is read from the log at the next start.
      await this.#group.upkeep(() => this.#writeBehind.request()).catch(() => {});
    }
    await this.#health.close();
    this.#group.close();
    this.#closeDatabase();
  }

  /**
   * Reads what the log's newest events have yet to bring into the database: after a commit that brings it or, where
   * none can be made, in a transaction of its own that is taken back. A full disk is no reason not to look.
   */
  async #upToDate<Result>(read: () => Result): Promise<Result> {
    if (!this.#writeBehind.isBehind) return this.#health.read(read);
    try {
      await this.#group.upkeep(() => this.#writeBehind.request());
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return this.#group.preview(() => {
        this.#writeBehind.request();
        this.#writeBehind.beforeCommit();
        return read();
      });
    }
    return this.#health.read(read);
  }

  /** Reads what the count of all tasks is a part of: in memory, once that was counted. */
  async #counted<Result>(read: () => Result): Promise<Result> {
    return this.#tables.tasks.counts.isKept ? this.#health.read(read) : this.#upToDate(read);
  }

  /** Does upkeep in the next commit, unless the lease it is done under is lost by then. */
  #underLease<Result>(under: LeaseToken, work: () => Result): Promise<Result> {
    return this.#group.upkeep(() => {
      if (this.#leases.fence(under.name) !== under.fence) throw new FencedError(under.name);
      return work();
    });
  }

  #workInHand(): WorkInHand {
    const { log, attempts } = this.#tables;
    return {
      lastEventId: log.range.newest,
      underWay: attempts.allUnderWay(),
      queueLengths: attempts.queueLengths(),
      commands: this.#commands(),
    };
  }

  #commands(): PendingCommand[] {
    return this.#selectCommands.all().map((row) => ({
      id: Number(row.id),
      dispatchId: String(row.dispatch_id),
      taskId: String(row.task_id),
      agentId: String(row.agent_id),
      command: JSON.parse(String(row.command)) as AgentCommand,
    }));
  }

  #write(operations: readonly Operation[]): Outcome[] {
    const { outcomes, rows } = plan(this.#workingSet, operations, this.#limits);
    this.#writer.write(rows);
    this.#written = rows.events;
    return outcomes;
  }

  #committed(): void {
    this.#writeBehind.committed();
    const entries = this.#written;
    this.#written = [];
    this.#metrics?.eventsCommitted(entries.length);
    this.#health.committed(this.#tables.log.range.newest);
    this.#followers.announce(entries);
  }

  #rolledBack(): void {
    this.#writeBehind.rolledBack();
    this.#tables.attempts.forget();
    this.#tables.records.rolledBack();
    this.#written = [];
  }
}

function sinceOf({ waiting }: Task): string {
  return waiting?.since ?? "";
}
