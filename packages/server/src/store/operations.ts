import type { NewEvent } from "@mission-control/protocol";
import type { Refusal, TaskChange } from "../tasks/change.ts";
import type { Attempt, Message, Task } from "../tasks/task.ts";
import type { IdempotencyKey } from "./receipt.ts";
import type { AgentRecord, EditContext, RecordEdit, RecordKind, RecordKinds } from "./records.ts";
import type { SentPayload } from "./sent-payload.ts";

/** A lease as it was granted: a commit made under it is refused once the lease has gone to somebody else. */
export interface LeaseToken {
  name: string;
  /** Rises with every grant of the lease. */
  fence: number;
}

/** The lease that a commit was to be made under belongs to somebody else now. Nothing was stored. */
export class FencedError extends Error {
  readonly code = "fenced";
  override name = "FencedError";

  constructor(lease: string) {
    super(`The lease ${lease} has been taken over.`);
  }
}

/** What a change came to, durably. */
export interface ChangeResult {
  /** The answer of an earlier change with the same key; nothing was done now. */
  duplicate: boolean;
  /** Position of the event that answers the change; null when it announced nothing. */
  eventId: number | null;
  taskStatus: Task["status"] | null;
  /** The task after the change; null when it is unknown or deleted. */
  task: Task | null;
  attempt: Attempt | null;
  /** The message that the change wrote or moved. */
  message?: Message;
  refusal?: Refusal | { code: "stale" | "mismatch"; detail: string };
}

/** An attempt that was taken from a queue to be sent, with all that its payload is made of. */
export interface Claimed {
  attempt: Attempt;
  task: Task;
  agent: AgentRecord;
}

/** What a claim took from an agent's queue: all that the agent had free slots for. */
export interface Claim {
  claimed: readonly Claimed[];
  /** It knew of every event up to this position: what those left to claim, it took. */
  asOf: number;
}

/** One thing asked of the store. `at` is when: it stamps events and records (ISO 8601 UTC). */
export type Operation = { at: string; under?: LeaseToken | undefined } & (
  | { kind: "change"; change: TaskChange; key?: IdempotencyKey | undefined }
  | { kind: "claim"; agentId: string; keep?: KeepPayload | undefined }
  | { kind: "append"; events: readonly NewEvent[] }
  | { kind: "edit"; record: RecordKind; id: string; edit: AnyEdit }
  | { kind: "command_done"; id: number }
);

/** Gives what is kept of the payload that an attempt is to be sent with. Pure. */
export type KeepPayload = (claimed: Claimed) => SentPayload;

/** An edit whose record's type is known to who asked for it. */
export type AnyEdit = (current: never, around: EditContext) => RecordEdit<RecordKinds[RecordKind]>;

/** What became of one operation: its result, or the error that its promise rejects with. */
export type Outcome = { value: unknown } | { error: unknown };
