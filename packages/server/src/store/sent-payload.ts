import type { DispatchPayload, Endpoint } from "@mission-control/protocol";

/** What an agent was sent for an attempt, its secret hidden. */
export interface SentPayload {
  /** What kind of agent it went to: it says in what words the payload went out. */
  kind: Endpoint["kind"];
  payload: DispatchPayload;
  /** Whether the task's context was too large to be kept with it, and stands there empty. */
  contextOmitted?: true;
}

/** A payload as it is written: with its attempt, in the commit that takes it from the queue. */
export interface PayloadRow {
  taskId: string;
  dispatchId: string;
  /** JSON of a {@link SentPayload}. */
  payload: string;
}
