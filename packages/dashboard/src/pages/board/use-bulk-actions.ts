import type { TaskSummary } from "@mission-control/protocol";
import { useMemo } from "react";
import type { Mission } from "../../app/mission.ts";
import { useMission } from "../../app/use-mission.ts";
import { allowedActions, type TaskAction } from "../../tasks/actions.ts";
import { type Sending, send, sendings } from "../../tasks/use-task-actions.ts";
import { boardText } from "../../text/board-text.ts";
import { text } from "../../text/text.ts";
import { holdAll, offerHeld, offerOpposite } from "./use-board-actions.ts";

/** Calls under way at once: a browser has six connections to a server, and the page needs some itself. */
const AT_ONCE = 3;

/** Actions on many tasks, each on those of them that are in a state for it; one notice takes all of it back. */
export interface BulkActions {
  /** @param agentIds who gets each of the tasks */
  dispatch(tasks: readonly TaskSummary[], agentIds: readonly string[]): void;
  tag(tasks: readonly TaskSummary[], tags: readonly string[]): void;
  cancel(tasks: readonly TaskSummary[]): void;
  delete(tasks: readonly TaskSummary[]): void;
}

/** The tasks that are in a state for an action. */
export function thoseFor(tasks: readonly TaskSummary[], action: TaskAction): TaskSummary[] {
  return tasks.filter(({ status }) => allowedActions(status).includes(action));
}

/** The actions of the bar that shows when tasks are selected. */
export function useBulkActions(): BulkActions {
  const mission = useMission();
  return useMemo(() => bulkActions(mission), [mission]);
}

/** The actions on many tasks of a page. */
export function bulkActions(mission: Mission): BulkActions {
  const holdEach = (action: "cancel" | "delete") => (tasks: readonly TaskSummary[]) => {
    const fit = thoseFor(tasks, action);
    if (fit.length === 0) return mission.notices.error(boardText.noneAllows(text.action[action]));
    const { actions, ended } = holdAll(
      mission,
      fit.map(({ id }) => [id, sendings[action](id)] as const),
    );
    offerHeld(mission, boardText.undo[action](fit.length), actions, ended);
  };
  /** Sends one to each, with the opposite of what was done on offer. */
  const sendEach = (
    tasks: readonly TaskSummary[],
    words: string,
    sendingOf: (task: TaskSummary, at: number) => Sending,
    oppositeOf: (task: TaskSummary) => Sending,
  ) => {
    const ended = new AbortController();
    const done = eachOf(tasks, (task, at) => send(mission, task.id, sendingOf(task, at)), ended.signal);
    const undo = (ids: readonly string[]) => {
      const undone = tasks.filter(({ id }) => ids.includes(id));
      void eachOf(undone, (task) => send(mission, task.id, oppositeOf(task)));
    };
    offerOpposite(mission, words, done, undo, () => ended.abort());
  };
  return {
    dispatch(tasks, agentIds) {
      const fit = thoseFor(tasks, "dispatch");
      if (fit.length === 0) return mission.notices.error(boardText.noneAllows(text.action.dispatch));
      // What was to become of them otherwise would end what begins now.
      for (const { id } of fit) mission.held.undo(id);
      sendEach(
        fit,
        boardText.undo.dispatch(fit.length),
        ({ id }, at) => sendings.dispatch(id, agentIds[at] ?? ""),
        ({ id }) => sendings.cancel(id),
      );
    },
    tag(tasks, tags) {
      const fit = thoseFor(tasks, "edit");
      sendEach(
        fit,
        boardText.undo.edit(fit.length),
        ({ id, tags: before }) => sendings.edit(id, { tags: [...new Set([...before, ...tags])] }),
        ({ id, tags: before }) => sendings.edit(id, { tags: before }),
      );
    },
    cancel: holdEach("cancel"),
    delete: holdEach("delete"),
  };
}

/** Does something for each, a few at once, until it is not wanted any more; resolves to the ids of those it was done to. */
async function eachOf(
  tasks: readonly TaskSummary[],
  act: (task: TaskSummary, at: number) => Promise<boolean>,
  wanted?: AbortSignal,
): Promise<readonly string[]> {
  const left = [...tasks.entries()];
  const done: string[] = [];
  const work = async () => {
    for (let next = left.shift(); next && !wanted?.aborted; next = left.shift()) {
      const [at, task] = next;
      if (await act(task, at)) done.push(task.id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return done;
}
