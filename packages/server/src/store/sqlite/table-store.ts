import type { DatabaseSync, StatementSync } from "node:sqlite";
import type {
  DeliveryQuery,
  EventFilter,
  TaskCountQuery,
  TaskQuery,
  TranscriptPage,
} from "@mission-control/protocol";
import type { ArtifactRecord } from "../../tasks/artifact.ts";
import type { AgentCommand } from "../../tasks/change.ts";
import type { Attempt, Message, Task } from "../../tasks/task.ts";
import type { DeliveryPage, DeliveryPolicy, DeliveryRecord } from "../deliveries.ts";
import type { ExchangePolicy, ExchangeRecord, ExchangeRow, KeptExchangeQuery } from "../exchanges.ts";
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
import type { LeaseToken } from "../operations.ts";
import type { RecordKind, RecordKinds } from "../records.ts";
import type { SentPayload } from "../sent-payload.ts";
import type {
  ArtifactPage,
  EventPage,
  FrameChunk,
  InboxPage,
  LogRange,
  MessagePage,
  Snapshot,
  Stretch,
  TaskCounts,
  TaskPage,
  WorkInHand,
} from "../store.ts";
import type { TableMethods } from "../table-methods.ts";
import { readTranscript, type TranscriptQuery } from "../transcript.ts";
import type { Commits } from "./commits.ts";
import { usesIndex } from "./event-log.ts";
import { ExchangeTable } from "./exchange-table.ts";
import type { FileHealth } from "./file-health.ts";
import { Inbox } from "./inbox.ts";
import type { Tables } from "./tables.ts";
import { TaskList } from "./task-list.ts";
import { TranscriptReader } from "./transcript-reader.ts";

/** In one step of pruning, unless the caller says otherwise. */
const PRUNE_ROWS = 100;

export interface TableStoreOptions {
  db: DatabaseSync;
  tables: Tables;
  commits: Commits;
  health: FileHealth;
  now: () => Date;
}

/** The part of the store that reads and tends its tables. */
export abstract class TableStore extends OperationStore implements TableMethods {
  readonly #tables: Tables;
  readonly #commits: Commits;
  readonly #health: FileHealth;
  readonly #exchanges: ExchangeTable;
  readonly #taskList: TaskList;
  readonly #inbox: Inbox;
  readonly #transcripts: TranscriptReader;
  readonly #selectCommands: StatementSync;
  readonly #selectCommand: StatementSync;

  constructor({ db, tables, commits, health, now }: TableStoreOptions) {
    super(now);
    this.#tables = tables;
    this.#commits = commits;
    this.#health = health;
    this.#exchanges = new ExchangeTable(db);
    this.#taskList = new TaskList(db);
    this.#inbox = new Inbox(db);
    this.#transcripts = new TranscriptReader(db, this, (read) => commits.upToDate(read));
    this.#selectCommands = db.prepare("SELECT * FROM commands ORDER BY id");
    this.#selectCommand = db.prepare("SELECT 1 FROM commands WHERE id = ?");
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
    return this.#commits.upToDate(() => ({ ...this.#taskList.page(query), lastEventId: lastEventId() }));
  }

  async taskCounts(query: TaskCountQuery): Promise<TaskCounts> {
    const { tasks, log } = this.#tables;
    const read = () => ({ ...tasks.counts.read(query), lastEventId: log.range.newest });
    return query.tag === undefined ? this.#counted(read) : this.#commits.upToDate(read);
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
    return this.#commits.upToDate(() => this.#tables.log.frames(stretch, filter));
  }

  async taskEvents(taskId: string, after: number, limit: number): Promise<EventPage> {
    return this.#commits.upToDate(() => this.#tables.log.taskEvents(taskId, after, limit));
  }

  transcript(taskId: string, query: TranscriptQuery): Promise<TranscriptPage> {
    return readTranscript(this.#transcripts, taskId, query);
  }

  async history(before: number | null, filter: EventFilter, limit: number): Promise<EventPage> {
    if (!usesIndex(filter)) return this.#health.read(() => this.#tables.log.history(before, filter, limit));
    return this.#commits.upToDate(() => this.#tables.log.history(before, filter, limit));
  }

  async prune(policy: {
    keepEvents: number;
    receiptsBefore: string;
    rows?: number;
    under?: LeaseToken;
  }): Promise<boolean> {
    const { keepEvents, receiptsBefore, rows = PRUNE_ROWS, under } = policy;
    this.#commits.refuseFenced(under);
    const { log, receipts } = this.#tables;
    const isDue = () => log.hasMoreThan(keepEvents) || receipts.hasBefore(receiptsBefore, rows);
    if (!this.#health.read(isDue)) return false;
    return this.#commits.upkeepUnder(under, () => {
      // An event that still carries its receipt must not go before that has its place.
      this.#commits.bringUpToDate();
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
    return this.#commits.upkeepUnder(under, () => this.#tables.deliveries.prune(policy));
  }

  async uncountedFacts(limit: number): Promise<UncountedFact[]> {
    return this.#health.read(() => this.#tables.insights.uncounted(limit));
  }

  async insightRows(bucket: string): Promise<InsightRow[]> {
    return this.#health.read(() => this.#tables.insights.bucket(bucket));
  }

  async countFacts({ facts, rows, under }: CountedFacts): Promise<void> {
    await this.#commits.upkeepUnder(under, () => this.#tables.insights.count(facts, rows));
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
    return this.#commits.upkeepUnder(under, () => this.#tables.insights.prune(policy));
  }

  addExchanges(exchanges: readonly ExchangeRow[]): Promise<void> {
    return this.#commits.upkeep(() => this.#exchanges.add(exchanges));
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
    return this.#commits.upkeepUnder(under, () => this.#exchanges.remove(policy.kind, upTo, policy.rows));
  }

  /** Reads what the count of all tasks is a part of: in memory, once that was counted. */
  async #counted<Result>(read: () => Result): Promise<Result> {
    return this.#tables.tasks.counts.isKept ? this.#health.read(read) : this.#commits.upToDate(read);
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
}

function sinceOf({ waiting }: Task): string {
  return waiting?.since ?? "";
}
