import type { TaskSummary } from "@mission-control/protocol";
import { useMemo } from "react";
import { useMission } from "../../app/use-mission.ts";
import { allowedActions, type TaskAction } from "../../tasks/actions.ts";
import { send, sendings } from "../../tasks/use-task-actions.ts";
import { boardText } from "../../text/board-text.ts";
import { text } from "../../text/text.ts";
import { holdAll, offerHeld, undoable } from "./use-board-actions.ts";

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
  return useMemo(() => {
    const holdEach = (action: "cancel" | "delete") => (tasks: readonly TaskSummary[]) => {
      const fit = thoseFor(tasks, action);
      if (fit.length === 0) return mission.notices.error(boardText.noneAllows(text.action[action]));
      const { actions, ended } = holdAll(
        mission,
        fit.map(({ id }) => [id, sendings[action](id)] as const),
      );
      offerHeld(mission, boardText.undo[action](fit.length), actions, ended);
    };
    return {
      dispatch(tasks, agentIds) {
        const fit = thoseFor(tasks, "dispatch");
        if (fit.length === 0) return mission.notices.error(boardText.noneAllows(text.action.dispatch));
        const done = eachOf(fit, ({ id }, at) =>
          send(mission, id, sendings.dispatch(id, agentIds[at] ?? "")),
        );
        void undoable(mission, boardText.undo.dispatch(fit.length), done, () =>
          eachOf(fit, ({ id }) => send(mission, id, sendings.cancel(id))),
        );
      },
      tag(tasks, tags) {
        const fit = thoseFor(tasks, "edit");
        const withTags = (add: readonly string[]) =>
          eachOf(fit, ({ id, tags: before }) =>
            send(mission, id, sendings.edit(id, { tags: [...new Set([...before, ...add])] })),
          );
        void undoable(mission, boardText.undo.edit(fit.length), withTags(tags), () => withTags([]));
      },
      cancel: holdEach("cancel"),
      delete: holdEach("delete"),
    };
  }, [mission]);
}

/** Does something for each, a few at once; resolves to whether all were done. */
async function eachOf(
  tasks: readonly TaskSummary[],
  act: (task: TaskSummary, at: number) => Promise<boolean>,
): Promise<boolean> {
  const left = [...tasks.entries()];
  let all = true;
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) all = (await act(next[1], next[0])) && all;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return all;
}
