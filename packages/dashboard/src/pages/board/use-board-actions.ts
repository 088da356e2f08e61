import { useMemo } from "react";
import type { Mission } from "../../app/mission.ts";
import { agentName } from "../../app/use-agents.ts";
import { useMission } from "../../app/use-mission.ts";
import { type HeldAction, UNDO_MS } from "../../store/held-actions.ts";
import { type Sending, send, sendings, type TaskActions, taskActions } from "../../tasks/use-task-actions.ts";
import { text } from "../../text/text.ts";
import { visibleText } from "../../text/visible.ts";

/**
 * The actions as the board does them, where a card is easily dropped on the wrong place: each can be taken back for ten
 * seconds. What the server could not take back (a cancel, an approval, a rejection, a deletion) is sent only then;
 * a dispatch and an edit go out at once, and are undone by their opposite.
 */
export function boardActions(mission: Mission): TaskActions {
  const actions = taskActions(mission);
  return {
    ...actions,
    cancel: (id) => hold(mission, id, text.undo.cancel, sendings.cancel(id)),
    approve: (id) => hold(mission, id, text.undo.approve, sendings.approve(id)),
    reject: (id, feedback) => hold(mission, id, text.undo.reject, sendings.reject(id, feedback)),
    delete: (id) => hold(mission, id, text.undo.delete, sendings.delete(id)),
    dispatch: (id, agentId) => {
      mission.held.undo(id);
      const words = text.undo.dispatch(titleOf(mission, id), agentName(mission, agentId) ?? agentId);
      const done = actions.dispatch(id, agentId);
      offerOpposite(mission, words, ifDone(done, id), () => void actions.cancel(id));
      return done;
    },
    edit: (id, fields) => {
      const before = mission.tasks.get(id);
      const done = actions.edit(id, fields);
      if (!before) return done;
      const old = Object.fromEntries(
        Object.keys(fields).map((name) => [name, before[name as keyof typeof before]]),
      );
      const words = text.undo.edit(titleOf(mission, id));
      offerOpposite(mission, words, ifDone(done, id), () => void actions.edit(id, old));
      return done;
    },
  };
}

/** {@link boardActions} of this page. */
export function useBoardActions(): TaskActions {
  const mission = useMission();
  return useMemo(() => boardActions(mission), [mission]);
}

async function ifDone(done: Promise<boolean>, id: string): Promise<readonly string[]> {
  return (await done) ? [id] : [];
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
            const sent = send(mission, id, { ...sending, call: { ...sending.call, keepalive: leaving } });
            resolve(sent);
            return sent;
          },
          undone: () => {
            takeBack();
            mission.changed();
            resolve(false);
          },
        });
        actions.push(action);
        const { to, label } = sending;
        const takeBack = mission.pending.begin(id, { to, label, after: Number.POSITIVE_INFINITY });
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

/**
 * Offers the opposite of actions that are on their way or done. It is asked for only when it is known what was done: a
 * server may take up two calls in the other order than they were sent in.
 * @param done resolves to the ids of the tasks it was done to; where there are none, nothing is offered any more
 * @param undo does the opposite to those
 * @param stop what is still to be sent is not wanted any more
 */
export function offerOpposite(
  mission: Mission,
  words: string,
  done: Promise<readonly string[]>,
  undo: (ids: readonly string[]) => void,
  stop: () => void = () => undefined,
): void {
  const run = () => {
    takeAway();
    stop();
    void done.then((ids) => ids.length > 0 && undo(ids));
  };
  const takeAway = mission.notices.offer(words, [{ label: text.undo.undo, run }], UNDO_MS);
  void done.then((ids) => ids.length > 0 || takeAway());
}
