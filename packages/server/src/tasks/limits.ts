import { type Decision, limited, type TaskChange, type TaskState } from "./change.ts";
import { withinOpenLimit } from "./permissions.ts";

/** What one attempt's agent may put into its record; infinite for no limit. */
export interface TaskLimits {
  /** Permission requests open at a time. */
  openPermissions: number;
  /** Callbacks that come when the attempt is over, and are recorded all the same. */
  lateCallbacks: number;
  /** Artifacts. */
  artifacts: number;
}

export const NO_LIMITS: TaskLimits = {
  openPermissions: Number.POSITIVE_INFINITY,
  lateCallbacks: Number.POSITIVE_INFINITY,
  artifacts: Number.POSITIVE_INFINITY,
};

/** What becomes of a decision where its callback is one too many: it is refused, and records nothing. */
export function withinLimits(
  state: TaskState,
  change: TaskChange,
  decision: Decision,
  limits: TaskLimits,
): Decision {
  if (change.kind !== "callback") return decision;
  if (decision.refusal) return recordLate(state, decision, limits.lateCallbacks);
  switch (change.callback.type) {
    case "permission":
      return withinOpenLimit(state.attempt, decision, limits.openPermissions);
    case "artifact":
      return withinArtifactLimit(decision, limits.artifacts);
    default:
      return decision;
  }
}

function withinArtifactLimit(decision: Decision, limit: number): Decision {
  if ((decision.attempt?.artifacts ?? 0) <= limit) return decision;
  return limited("artifacts", `This dispatch has left ${limit} artifacts already; more are not kept.`);
}

/** A refused callback that leaves an event is counted: by its attempt, or by the task where there is none. */
function recordLate({ task, attempt }: TaskState, decision: Decision, limit: number): Decision {
  if (decision.events.length === 0 || !task) return decision;
  const lateCallbacks = (attempt ?? task).lateCallbacks ?? 0;
  if (lateCallbacks >= limit) {
    const detail = `${decision.refusal?.detail} ${limit} late callbacks were recorded; more are not.`;
    return limited("late_callbacks", detail);
  }
  const counted = { lateCallbacks: lateCallbacks + 1 };
  return attempt
    ? { ...decision, attempt: { ...attempt, ...counted } }
    : { ...decision, task: { ...task, ...counted } };
}
