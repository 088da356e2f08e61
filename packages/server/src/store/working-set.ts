import type { Attempt, Message, Task } from "../tasks/task.ts";
import type { Receipt } from "./receipt.ts";
import type { AgentRecord, RecordKind, RecordKinds } from "./records.ts";

/**
 * What the plan of a commit may look at: the store as it is before that commit. An engine that reads at once looks
 * each thing up when it is asked; one that reads over a network loads beforehand what `needsOf` (needs.ts) names.
 */
export interface WorkingSet {
  /** Id that the next event of the log gets. */
  readonly nextEventId: number;
  task(id: string): Task | null;
  attempt(id: string): Attempt | null;
  /** All attempts of a task, oldest first. */
  attemptsOf(taskId: string): readonly Attempt[];
  message(id: string): Message | null;
  receipt(key: string): Receipt | null;
  record<Kind extends RecordKind>(kind: Kind, id: string): RecordKinds[Kind] | null;
  /** Every agent. */
  agents(): readonly AgentRecord[];
  /** How many attempts an agent has under way. */
  underWay(agentId: string): number;
  /** The first attempts of an agent's queue: most urgent first, then oldest first. */
  queued(agentId: string, limit: number): readonly Attempt[];
  /** The fencing number of a lease; null while nobody holds it. */
  fence(lease: string): number | null;
}
