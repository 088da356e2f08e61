import { useMemo } from "react";
import type { Mission } from "../../app/mission.ts";
import { agentName } from "../../app/use-agents.ts";
import { useMission } from "../../app/use-mission.ts";
import { type HeldAction, UNDO_MS } from "../../store/held-actions.ts";
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
  const { actions, ended } = holdAll(mission, [[id, sending]]);
  offerHeld(mission, words(titleOf(mission, id)), actions, ended);
  return ended;
}

/** Shows actions as pending and holds them, one a task. `ended` resolves when all were sent or taken back: whether all are done. */
export function holdAll(
  mission: Mission,
  sendings: readonly (readonly [id: string, sending: Sending])[],
): { actions: readonly HeldAction[]; ended: Promise<boolean> } {
  const actions: HeldAction[] = [];
  const outcomes = sendings.map(
    ([id, sending]) =>
      new Promise<boolean>((resolve) => {
        const action = mission.held.hold(id, {
          send: (leaving) => {
            resolve(send(mission, id, { ...sending, call: { ...sending.call, keepalive: leaving } }));
          },
          undone: () => {
            mission.pending.drop(id);
            mission.changed();
            resolve(false);
          },
        });
        actions.push(action);
        mission.pending.begin(id, { ...sending, after: Number.POSITIVE_INFINITY });
      }),
  );
  return { actions, ended: Promise.all(outcomes).then((done) => done.every(Boolean)) };
}

/** Offers to take held actions back, or to do them now, while they are held. */
export function offerHeld(
  mission: Mission,
  words: string,
  actions: readonly HeldAction[],
  ended: Promise<unknown>,
): void {
  const each = (act: (action: HeldAction) => void) => () => {
    takeAway();
    for (const action of actions) act(action);
  };
  const takeAway = mission.notices.offer(
    words,
    [
      { label: text.undo.undo, run: each((action) => action.undo()) },
      { label: text.undo.now, run: each((action) => action.now()) },
    ],
    UNDO_MS,
  );
  void ended.then(takeAway);
}

/** Offers the opposite of an action that is on its way or done. */
export function undoable(
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
