import type { TaskSummary } from "@mission-control/protocol";
import { useLive } from "../app/use-mission.ts";
import { useTask } from "./use-task.ts";

/** When the agent took the current attempt: from the log if this page saw it, else from the server. */
export function useRunningSince(task: TaskSummary): string | null {
  const seen = useLive(({ tasks }) => tasks.runningSince(task.id));
  const detail = useTask(task.id, seen === undefined);
  if (seen) return seen;
  const attempt = detail.data?.attempts.find(({ id }) => id === task.dispatchId);
  return attempt?.acceptedAt ?? attempt?.sentAt ?? null;
}
