import type { FormValues, TaskStatus } from "@mission-control/protocol";
import { useMemo } from "react";
import { ApiError } from "../api/api-error.ts";
import type { ApiCall } from "../api/client.ts";
import { taskCalls } from "../api/task-calls.ts";
import type { Mission } from "../app/mission.ts";
import { useMission } from "../app/use-mission.ts";
import { text } from "../text/text.ts";

/** How an action is sent: its call, and what shows until its event comes. */
export interface Sending {
  call: ApiCall;
  /** Where the task is expected to go, if the action moves it. */
  to: TaskStatus | null;
  /** What is happening, in words: "Dispatching…". */
  label: string;
}

/** How each action on a task is sent. */
export const sendings = {
  dispatch: (id: string, agentId: string): Sending => ({
    call: taskCalls.dispatch(id, agentId),
    to: "queued",
    label: text.action.dispatching,
  }),
  cancel: (id: string): Sending => ({
    call: taskCalls.cancel(id),
    to: "cancelled",
    label: text.action.cancelling,
  }),
  forceEnd: (id: string): Sending => ({
    call: taskCalls.forceEnd(id),
    to: "failed",
    label: text.action.cancelling,
  }),
  approve: (id: string): Sending => ({
    call: taskCalls.approve(id),
    to: "completed",
    label: text.action.approving,
  }),
  reject: (id: string, feedback: string): Sending => ({
    call: taskCalls.reject(id, feedback),
    to: "queued",
    label: text.action.rejecting,
  }),
  delete: (id: string): Sending => ({ call: taskCalls.delete(id), to: null, label: text.action.deleting }),
  edit: (id: string, fields: object): Sending => ({
    call: taskCalls.edit(id, fields),
    to: null,
    label: text.action.saving,
  }),
  answer: (id: string, requestId: string, optionId?: string, values?: FormValues): Sending => ({
    call: taskCalls.answer(id, requestId, optionId, values),
    to: null,
    label: text.action.answering,
  }),
};

/** Sends an action: shown as pending at once, final by its event, taken back with the reason if refused. */
export async function send(mission: Mission, taskId: string, { call, to, label }: Sending): Promise<boolean> {
  const takeBack = mission.pending.begin(taskId, { to, label, after: mission.log.position });
  mission.changed();
  try {
    await mission.api.call(call);
    return true;
  } catch (error) {
    takeBack();
    const { message, requestId, status } = error as ApiError;
    mission.notices.error(text.action.refused(message), requestId);
    // A hand-over that failed (502) has changed the task, and its event tells so; a conflict means this page was behind.
    if (error instanceof ApiError && (status === 404 || status === 409)) mission.loader.load(taskId);
    mission.changed();
    return false;
  }
}

/** The actions on tasks, each by its task's id. Each resolves to whether it was done. */
export type TaskActions = {
  [Action in keyof typeof sendings]: (...args: Parameters<(typeof sendings)[Action]>) => Promise<boolean>;
};

/** The actions on tasks, sent at once. */
export function taskActions(mission: Mission): TaskActions {
  return {
    dispatch: (id, agentId) => send(mission, id, sendings.dispatch(id, agentId)),
    cancel: (id) => send(mission, id, sendings.cancel(id)),
    forceEnd: (id) => send(mission, id, sendings.forceEnd(id)),
    approve: (id) => send(mission, id, sendings.approve(id)),
    reject: (id, feedback) => send(mission, id, sendings.reject(id, feedback)),
    delete: (id) => send(mission, id, sendings.delete(id)),
    edit: (id, fields) => send(mission, id, sendings.edit(id, fields)),
    answer: (id, requestId, optionId, values) =>
      send(mission, id, sendings.answer(id, requestId, optionId, values)),
  };
}

/** {@link taskActions} of this page: for buttons and keys where one looks twice before one presses. */
export function useTaskActions(): TaskActions {
  const mission = useMission();
  return useMemo(() => taskActions(mission), [mission]);
}
