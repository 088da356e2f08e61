import type { TaskStatus } from "@mission-control/protocol";
import { useMemo } from "react";
import { ApiError } from "../api/api-error.ts";
import type { ApiCall } from "../api/client.ts";
import { taskCalls } from "../api/task-calls.ts";
import type { Mission } from "../app/mission.ts";
import { useMission } from "../app/use-mission.ts";
import { text } from "../text/text.ts";

/** Runs an action: shown as pending at once, final by its event, taken back with the reason if refused. */
async function act(
  mission: Mission,
  taskId: string,
  call: ApiCall,
  pending: { to: TaskStatus | null; label: string },
): Promise<boolean> {
  mission.pending.begin(taskId, { ...pending, after: mission.log.position });
  mission.changed();
  try {
    await mission.api.call(call);
    return true;
  } catch (error) {
    mission.pending.drop(taskId);
    const { message, requestId, status } = error as ApiError;
    mission.notices.error(text.action.refused(message), requestId);
    // A hand-over that failed (502) has changed the task, and its event tells so; a conflict means this page was behind.
    if (error instanceof ApiError && (status === 404 || status === 409)) mission.loader.load(taskId);
    mission.changed();
    return false;
  }
}

/** The actions on tasks, for buttons, menus, keys and drops. Each resolves to whether it was done. */
export function useTaskActions() {
  const mission = useMission();
  return useMemo(
    () => ({
      dispatch: (id: string, agentId: string) =>
        act(mission, id, taskCalls.dispatch(id, agentId), { to: "queued", label: text.action.dispatching }),
      cancel: (id: string) =>
        act(mission, id, taskCalls.cancel(id), { to: "cancelled", label: text.action.cancelling }),
      approve: (id: string) =>
        act(mission, id, taskCalls.approve(id), { to: "completed", label: text.action.approving }),
      reject: (id: string, feedback: string) =>
        act(mission, id, taskCalls.reject(id, feedback), { to: "queued", label: text.action.rejecting }),
      delete: (id: string) =>
        act(mission, id, taskCalls.delete(id), { to: null, label: text.action.deleting }),
      edit: (id: string, fields: object) =>
        act(mission, id, taskCalls.edit(id, fields), { to: null, label: text.action.saving }),
      answer: (id: string, requestId: string, optionId: string) =>
        act(mission, id, taskCalls.answer(id, requestId, optionId), {
          to: null,
          label: text.action.answering,
        }),
    }),
    [mission],
  );
}

export type TaskActions = ReturnType<typeof useTaskActions>;
