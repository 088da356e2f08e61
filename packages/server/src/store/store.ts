import type {
  Endpoint,
  EventFilter,
  EventType,
  LogEvent,
  NewEvent,
  Priority,
  TaskQuery,
  TaskStatus,
} from "@mission-control/protocol";
import type { AgentCommand, Refusal, TaskChange } from "../tasks/change.ts";
import type { Attempt, Task } from "../tasks/task.ts";
import type { UsageSum } from "../tasks/usage.ts";

/** An agent as it is kept. `secret` signs what is sent to an HTTP agent. */
export interface AgentRecord {
  id: string;
  name: string;
  capabilities: string[];
  concurrency: number;
  endpoint: Endpoint;
  secret?: string;
  createdAt: string;
  updatedAt: string;
}

/** A gateway as it is kept. */
export interface GatewayRecord {
  id: string;
  name: string;
  url: string;
  token?: string;
  createdAt: string;
}

/** A dashboard session. Only hashes of what proves it are kept. */
export interface SessionRecord {
  id: string;
  cookieHash: string;
  keyHash: string;
  /** Of the token it was opened under. */
  tokenFingerprint: string;
  userAgent: string;
  createdAt: string;
  expiresAt: string;
}

/** Kinds of records that are read and written whole. */
export interface RecordKinds {
  agent: AgentRecord;
  gateway: GatewayRecord;
  session: SessionRecord;
}
export type RecordKind = keyof RecordKinds;

/** Something an agent must still be told, kept until {@link Store.commandDone}. */
export interface PendingCommand {
  id: number;
  dispatchId: string;
  taskId: string;
  agentId: string;
  command: AgentCommand;
}

/** How {@link Store.change} recognises a change it has made before. */
export interface Receipt {
  /** What the key is unique in; the dispatch that the change turns out to be about, if absent. */
  scope?: string;
  key: string;
  /** A hash of the request; a repeat with another one is refused as `mismatch`. */
  fingerprint?: string;
  /** Do nothing unless the key is known: for a delivery too old to be believed for the first time. */
  onlyIfKnown?: boolean;
}

/** What a change came to, durably. */
export interface ChangeResult {
  /** The answer of an earlier change with the same receipt; nothing was done now. */
  duplicate: boolean;
  /** Position of the event that answers the change; null when it told nothing. */
  eventId: number | null;
  taskStatus: TaskStatus | null;
  /** The task after the change; null when it is unknown or deleted. */
  task: Task | null;
  attempt: Attempt | null;
  refusal?: Refusal | { code: "stale" | "mismatch"; detail: string };
}

/** One committed event, ready for the stream: its frame is the exact SSE text. */
export interface StoredEvent {
  id: number;
  type: EventType;
  taskId: string | undefined;
  agentId: string | undefined;
  frame: string;
}

/** An attempt that a commit created or changed. */
export interface AttemptChange {
  before: Attempt | null;
  after: Attempt;
}

/** All that one commit brought, told after it is durable. */
export interface Commit {
  events: readonly StoredEvent[];
  attempts: readonly AttemptChange[];
  /** Attempts that were deleted with their task. */
  deleted: readonly Attempt[];
  commands: readonly PendingCommand[];
}

/** The first and the last event the log holds; both 0 while it has never held one. */
export interface LogRange {
  oldest: number;
  newest: number;
}

/** A stretch of the log as SSE text, in UTF-8. `lastId` is how far was looked, even where nothing matched. */
export interface FrameChunk {
  frames: Uint8Array;
  lastId: number;
}

/** Which stretch of the log to read: events after `after`, up to `upTo`, at most about `maxBytes` of them. */
export interface Stretch {
  after: number;
  upTo: number;
  maxBytes: number;
}

export interface TaskPage {
  items: Task[];
  nextCursor: string | null;
  /** The snapshot is exact as of this position. */
  lastEventId: number;
}

export interface EventPage {
  items: LogEvent[];
  nextCursor: string | null;
}

/** The engine cannot commit or read now. Nothing was stored; try again later. */
export class StoreUnavailableError extends Error {
  readonly code = "store_unavailable";
  override name = "StoreUnavailableError";
}

/** A page cursor that this store did not make. */
export class InvalidCursorError extends Error {
  readonly code = "invalid_cursor";
  override name = "InvalidCursorError";
}

/**
 * Where everything that happened is kept. One engine a folder; `conformance.ts` says what any of them must do.
 *
 * Every promise of a writing method resolves only after its commit is durable (it survives a kill of the process
 * and, with the default settings, a power cut), and commits happen in the order of event ids. Writing methods
 * reject with {@link StoreUnavailableError} when the engine could not make the commit, and with what was thrown where
 * it was a fault of the server's own: trying that again is of no use. In both cases nothing of it is stored, and what
 * else was to be in the same commit is not concerned.
 */
export interface Store {
  /** Applies one change by the rules of `tasks/`, together with its receipt and its events. */
  change(change: TaskChange, receipt?: Receipt): Promise<ChangeResult>;
  /** Writes events that belong to no task. */
  append(events: readonly NewEvent[]): Promise<void>;
  /** Writes a record whole, with the event that tells it. */
  put<Kind extends RecordKind>(kind: Kind, record: RecordKinds[Kind], event?: NewEvent): Promise<void>;
  /** Removes a record, with the event that tells it; a missing one is no error. */
  remove(kind: RecordKind, id: string, event?: NewEvent): Promise<void>;
  /** An agent was told what it had to be told. */
  commandDone(id: number): Promise<void>;

  /**
   * Calls the listener after every commit, in commit order. One that throws is logged, and keeps nothing from the
   * others. Returns how to stop that.
   */
  onCommit(listener: (commit: Commit) => void): () => void;

  task(id: string): Promise<Task | null>;
  tasks(query: TaskQuery): Promise<TaskPage>;
  attempt(id: string): Promise<Attempt | null>;
  /** All attempts of a task, oldest first. */
  attemptsOf(taskId: string): Promise<Attempt[]>;
  /** The queued attempts of an agent: most urgent first, then oldest first. */
  queuedAttempts(agentId: string, limit: number): Promise<Attempt[]>;
  /** Every attempt that is neither queued nor over. */
  unfinishedAttempts(): Promise<Attempt[]>;
  /** How many attempts each agent has queued. */
  queueLengths(): Promise<Map<string, number>>;
  /** What all attempts of each agent used together; the caller's own, to count on from. */
  usageByAgent(): Promise<Map<string, UsageSum>>;
  pendingCommands(): Promise<PendingCommand[]>;
  records<Kind extends RecordKind>(kind: Kind): Promise<RecordKinds[Kind][]>;

  range(): Promise<LogRange>;
  /**
   * The frames of a stretch, in order, as far as one bounded step goes: always past `after`, and to the end of
   * the stretch in repeated steps.
   */
  frames(stretch: Stretch, filter: EventFilter): Promise<FrameChunk>;
  /** Events of one task after a position, oldest first. */
  taskEvents(taskId: string, after: number, limit: number): Promise<EventPage>;
  /** Events before a position, newest first. */
  history(before: number | null, filter: EventFilter, limit: number): Promise<EventPage>;

  /**
   * Removes what retention lets go — the oldest events beyond `keepEvents`, receipts older than
   * `receiptsBefore` — in one small step of at most `rows` of each. Resolves to whether more may be left to remove.
   */
  prune(policy: { keepEvents: number; receiptsBefore: string; rows?: number }): Promise<boolean>;

  /** Tries a commit as large as a callback's; resolves to why none can be made now, in a sentence, or to null. */
  unavailableReason(): Promise<string | null>;

  /** Commits what is in hand and closes. */
  close(): Promise<void>;
}

/** Ranks priorities for sorting: the higher, the more urgent. */
export const PRIORITY_RANK: Readonly<Record<Priority, number>> = { low: 0, normal: 1, high: 2, urgent: 3 };
