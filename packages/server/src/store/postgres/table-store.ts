import type {
  DeliveryQuery,
  EventFilter,
  TaskCountQuery,
  TaskQuery,
  TranscriptPage,
} from "@mission-control/protocol";
import type { ArtifactRecord } from "../../tasks/artifact.ts";
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
import { ArtifactTable } from "./artifact-table.ts";
import type { Database } from "./database.ts";
import { Deliveries } from "./deliveries.ts";
import type { EventLog } from "./event-log.ts";
import { Exchanges } from "./exchanges.ts";
import { readInbox } from "./inbox.ts";
import { InsightTables } from "./insights.ts";
import { type PrunePolicy, prune } from "./pruning.ts";
import { Tables } from "./tables.ts";
import { countTasks } from "./task-counts.ts";
import { TaskList } from "./task-list.ts";
import { TranscriptReader } from "./transcript-reader.ts";

export interface TableStoreOptions {
  database: Database;
  log: EventLog;
  /** Whether tasks have an index of the trigrams of their texts; see search-index.ts. */
  hasSearchIndex: boolean;
  now: () => Date;
}

/** The part of the store that reads and tends its tables: each method is a statement or two on any free connection. */
export abstract class TableStore extends OperationStore implements TableMethods {
  protected readonly database: Database;
  readonly #log: EventLog;
  readonly #taskList: TaskList;
  readonly #transcripts: TranscriptReader;
  readonly #tables: Tables;
  readonly #deliveries: Deliveries;
  readonly #insights: InsightTables;
  readonly #exchanges: Exchanges;
  readonly #artifacts: ArtifactTable;

  constructor({ database, log, hasSearchIndex, now }: TableStoreOptions) {
    super(now);
    this.database = database;
    this.#log = log;
    this.#taskList = new TaskList(database, hasSearchIndex);
    this.#transcripts = new TranscriptReader(database, this);
    this.#tables = new Tables(database);
    this.#deliveries = new Deliveries(database);
    this.#insights = new InsightTables(database);
    this.#exchanges = new Exchanges(database);
    this.#artifacts = new ArtifactTable(database);
  }

  workInHand(): Promise<WorkInHand> {
    return this.#tables.workInHand();
  }

  snapshot(): Promise<Snapshot> {
    return this.#tables.snapshot();
  }

  task(id: string): Promise<Task | null> {
    return this.#tables.task(id);
  }

  tasks(query: TaskQuery): Promise<TaskPage> {
    return this.#taskList.page(query);
  }

  taskCounts(query: TaskCountQuery): Promise<TaskCounts> {
    return countTasks(this.database, query);
  }

  inbox(limit: number): Promise<InboxPage> {
    return readInbox(this.database, limit);
  }

  attempt(id: string): Promise<Attempt | null> {
    return this.#tables.attempt(id);
  }

  attemptsOf(taskId: string): Promise<Attempt[]> {
    return this.#tables.attemptsOf(taskId);
  }

  sentPayload(taskId: string, dispatchId: string): Promise<SentPayload | null> {
    return this.#tables.sentPayload(taskId, dispatchId);
  }

  message(id: string): Promise<Message | null> {
    return this.#tables.message(id);
  }

  messagesOf(taskId: string, after: number, limit: number): Promise<MessagePage> {
    return this.#tables.messagesOf(taskId, after, limit);
  }

  artifacts(taskId: string, after: number, limit: number): Promise<ArtifactPage> {
    return this.#artifacts.page(taskId, after, limit);
  }

  artifact(taskId: string, id: string): Promise<ArtifactRecord | null> {
    return this.#artifacts.get(taskId, id);
  }

  contentsInUse(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#artifacts.inUse(sha256s);
  }

  record<Kind extends RecordKind>(kind: Kind, id: string): Promise<RecordKinds[Kind] | null> {
    return this.#tables.record(kind, id);
  }

  records<Kind extends RecordKind>(kind: Kind): Promise<RecordKinds[Kind][]> {
    return this.#tables.records(kind);
  }

  pendingCommands(): Promise<PendingCommand[]> {
    return this.#tables.pendingCommands();
  }

  isCommandPending(id: number): Promise<boolean> {
    return this.#tables.isCommandPending(id);
  }

  range(): Promise<LogRange> {
    return this.#log.range();
  }

  frames(stretch: Stretch, filter: EventFilter): Promise<FrameChunk> {
    return this.#log.frames(stretch, filter);
  }

  taskEvents(taskId: string, after: number, limit: number): Promise<EventPage> {
    return this.#log.taskEvents(taskId, after, limit);
  }

  transcript(taskId: string, query: TranscriptQuery): Promise<TranscriptPage> {
    return readTranscript(this.#transcripts, taskId, query);
  }

  history(before: number | null, filter: EventFilter, limit: number): Promise<EventPage> {
    return this.#log.history(before, filter, limit);
  }

  prune(policy: PrunePolicy): Promise<boolean> {
    return prune(this.database, policy);
  }

  delivery(id: string): Promise<DeliveryRecord | null> {
    return this.#deliveries.get(id);
  }

  deliveryEvent(id: string): Promise<string | null> {
    return this.#deliveries.eventOf(id);
  }

  deliveries(query: DeliveryQuery): Promise<DeliveryPage> {
    return this.#deliveries.page(query);
  }

  waitingDeliveries(endpointId: string, limit: number): Promise<DeliveryRecord[]> {
    return this.#deliveries.waiting(endpointId, limit);
  }

  waitingCounts(): Promise<ReadonlyMap<string, number>> {
    return this.#deliveries.waitingCounts();
  }

  pruneDeliveries(policy: DeliveryPolicy): Promise<boolean> {
    return this.#deliveries.prune(policy);
  }

  uncountedFacts(limit: number): Promise<UncountedFact[]> {
    return this.#insights.uncounted(limit);
  }

  insightRows(bucket: string): Promise<InsightRow[]> {
    return this.#insights.bucket(bucket);
  }

  countFacts(counted: CountedFacts): Promise<void> {
    return this.#insights.count(counted);
  }

  insights(queries: readonly InsightQuery[], uncounted: number): Promise<InsightSnapshot> {
    return this.#insights.find(queries, uncounted);
  }

  pruneInsights(policy: InsightPolicy): Promise<boolean> {
    return this.#insights.prune(policy);
  }

  addExchanges(exchanges: readonly ExchangeRow[]): Promise<void> {
    return this.#exchanges.add(exchanges);
  }

  exchange(id: string): Promise<ExchangeRecord | null> {
    return this.#exchanges.get(id);
  }

  exchanges(query: KeptExchangeQuery): Promise<ExchangeRecord[]> {
    return this.#exchanges.page(query);
  }

  pruneExchanges(policy: ExchangePolicy): Promise<boolean> {
    return this.#exchanges.prune(policy);
  }
}
