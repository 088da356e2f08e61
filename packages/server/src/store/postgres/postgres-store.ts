import {
  type DeliveryQuery,
  type EventFilter,
  MAX_CALLBACK_BYTES,
  type TaskCountQuery,
  type TaskQuery,
  type TranscriptPage,
} from "@mission-control/protocol";
import type { SharedKeys } from "../../keys.ts";
import type { Logger } from "../../logger.ts";
import type { Metrics } from "../../metrics.ts";
import type { ArtifactRecord } from "../../tasks/artifact.ts";
import { NO_LIMITS, type TaskLimits } from "../../tasks/limits.ts";
import type { Attempt, Message, Task } from "../../tasks/task.ts";
import type { Contents } from "../contents.ts";
import type { DeliveryPage, DeliveryPolicy, DeliveryRecord } from "../deliveries.ts";
import type { ExchangePolicy, ExchangeRecord, KeptExchangeQuery } from "../exchanges.ts";
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
import { OutageLog } from "../outage-log.ts";
import type { Operation } from "../plan.ts";
import type { RecordKind, RecordKinds } from "../records.ts";
import type { LogPublishers, RelayedLog } from "../relayed-log.ts";
import type { SentPayload } from "../sent-payload.ts";
import {
  type ArtifactPage,
  type EventPage,
  type Follower,
  type FrameChunk,
  type InboxPage,
  type Lease,
  type LogEntry,
  type LogRange,
  type MessagePage,
  type Snapshot,
  type Store,
  StoreUnavailableError,
  type Stretch,
  type TaskCounts,
  type TaskPage,
  type WorkInHand,
} from "../store.ts";
import { readTranscript, type TranscriptQuery } from "../transcript.ts";
import { ArtifactTable } from "./artifact-table.ts";
import { LEASES_CHANNEL, LOG_CHANNEL, RELAY_CHANNEL } from "./channels.ts";
import { CommitMarks } from "./commit-marks.ts";
import { ContentTable } from "./content-table.ts";
import { Database } from "./database.ts";
import { Deliveries } from "./deliveries.ts";
import { toStoreError } from "./engine-error.ts";
import { EventLog } from "./event-log.ts";
import { Exchanges } from "./exchanges.ts";
import { GroupCommit } from "./group-commit.ts";
import { readInbox } from "./inbox.ts";
import { InsightTables } from "./insights.ts";
import { Leases } from "./leases.ts";
import { lockHead } from "./log-head.ts";
import { LogMark } from "./log-mark.ts";
import { LogPlace } from "./log-place.ts";
import { LogTail } from "./log-tail.ts";
import { migrate } from "./migrations.ts";
import { refuseUnfinishedMove } from "./move-side.ts";
import { type PrunePolicy, prune } from "./pruning.ts";
import { Publishers } from "./publishers.ts";
import { makeSearchIndex } from "./search-index.ts";
import { sharedKey } from "./shared-key.ts";
import { prepared, roundTrip } from "./statement.ts";
import { Tables } from "./tables.ts";
import { countTasks } from "./task-counts.ts";
import { TaskList } from "./task-list.ts";
import { TranscriptReader } from "./transcript-reader.ts";
import { type Wake, Wakes } from "./wakes.ts";

/** What the largest callback brings: its event, and the task's and the attempt's fields that show it. */
const PROBE_BYTES = MAX_CALLBACK_BYTES + 128 * 1024;

const writeProbe = prepared(
  "probe",
  `INSERT INTO probe (content) VALUES (decode(repeat('00', $1), 'hex'))
   ON CONFLICT (one_row) DO UPDATE SET content = excluded.content`,
);

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with the parameters that libpq's URIs take. */
  url: string;
  /** The data folder, where the newest event that was seen is noted; without one, it is known while this process lives. */
  folder?: string;
  /** The clock that stamps events and records. */
  now?: () => Date;
  /** How much one attempt's agent may put into its record; without them, anything. */
  limits?: TaskLimits;
  metrics?: Pick<Metrics, "commit" | "eventsCommitted">;
  /** Logs outages, and listeners that throw; without one, such an error ends the process. */
  logger?: Pick<Logger, "error">;
  /** Called once, when events that followers had are no more in the log. They get nothing after that: open it anew. */
  putBack?: () => void;
}

/** The engine of several nodes: one PostgreSQL database, which any number of processes share. */
export class PostgresStore extends OperationStore implements Store, SharedKeys {
  readonly #database: Database;
  readonly #group: GroupCommit;
  readonly #log: EventLog;
  readonly #tail: LogTail;
  readonly #taskList: TaskList;
  readonly #transcripts: TranscriptReader;
  readonly #tables: Tables;
  readonly #deliveries: Deliveries;
  readonly #insights: InsightTables;
  readonly #exchanges: Exchanges;
  readonly #artifacts: ArtifactTable;
  readonly #leases: Leases;
  readonly #publishers: Publishers;
  readonly #wakes: Wakes;
  readonly #mark: LogMark;

  /** @throws NewerDatabaseError, UnsuitableDatabaseError, StoreUnavailableError, UnfinishedMoveError, MoveUnderWayError */
  static async open(options: PostgresStoreOptions): Promise<PostgresStore> {
    const database = new Database(options.url);
    const mark = new LogMark(options.folder);
    const place = new LogPlace(mark, (gap) => {
      options.logger?.error(
        { database: database.name, ...gap },
        "the database was put back from a copy, or a replica was promoted: no event gets these ids, which others may have had",
      );
    });
    try {
      let logName: string;
      let hasSearchIndex: boolean;
      const client = await database.connect(() => {}, { isPatient: true });
      try {
        await database.check(client);
        await migrate(client);
        await refuseUnfinishedMove(client, database.name);
        hasSearchIndex = await makeSearchIndex(client, options.logger);
        await CommitMarks.removeOld(client);
        logName = await place.settle(client);
      } finally {
        await client.end();
      }
      const log = new EventLog(database);
      const { newest } = await log.range();
      mark.begin(logName, newest);
      const store = new PostgresStore({ database, log, newest, mark, place, hasSearchIndex }, options);
      await store.#wakes.open().catch(async (error: unknown) => {
        await store.close();
        throw error;
      });
      return store;
    } catch (error) {
      await database.close();
      throw toStoreError(error);
    }
  }

  private constructor(parts: Parts, options: PostgresStoreOptions) {
    super(options.now ?? (() => new Date()));
    const { database, log, newest, mark, place, hasSearchIndex } = parts;
    const { limits = NO_LIMITS, metrics, logger } = options;
    const outages = new OutageLog(logger, { database: database.name });
    const failed = (error: unknown) => outages.failed(error);
    this.#database = database;
    this.#log = log;
    this.#mark = mark;
    const putBack = () => {
      logger?.error(
        { database: database.name },
        "the database no longer holds events that this server has told of: it has to begin anew",
      );
      options.putBack?.();
    };
    this.#tail = new LogTail({ log, newest, logger, failed, putBack });
    this.#tail.follow(newest, (entries) => mark.note(entries.at(-1)?.id ?? 0));
    this.#taskList = new TaskList(database, hasSearchIndex);
    this.#transcripts = new TranscriptReader(database, this);
    this.#tables = new Tables(database);
    this.#deliveries = new Deliveries(database);
    this.#insights = new InsightTables(database);
    this.#exchanges = new Exchanges(database);
    this.#artifacts = new ArtifactTable(database);
    this.#leases = new Leases(database);
    this.#publishers = new Publishers(database);
    this.#group = new GroupCommit({
      database,
      limits,
      place,
      mark,
      committed: (events, seconds, groupSize) => {
        metrics?.commit(seconds, groupSize);
        metrics?.eventsCommitted(events.length);
        outages.worked();
        this.#tail.committed(events);
      },
      unavailable: failed,
    });
    this.#wakes = new Wakes(
      database,
      new Map<string, Wake>([
        [LOG_CHANNEL, (newest) => (newest ? this.#tail.announced(Number(newest)) : this.#tail.wake())],
        [LEASES_CHANNEL, () => this.#leases.wake()],
        [RELAY_CHANNEL, (session) => session && this.#publishers.heard(session)],
      ]),
    );
  }

  protected override perform(operation: Operation): Promise<unknown> {
    return this.#group.run(operation);
  }

  lease(name: string, signal: AbortSignal, holderMissed?: (fence: number) => void): Promise<Lease> {
    return this.#leases.grant(name, signal, holderMissed);
  }

  follow(after: number, listener: (entries: readonly LogEntry[]) => void): Follower {
    return this.#tail.follow(after, listener);
  }

  /** The log, for who carries it from node to node. */
  get relayedLog(): RelayedLog {
    return this.#tail;
  }

  /** Who does. */
  get logPublishers(): LogPublishers {
    return this.#publishers;
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
    return countTasks(this.#database, query);
  }

  inbox(limit: number): Promise<InboxPage> {
    return readInbox(this.#database, limit);
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
    return prune(this.#database, policy);
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

  addExchanges(exchanges: readonly ExchangeRecord[]): Promise<void> {
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

  /** Where the bytes of artifacts are. @param maxTotalBytes infinite for no limit */
  contents(maxTotalBytes: number): Contents {
    return new ContentTable(this.#database, maxTotalBytes);
  }

  /** @see SharedKeys.sharedKey */
  sharedKey(name: string, candidate: string): Promise<string> {
    return sharedKey(this.#database, name, candidate);
  }

  async unavailableReason(): Promise<string | null> {
    try {
      await this.#database.with((client) =>
        roundTrip(client, ["BEGIN", lockHead(), writeProbe(PROBE_BYTES), "COMMIT"]),
      );
      return null;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return error.message;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#group.close();
    await this.#leases.close();
    await this.#wakes.close();
    await this.#tail.close();
    await this.#database.close();
    this.#mark.close();
  }
}

/** What a store is opened with. */
interface Parts {
  database: Database;
  log: EventLog;
  /** Id of the newest event. */
  newest: number;
  mark: LogMark;
  place: LogPlace;
  hasSearchIndex: boolean;
}
