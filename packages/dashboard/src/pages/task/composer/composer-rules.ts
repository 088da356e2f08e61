import type { AgentView, TaskView } from "@mission-control/protocol";
import { runText } from "../../../text/run-text.ts";

type Subject = Pick<TaskView, "status" | "dispatchId" | "unknownReason">;

/**
 * Why nobody can take a message now, in words; null where somebody can. The server has the last word.
 * @param agent the task's; undefined while it is not known
 */
export function whyNotNow(task: Subject, agent: Pick<AgentView, "endpoint"> | undefined): string | null {
  if (task.unknownReason !== undefined) return runText.message.inDoubt;
  if (task.status === "in_progress" || beginsAttempt(task, agent)) return null;
  return runText.message.whyNot[task.status];
}

/** Why no file can go with a message to an agent, in words; null where the agent decides. The server has the last word. */
export function whyNoFiles(agent: Pick<AgentView, "endpoint"> | undefined): string | null {
  return agent?.endpoint.kind === "openclaw" ? runText.attach.notThere : null;
}

/** Whether a message begins a new attempt: the last one is over, and an agent behind OpenClaw goes on in its conversation. */
export function beginsAttempt(
  { status, dispatchId }: Subject,
  agent: Pick<AgentView, "endpoint"> | undefined,
): boolean {
  const isOver = status === "completed" || status === "failed" || status === "cancelled";
  return isOver && dispatchId !== null && agent?.endpoint.kind === "openclaw";
}
