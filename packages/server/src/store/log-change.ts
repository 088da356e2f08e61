import type { Usage } from "@mission-control/protocol";
import type { AgentCommand } from "../tasks/change.ts";
import { firstExpiry, openRequest } from "../tasks/permissions.ts";
import type { Attempt } from "../tasks/task.ts";
import type { RecordKind, RecordKinds } from "./records.ts";

/** A command that an agent has yet to get, kept until it was delivered. */
export interface PendingCommand {
  id: number;
  dispatchId: string;
  taskId: string;
  agentId: string;
  command: AgentCommand;
}

/** What a follower needs to know of an attempt. */
export interface AttemptSummary extends Pick<Attempt, "id" | "taskId" | "agentId" | "state"> {
  usage?: Usage;
  /** Whether its gateway saw the run end. */
  runEnded: boolean;
  /** Whether a permission request of it waits for an answer. */
  isAsking: boolean;
  /** When the first of those times out; absent where none does. */
  asksUntil?: string;
}

/** What a follower needs of an attempt. */
export function summaryOf(attempt: Attempt): AttemptSummary {
  const { id, taskId, agentId, state, usage, runOutcome } = attempt;
  const asksUntil = firstExpiry(attempt);
  return {
    id,
    taskId,
    agentId,
    state,
    ...(usage ? { usage } : {}),
    runEnded: runOutcome !== undefined,
    isAsking: openRequest(attempt) !== undefined,
    ...(asksUntil === undefined ? {} : { asksUntil }),
  };
}

/** An attempt that was created (`before` null), changed, or deleted with its task (`after` null). */
export interface AttemptStep {
  before: AttemptSummary | null;
  after: AttemptSummary | null;
}

/**
 * A record that was written, or removed (`record` null). Read back from the log, it is the record as it is then: the
 * log itself names it alone, so that no secret stays in it after it was changed.
 */
export interface RecordStep<Kind extends RecordKind = RecordKind> {
  kind: Kind;
  id: string;
  record: RecordKinds[Kind] | null;
}

/** What a change did to what parts of the server keep a view of. Stands in the log beside its first event. */
export interface LogChange {
  attempts?: readonly AttemptStep[];
  commands?: readonly PendingCommand[];
  records?: readonly RecordStep[];
}
