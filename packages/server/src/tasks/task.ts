import type {
  AttachedFile,
  DispatchState,
  FormValues,
  JsonObject,
  MessageMode,
  MessageState,
  PermissionRequest,
  Priority,
  Silence,
  TaskStatus,
  Undelivered,
  Usage,
} from "@mission-control/protocol";
import type { Waiting } from "./waiting.ts";

/** A task as the rules know it. Times are ISO 8601 UTC with milliseconds. */
export interface Task {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly priority: Priority;
  readonly tags: readonly string[];
  readonly context: JsonObject;
  readonly requiresReview: boolean;
  readonly status: TaskStatus;
  /** The agent and dispatch of the current or last attempt. */
  readonly agentId: string | null;
  readonly dispatchId: string | null;
  /** How many attempts were made; the number of the current one. */
  readonly attempt: number;
  readonly message?: string | undefined;
  readonly progress?: number | undefined;
  readonly summary?: string | undefined;
  readonly error?: string | undefined;
  /** Why nobody can say whether the agent has the current attempt, while that is `unknown`. */
  readonly unknownReason?: string | undefined;
  readonly lastState?: string | undefined;
  readonly waitingFor?: PermissionRequest | undefined;
  /** When the agent of the current attempt, or its gateway, last said something of it. */
  readonly lastWordAt?: string | undefined;
  /** That the agent of the current attempt is missed. */
  readonly silence?: Silence | undefined;
  /** An answer of the operator that the agent of the current attempt did not get. */
  readonly undelivered?: Undelivered | undefined;
  /** That it waits for a human; follows from the rest ({@link waitingOf}). */
  readonly waiting?: Waiting | undefined;
  /** What all attempts used together. */
  readonly usage?: Usage | undefined;
  /** What the attempts before the current one used together. */
  readonly usageBefore?: Usage | undefined;
  /** How many callbacks were recorded that belong to none of its attempts. */
  readonly lateCallbacks?: number | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A permission request of an attempt and, once given, its answer. */
export interface Permission {
  readonly request: PermissionRequest;
  readonly state: "open" | "answered" | "withdrawn";
  /** When it was asked; absent where an older version kept it. */
  readonly askedAt?: string;
  readonly optionId?: string | undefined;
  /** What its form was filled in with. */
  readonly values?: FormValues | undefined;
  /** Whether the agent has the answer; absent until that is known. */
  readonly delivery?: "delivered" | "undelivered";
}

/** A message of the operator to the agent of an attempt. */
export interface Message {
  readonly id: string;
  readonly taskId: string;
  readonly dispatchId: string;
  readonly text: string;
  readonly mode: MessageMode;
  /** Files that go with it; absent for none. */
  readonly attachments?: readonly AttachedFile[] | undefined;
  readonly state: MessageState;
  /** Why it was refused or, where it was taken otherwise than asked, how. */
  readonly reason?: string | undefined;
  readonly by: string;
  readonly createdAt: string;
}

/** How a gateway saw a run end, kept until the agent's own callback or the grace time settles the attempt. */
export interface RunOutcome {
  readonly outcome: "completed" | "failed" | "cancelled";
  readonly text: string;
  readonly at: string;
}

/** One attempt at a task: a dispatch to one agent. */
export interface Attempt {
  readonly id: string;
  readonly taskId: string;
  readonly agentId: string;
  readonly number: number;
  readonly state: DispatchState;
  readonly priority: Priority;
  readonly summary?: string | undefined;
  /** Why it ended badly or, while it is `unknown`, why nobody can say. */
  readonly error?: string | undefined;
  readonly lastState?: string | undefined;
  readonly feedback: string | null;
  readonly usage?: Usage | undefined;
  readonly permissions?: readonly Permission[] | undefined;
  /** How many messages were written to its agent, and how many of them it has not answered. */
  readonly messages?: { readonly written: number; readonly sending: number } | undefined;
  /** The message of the operator that it began with: the agent gets it with the task, as feedback. */
  readonly openedBy?: string | undefined;
  readonly runOutcome?: RunOutcome | undefined;
  /** How many callbacks were recorded that came when it could not take them. */
  readonly lateCallbacks?: number | undefined;
  /** How many artifacts it has left behind. */
  readonly artifacts?: number | undefined;
  /** The gateway adapter's own note on the hand-over. */
  readonly note: JsonObject | null;
  readonly queuedAt: string;
  readonly sentAt: string | null;
  readonly acceptedAt: string | null;
  /** Of one that is over; while it is not, its task has it. */
  readonly lastWordAt?: string | undefined;
  readonly endedAt: string | null;
}

const OCCUPYING: ReadonlySet<DispatchState> = new Set(["sending", "accepted", "running", "unknown"]);

/** Whether an attempt takes up one of its agent's slots. */
export function occupiesSlot(attempt: Pick<Attempt, "state">): boolean {
  return OCCUPYING.has(attempt.state);
}

/** Whether an attempt has reached a final state. */
export function isOver(attempt: Pick<Attempt, "state">): boolean {
  return attempt.state !== "queued" && !occupiesSlot(attempt);
}

/** Whether a task has come to its end, which a new dispatch alone takes it back from. */
export function hasEnded({ status }: Pick<Task, "status">): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** Ranks priorities for sorting: the higher, the more urgent. */
export const PRIORITY_RANK: Readonly<Record<Priority, number>> = { low: 0, normal: 1, high: 2, urgent: 3 };
