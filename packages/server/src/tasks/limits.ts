import type { Decision, Refusal, TaskChange, TaskState } from "./change.ts";
import type { Attempt } from "./task.ts";

/** What one attempt's agent may put into its record; infinite for no limit. */
export interface TaskLimits {
  /** Permission requests open at a time. */
  openPermissions: number;
  /** Callbacks that come when the attempt is over, and are recorded all the same. */
  lateCallbacks: number;
}

export const NO_LIMITS: TaskLimits = {
  openPermissions: Number.POSITIVE_INFINITY,
  lateCallbacks: Number.POSITIVE_INFINITY,
};

/** Permission requests that an attempt's record keeps beside the open ones. */
const CLOSED_PERMISSIONS = 100;

/** What becomes of a decision where its callback is one too many: it is refused, and records nothing. */
export function withinLimits(
  state: TaskState,
  change: TaskChange,
  decision: Decision,
  limits: TaskLimits,
): Decision {
  if (change.kind !== "callback") return decision;
  if (decision.refusal) return recordLate(state, decision, limits.lateCallbacks);
  const { callback } = change;
  if (callback.type !== "permission" || !decision.attempt) return decision;
  if (openIn(decision.attempt) > Math.max(limits.openPermissions, openIn(state.attempt))) {
    const detail = `${limits.openPermissions} permission requests of this dispatch wait for their answers already; try again when one is answered, or withdraw one.`;
    return tooMany("open_permissions", detail);
  }
  return { ...decision, attempt: withoutOldest(decision.attempt) };
}

/** A refused callback that leaves an event is counted: by its attempt, or by the task where there is none. */
function recordLate({ task, attempt }: TaskState, decision: Decision, limit: number): Decision {
  if (decision.events.length === 0 || !task) return decision;
  const lateCallbacks = (attempt ?? task).lateCallbacks ?? 0;
  if (lateCallbacks >= limit) {
    const detail = `${decision.refusal?.detail} ${limit} late callbacks were recorded; more are not.`;
    return tooMany("late_callbacks", detail);
  }
  const counted = { lateCallbacks: lateCallbacks + 1 };
  return attempt
    ? { ...decision, attempt: { ...attempt, ...counted } }
    : { ...decision, task: { ...task, ...counted } };
}

function tooMany(limit: NonNullable<Refusal["limit"]>, detail: string): Decision {
  return { refusal: { code: "limited", limit, detail }, events: [] };
}

function openIn(attempt: Attempt | null): number {
  return attempt?.permissions?.filter(({ state }) => state === "open").length ?? 0;
}

/** Each request is written again with each that follows: closed ones are forgotten, the oldest first. */
function withoutOldest(attempt: Attempt): Attempt {
  const { permissions = [] } = attempt;
  let tooMany = permissions.length - openIn(attempt) - CLOSED_PERMISSIONS;
  if (tooMany <= 0) return attempt;
  return { ...attempt, permissions: permissions.filter(({ state }) => state === "open" || tooMany-- <= 0) };
}
