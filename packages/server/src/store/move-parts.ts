import type { Contents } from "./contents.ts";

/** A value of a column. Whole numbers may come as text, as a driver has them. */
export type Value = string | number | boolean | Uint8Array | null;

/** A row of a part: its values in the order of the part's columns, and its place in the part's order. */
export interface CarriedRow {
  key: readonly Value[];
  values: readonly Value[];
}

/** A part of what a store keeps, as it is carried from one engine to another: the same columns in both. */
export interface Part {
  name: string;
  columns: readonly string[];
  /** The columns by which its rows are in an order that both engines have. Rises, and is no part of the row where it is not among the columns. */
  key: readonly string[];
  /** So many rows are in memory at a time: bounded by how large one may be. */
  atOnce: number;
}

/**
 * All that a store keeps, in the order in which it can be written. Not carried: what is made from it (indexes, what a
 * search looks through), leases, and notes of one database about itself.
 */
export const PARTS: readonly Part[] = [
  { name: "records", key: ["kind", "id"], columns: ["kind", "id", "record"], atOnce: 500 },
  // The whole task as JSON: its columns are each engine's own.
  { name: "tasks", key: ["seq"], columns: ["task"], atOnce: 50 },
  {
    name: "attempts",
    key: ["id"],
    columns: ["id", "task_id", "agent_id", "number", "state", "priority", "queued_at", "usage", "record"],
    atOnce: 200,
  },
  { name: "messages", key: ["id"], columns: ["id", "task_id", "event_id", "record"], atOnce: 200 },
  {
    name: "sent_payloads",
    key: ["task_id", "dispatch_id"],
    columns: ["task_id", "dispatch_id", "payload"],
    atOnce: 50,
  },
  // Their contents go beforehand, each checked by the SHA-256 that names it.
  { name: "artifacts", key: ["seq"], columns: ["id", "task_id", "sha256", "record"], atOnce: 200 },
  {
    name: "webhook_deliveries",
    key: ["seq"],
    columns: ["id", "endpoint_id", "event_id", "state", "updated_at", "record", "event"],
    atOnce: 200,
  },
  { name: "insight_facts", key: ["seq"], columns: ["fact"], atOnce: 500 },
  {
    name: "insight_counts",
    key: ["agent_id", "tag", "bucket"],
    columns: ["bucket", "agent_id", "tag", "counts"],
    atOnce: 200,
  },
  {
    name: "exchanges",
    key: ["id"],
    columns: ["id", "result", "agent_id", "task_id", "dispatch_id", "bytes", "record"],
    atOnce: 200,
  },
  { name: "commands", key: ["id"], columns: ["id", "command"], atOnce: 500 },
  { name: "receipts", key: ["seq"], columns: ["key", "at", "answer"], atOnce: 200 },
  {
    name: "events",
    key: ["id"],
    columns: ["id", "type", "task_id", "agent_id", "change", "entry_key", "frame"],
    atOnce: 400,
  },
  // Ids that no event has. They come last: where they are the newest ids, the next one comes behind them.
  { name: "log_gaps", key: ["first"], columns: ["first", "last"], atOnce: 500 },
];

/** What a store keeps, as it is read part by part. */
export interface MoveSource {
  /** The bytes of its artifacts. */
  readonly contents: Contents;
  /** Names the store, and what is in it, as far as a later look can tell that it is the same. */
  identity(): Promise<string>;
  /** Id of the newest event; 0 while there was none. */
  newestEventId(): Promise<number>;
  /** The next rows of a part, behind a key, at most {@link Part.atOnce}; null for the first. */
  rows(part: Part, after: readonly Value[] | null): Promise<CarriedRow[]>;
  close(): Promise<void>;
}

/** The table of either engine that holds how far a move into the store has come; there only while one is not finished. */
export const MOVE_TABLE = "unfinished_move";

/** How far a move into a store has come: what it comes from, and the last row that is in. */
export interface MoveState {
  from: string;
  /** Of the store that it comes from. */
  newestEventId: number;
  /** The part under way. */
  part: string;
  /** Key of its last row; null before the first. */
  after: readonly Value[] | null;
}

/** A store that is written part by part. Until it is finished, no server opens it. */
export interface MoveTarget extends MoveSource {
  /** A move that was begun and not finished; null for none. */
  unfinished(): Promise<MoveState | null>;
  /** Whether nothing is in it. */
  isEmpty(): Promise<boolean>;
  begin(state: MoveState): Promise<void>;
  /** Writes rows and how far that is, in one commit. */
  write(part: Part, rows: readonly CarriedRow[], state: MoveState): Promise<void>;
  /** All is in, and was compared: servers may open it. */
  finish(): Promise<void>;
}

/** Something was being moved into the store, and is not whole yet. */
export class UnfinishedMoveError extends Error {
  readonly code = "unfinished_move";
  override name = "UnfinishedMoveError";

  /** @param store how to name the store */
  constructor(store: string) {
    super(
      `${store} holds a part of what was to be moved into it: run the same mission-control migrate again, which goes on where it ended.`,
    );
  }
}

/** JSON of a value, the same in whatever order its fields came. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
