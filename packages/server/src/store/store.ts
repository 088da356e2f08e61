import type {
  EventFilter,
  EventType,
  InboxKind,
  LogEvent,
  NewEvent,
  TaskCountQuery,
  TaskQuery,
  TaskStatus,
  TranscriptPage,
} from "@mission-control/protocol";
import type { ArtifactRecord } from "../tasks/artifact.ts";
import type { TaskChange } from "../tasks/change.ts";
import type { Attempt, Message, Task } from "../tasks/task.ts";
import type { UsageSum } from "../tasks/usage.ts";
import type { DeliveryStore } from "./deliveries.ts";
import type { ExchangeStore } from "./exchanges.ts";
import type { InsightStore } from "./insights.ts";
import type { LogChange, PendingCommand } from "./log-change.ts";
import type { ChangeResult, Claim, KeepPayload, LeaseToken } from "./operations.ts";
import type { IdempotencyKey } from "./receipt.ts";
import type {
  AgentRecord,
  EditContext,
  RecordEdit,
  RecordKind,
  RecordKinds,
  RecordResult,
} from "./records.ts";
import type { SentPayload } from "./sent-payload.ts";
import type { TranscriptQuery } from "./transcript.ts";

/** One committed event, and what followers of the log need to know beside it. */
export interface LogEntry {
  id: number;
  type: EventType;
  taskId: string | undefined;
  agentId: string | undefined;
  /** When it was committed; ISO 8601 UTC. */
  receivedAt: string;
  /** The exact SSE text. */
  frame: string;
  /** What it did to agents, gateways and attempts; absent where it did nothing to them. */
  change?: LogChange;
}

/** Follows the log until it is closed. */
export interface Follower {
  /**
   * Whether somebody waits for what comes: else, what other nodes commit one upon the other may be given some 25 ms later,
   * many entries together, which costs each less. At first, nobody does.
   */
  setUrgent(isUrgent: boolean): void;
  close(): void;
}

/** How somebody follows the log. */
export interface Following {
  /** Not each commit by itself, but what came in some 20 ms together: for what is in no hurry, and costs less so. */
  inBatches?: boolean;
}

/** The work at one position of the log: what a part that sees it through begins with before it follows. */
export interface WorkInHand {
  /** Id of the newest event whose effect is in it; 0 for none. */
  lastEventId: number;
  /** Every attempt that is neither queued nor over. */
  underWay: readonly Attempt[];
  /** How many attempts each agent has queued. */
  queueLengths: ReadonlyMap<string, number>;
  /** Commands that agents have yet to get, oldest first. */
  commands: readonly PendingCommand[];
}

/** The work and the agents at one position of the log. Costs a look at every attempt whose usage is known. */
export interface Snapshot extends WorkInHand {
  agents: readonly AgentRecord[];
  /** What all attempts of each agent used together; the caller's own, to count on from. */
  usageByAgent: ReadonlyMap<string, UsageSum>;
}

/** The right to act alone on something, for as long as it is held. */
export interface Lease {
  /** Goes with each commit made under the lease. */
  readonly token: LeaseToken;
  /** Aborted once the lease is not ours any more. */
  readonly lost: AbortSignal;
  /** Gives it back. */
  release(): Promise<void>;
}

/** Ids that no event has, the first and the last one. They may have been another's, before a copy was put back. */
export interface Gap {
  from: number;
  to: number;
}

/** The first and the last event the log holds; both 0 while it has never held one. After a gap, it is the newest id. */
export interface LogRange {
  oldest: number;
  newest: number;
  /** Oldest first; absent where there are none. */
  gaps?: readonly Gap[];
}

/** A stretch of the log as SSE text, in UTF-8. `lastId` is how far was looked, even where nothing matched. */
export interface FrameChunk {
  frames: Uint8Array;
  lastId: number;
}

/** Which stretch of the log to read: events after `after` up to and with `upTo`, about `maxBytes` of UTF-8 text at most. */
export interface Stretch {
  after: number;
  upTo: number;
  maxBytes: number;
}

/** A page of tasks; `nextCursor` leads to the next one, null after the last. */
export interface TaskPage {
  items: Task[];
  nextCursor: string | null;
  /** The snapshot is exact as of this position. */
  lastEventId: number;
}

/** How many tasks there are of each status. */
export interface TaskCounts {
  counts: Record<TaskStatus, number>;
  /** False where there are more than the engine counts in a moment: then there are at least so many. */
  isComplete: boolean;
  /** It is exact as of this position. */
  lastEventId: number;
}

/** The tasks that wait for a human, the one that has waited longest first. */
export interface InboxPage {
  items: Task[];
  /** How many there are, counted up to `MAX_INBOX_COUNT`. */
  counts: Record<InboxKind, number>;
  /** Tasks in progress whose agent is not silent. */
  running: number;
  /** It is exact as of this position. */
  lastEventId: number;
}

/** A page of events; `nextCursor` leads to the next one, null after the last. */
export interface EventPage {
  items: LogEvent[];
  nextCursor: string | null;
}

/** A page of messages; `nextCursor` leads to the next one, null after the last. */
export interface MessagePage {
  items: Message[];
  nextCursor: string | null;
}

/** A page of artifacts; `nextCursor` leads to the next one, null after the last. */
export interface ArtifactPage {
  items: ArtifactRecord[];
  nextCursor: string | null;
}

/** The engine cannot commit or read now. Nothing was stored; try again later. */
export class StoreUnavailableError extends Error {
  readonly code = "store_unavailable";
  override name = "StoreUnavailableError";
}

/**
 * The database went away in the middle of a commit and did not come back in time: nobody knows yet whether it was
 * made. Asking again with the same idempotency key is safe, as ever.
 */
export class CommitInDoubtError extends StoreUnavailableError {
  override name = "CommitInDoubtError";

  constructor(options?: ErrorOptions) {
    super(
      "The database went away during a commit: whether it was made is not known yet. Ask again.",
      options,
    );
  }
}

/** The database was written by a newer Mission Control. */
export class NewerDatabaseError extends Error {
  readonly code = "newer_database";
  override name = "NewerDatabaseError";

  /**
   * @param found version of the schema in the database
   * @param known newest version that this Mission Control knows
   */
  constructor(found: number, known: number) {
    super(
      `The database has schema version ${found}, this Mission Control knows ${known}: start the newer version that wrote it, or restore a backup.`,
    );
  }
}

/** A page cursor that this store did not make. */
export class InvalidCursorError extends Error {
  readonly code = "invalid_cursor";
  override name = "InvalidCursorError";

  constructor() {
    super("must be the nextCursor of a page of the same list, in the same order");
  }
}

/**
 * Where everything that happened is kept. One engine a folder; the conformance suite says what any of them must do.
 *
 * Every promise of a writing method resolves only after its commit is durable (it survives a kill of the process
 * and, with the default settings, a power cut), and commits happen in the order of event ids. Writing methods
 * reject with {@link StoreUnavailableError} when the engine could not make the commit, with `FencedError` when it was
 * to be made under a lease that is lost, and with what was thrown where it was a fault of the server's own: trying that
 * again is of no use. Then nothing of it is stored, and what else was to be in the same commit is not concerned. Of a
 * commit of a {@link CommitInDoubtError}, one cannot say.
 */
export interface Store extends DeliveryStore, ExchangeStore, InsightStore {
  /** Applies one change by the rules of `tasks/`, together with its receipt and its events. */
  change(change: TaskChange, options?: { key?: IdempotencyKey; under?: LeaseToken }): Promise<ChangeResult>;
  /**
   * Takes from an agent's queue what it has free slots for, in one step: no attempt is handed out twice, and no
   * agent has more under way than it takes. Marks each as being sent. Where the agent is gone, its queue ends.
   * @param keep what is kept of the payload of each, in the same commit; without it, nothing
   */
  claim(agentId: string, under: LeaseToken, keep?: KeepPayload): Promise<Claim>;
  /**
   * Writes events that belong to no task.
   * @returns the position of the last one; null for none
   */
  append(events: readonly NewEvent[], options?: { under?: LeaseToken }): Promise<number | null>;
  /**
   * Writes or removes a record, with the event that announces it.
   * @param edit gets the record as it is at that moment (null: there is none), and may be called more than once
   */
  edit<Kind extends RecordKind>(
    kind: Kind,
    id: string,
    edit: (current: RecordKinds[Kind] | null, around: EditContext) => RecordEdit<RecordKinds[Kind]>,
    options?: { under?: LeaseToken },
  ): Promise<RecordResult<RecordKinds[Kind]>>;
  /** A command was delivered to its agent, or never can be. */
  commandDone(id: number): Promise<void>;

  /**
   * Asks for a lease until it is granted; the signal ends the wait. Never granted to two at a time.
   * @param holderMissed called meanwhile with the fence of the lease when whoever has it does not renew it in time: it is
   *   gone, or hangs, or cannot reach the database, and may come back; once, until it has been heard of again
   */
  lease(name: string, signal: AbortSignal, holderMissed?: (fence: number) => void): Promise<Lease>;

  /**
   * Gives the listener every entry after a position, in order, each once, as soon as it is committed; in what pieces
   * says nothing. One that throws is logged, and keeps nothing from the others.
   */
  follow(after: number, listener: (entries: readonly LogEntry[]) => void, how?: Following): Follower;
  /** What a part that sees work through begins with; it then follows from `lastEventId`. */
  workInHand(): Promise<WorkInHand>;
  /** What a view of agents begins with; it then follows from `lastEventId`. */
  snapshot(): Promise<Snapshot>;

  /**
   * The committed state of a task; null when there is none. Rejects, as all reads do, with {@link
   * StoreUnavailableError}.
   */
  task(id: string): Promise<Task | null>;
  /** One page of the tasks that a query finds. @throws InvalidCursorError */
  tasks(query: TaskQuery): Promise<TaskPage>;
  /** How many tasks of each status a query finds. */
  taskCounts(query: TaskCountQuery): Promise<TaskCounts>;
  /** What waits for a human. @param limit of each kind */
  inbox(limit: number): Promise<InboxPage>;
  /** The committed state of an attempt; null when there is none. */
  attempt(id: string): Promise<Attempt | null>;
  /** All attempts of a task, oldest first. */
  attemptsOf(taskId: string): Promise<Attempt[]>;
  /** What the agent of an attempt was sent; null where it was not yet, or by a version that did not keep it. */
  sentPayload(taskId: string, dispatchId: string): Promise<SentPayload | null>;
  /** A message as it is committed; null when there is none. */
  message(id: string): Promise<Message | null>;
  /** Messages of a task after a position, oldest first. */
  messagesOf(taskId: string, after: number, limit: number): Promise<MessagePage>;
  /** What a task's attempts have left behind, oldest first. @param after the cursor of the page before; 0 for the first */
  artifacts(taskId: string, after: number, limit: number): Promise<ArtifactPage>;
  /** One of them; null when there is none. */
  artifact(taskId: string, id: string): Promise<ArtifactRecord | null>;
  /** Which of these contents, each by its SHA-256, some artifact has. */
  contentsInUse(sha256s: readonly string[]): Promise<ReadonlySet<string>>;
  /** A record as it is committed; null when there is none. */
  record<Kind extends RecordKind>(kind: Kind, id: string): Promise<RecordKinds[Kind] | null>;
  /** All records of a kind, in no particular order. */
  records<Kind extends RecordKind>(kind: Kind): Promise<RecordKinds[Kind][]>;
  /** Commands that agents have yet to get, oldest first. */
  pendingCommands(): Promise<PendingCommand[]>;
  /** Whether a command is still there, and not done. */
  isCommandPending(id: number): Promise<boolean>;

  /** Which events the log holds now. */
  range(): Promise<LogRange>;
  /**
   * The frames of a stretch, in order, as far as one bounded step goes: always past `after`, and to the end of
   * the stretch in repeated steps.
   */
  frames(stretch: Stretch, filter: EventFilter): Promise<FrameChunk>;
  /** Events of one task after a position, oldest first. */
  taskEvents(taskId: string, after: number, limit: number): Promise<EventPage>;
  /**
   * A page of what a task's agents said and did. May be shorter than asked for, where its entries are large; its cursor
   * then goes on.
   */
  transcript(taskId: string, query: TranscriptQuery): Promise<TranscriptPage>;
  /** Events before a position, newest first. */
  history(before: number | null, filter: EventFilter, limit: number): Promise<EventPage>;

  /**
   * Removes what retention lets go — the oldest events beyond `keepEvents`, receipts older than
   * `receiptsBefore` — in one small step of at most `rows` of each. Resolves to whether more may be left to remove.
   */
  prune(policy: {
    keepEvents: number;
    receiptsBefore: string;
    rows?: number;
    under?: LeaseToken;
  }): Promise<boolean>;

  /** Tries a commit as large as a callback's; resolves to why none can be made now, in a sentence, or to null. */
  unavailableReason(): Promise<string | null>;

  /** Commits what is in hand and closes. */
  close(): Promise<void>;
}
