import type { ArtifactRecord } from "../tasks/artifact.ts";
import type { InsightFact } from "../tasks/insight-fact.ts";
import type { Attempt, Message, Task } from "../tasks/task.ts";
import type { DeliveryWrite } from "./deliveries.ts";
import type { PendingCommand, RecordStep } from "./log-change.ts";
import type { Receipt } from "./receipt.ts";
import type { PayloadRow } from "./sent-payload.ts";
import type { LogEntry } from "./store.ts";

/** An event as it is written to the log. */
export interface EventRow extends LogEntry {
  /** The receipt of the change that it answers. */
  receipt?: { key: string; receipt: Receipt };
  /** The attempt that its change made another of, beside its first event. */
  attempt?: { before: Attempt; after: Attempt };
  /** What all parts of its transcript entry have (`sharedEntryKey`); absent where it is no part of a transcript. */
  entryKey?: string;
}

/** A task as it will be. */
export interface TaskRow {
  task: Task;
  /** Whether it is there already. */
  isKnown: boolean;
  /** Id of the newest event whose effect it shows. */
  asOf: number;
  /** Whether the events of the commit say all that it has become by it. */
  followsFromEvents: boolean;
}

/** An attempt as it will be. */
export interface AttemptRow {
  attempt: Attempt;
  isKnown: boolean;
  /** Id of the newest event whose effect it shows. */
  asOf: number;
  /** Whether events of the commit tell all that it has become by it ({@link EventRow.attempt}). */
  followsFromEvents: boolean;
}

/** A message as it will be. */
export interface MessageRow {
  message: Message;
  isKnown: boolean;
  /** Its place among the messages of its task, where it is new: the id of the event that announces it. */
  eventId: number;
}

/** All that a commit writes, to be written in this order: deletions first. */
export interface Rows {
  /** Tasks to delete, with all their attempts. */
  deletedTasks: readonly string[];
  tasks: readonly TaskRow[];
  attempts: readonly AttemptRow[];
  messages: readonly MessageRow[];
  /** New ones. */
  artifacts: readonly ArtifactRecord[];
  events: readonly EventRow[];
  commands: readonly PendingCommand[];
  commandsDone: readonly number[];
  records: readonly RecordStep[];
  deliveries: readonly DeliveryWrite[];
  /** New ones. */
  facts: readonly InsightFact[];
  payloads: readonly PayloadRow[];
}
