import type { Decision, TaskChange, TaskState } from "./change.ts";
import { decideDelivery } from "./delivery.ts";
import { decideOperator } from "./operator.ts";
import { decideReport } from "./reports.ts";

/**
 * The rules of tasks and attempts as one pure function: what is, and what is asked, gives what will be and the
 * events that tell it, or a refusal. No I/O, no clock, no randomness.
 * @param now ISO 8601 UTC with milliseconds
 */
export function decide(state: TaskState, change: TaskChange, now: string): Decision {
  switch (change.kind) {
    case "sending":
    case "note":
    case "accepted":
    case "undelivered":
    case "unknown":
    case "unsent":
    case "cancel_answered":
      return decideDelivery(state, change, now);
    case "callback":
    case "run_activity":
    case "run_ended":
    case "run_continued":
    case "run_settled":
      return decideReport(state, change, now);
    default:
      return decideOperator(state, change, now);
  }
}
