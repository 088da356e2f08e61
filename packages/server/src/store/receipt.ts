import type { TaskStatus } from "@mission-control/protocol";
import type { Refusal } from "../tasks/change.ts";
import type { Message, Task } from "../tasks/task.ts";

/** How the store recognises a change that it has made before. */
export interface IdempotencyKey {
  /** What the key is unique in; the dispatch that the change turns out to be about, if absent. */
  scope?: string;
  key: string;
  /** A hash of the request; a repeat with another one is refused as `mismatch`. */
  fingerprint?: string;
  /** Do nothing unless the key is known: for a delivery too old to be believed for the first time. */
  onlyIfKnown?: boolean;
}

/** What the first change with a key came to, kept to answer its repeats. */
export interface Receipt {
  eventId: number | null;
  taskStatus: TaskStatus | null;
  /** When it was made; ISO 8601 UTC. */
  at: string;
  /** The task, where the change created it. */
  task?: Task | null;
  /** The message, where the change wrote it. */
  message?: Message;
  refusal?: Refusal | undefined;
  fingerprint?: string | undefined;
}

/** The key as it is kept. Receipts of one scope stand side by side, so that a busy agent's touch few pages. */
export function receiptKey(scope: string, key: string): string {
  return `${scope} ${key}`;
}

/** The scope of a callback's keys: the dispatch that it is about; where there is none, the task that it names. */
export function callbackScope(id: string): string {
  return `callback:${id}`;
}
