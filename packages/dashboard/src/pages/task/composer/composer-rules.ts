import type { TaskView } from "@mission-control/protocol";
import { runText } from "../../../text/run-text.ts";

/** Why nobody can take a message now, in words; null where somebody can. The server has the last word. */
export function whyNotNow({
  status,
  unknownReason,
}: Pick<TaskView, "status" | "unknownReason">): string | null {
  if (unknownReason !== undefined) return runText.message.inDoubt;
  return status === "in_progress" ? null : runText.message.whyNot[status];
}
