import { useMemo } from "react";
import type { Mission } from "../../app/mission.ts";
import { agentName } from "../../app/use-agents.ts";
import { useMission } from "../../app/use-mission.ts";
import { UNDO_MS } from "../../store/held-actions.ts";
import {
  type Sending,
  send,
  sendings,
  type TaskActions,
  useTaskActions,
} from "../../tasks/use-task-actions.ts";
import { text } from "../../text/text.ts";
import { visibleText } from "../../text/visible.ts";

/**
 * The actions as the board does them, where a card is easily dropped on the wrong place: each can be taken back for ten
 * seconds. What the server could not take back (a cancel, an approval, a rejection, a deletion) is sent only then;
 * a dispatch and an edit go out at once, and are undone by their opposite.
 */
export function useBoardActions(): TaskActions {
  const mission = useMission();
  const actions = useTaskActions();
  return useMemo(
    () => ({
      ...actions,
      cancel: (id) => hold(mission, id, text.undo.cancel, sendings.cancel(id)),
      approve: (id) => hold(mission, id, text.undo.approve, sendings.approve(id)),
      reject: (id, feedback) => hold(mission, id, text.undo.reject, sendings.reject(id, feedback)),
      delete: (id) => hold(mission, id, text.undo.delete, sendings.delete(id)),
      dispatch: (id, agentId) => {
        mission.held.undo(id);
        const words = text.undo.dispatch(titleOf(mission, id), agentName(mission, agentId) ?? agentId);
        return undoable(mission, words, actions.dispatch(id, agentId), () => actions.cancel(id));
      },
      edit: (id, fields) => {
        const before = mission.tasks.get(id);
        const done = actions.edit(id, fields);
        if (!before) return done;
        const old = Object.fromEntries(
          Object.keys(fields).map((name) => [name, before[name as keyof typeof before]]),
        );
        return undoable(mission, text.undo.edit(titleOf(mission, id)), done, () => actions.edit(id, old));
      },
    }),
    [mission, actions],
  );
}

function titleOf(mission: Mission, id: string): string {
  return visibleText(mission.tasks.get(id)?.title ?? id);
}

/** Shows an action as pending and sends it when its time is over; resolves when it was sent or taken back. */
function hold(
  mission: Mission,
  id: string,
  words: (title: string) => string,
  sending: Sending,
): Promise<boolean> {
  return new Promise((resolve) => {
    const action = mission.held.hold(id, {
      send: (leaving) => {
        takeAway();
        resolve(send(mission, id, { ...sending, call: { ...sending.call, keepalive: leaving } }));
      },
      undone: () => {
        takeAway();
        mission.pending.drop(id);
        mission.changed();
        resolve(false);
      },
    });
    mission.pending.begin(id, { ...sending, after: Number.POSITIVE_INFINITY });
    const takeAway = mission.notices.offer(
      words(titleOf(mission, id)),
      [
        { label: text.undo.undo, run: action.undo },
        { label: text.undo.now, run: action.now },
      ],
      UNDO_MS,
    );
  });
}

/** Offers the opposite of an action that is on its way or done. */
function undoable(
  mission: Mission,
  words: string,
  done: Promise<boolean>,
  undo: () => void,
): Promise<boolean> {
  const run = () => {
    takeAway();
    undo();
  };
  const takeAway = mission.notices.offer(words, [{ label: text.undo.undo, run }], UNDO_MS);
  void done.then((isDone) => isDone || takeAway());
  return done;
}
