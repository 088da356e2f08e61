/** How long an action can be taken back, in milliseconds. */
export const UNDO_MS = 10_000;

/** An action that was asked for and is not sent yet. Each of the two does nothing once it is over. */
export interface HeldAction {
  /** Sends it at once. */
  now(): void;
  /** Takes it back: it is never sent. */
  undo(): void;
}

interface Outcomes {
  /**
   * @param leaving the page goes away: nobody will get the answer
   * @returns resolves when it is answered
   */
  send(leaving: boolean): unknown;
  undone(): void;
}

/**
 * Actions that are sent only after {@link UNDO_MS}, because the server could not take them back; one a task. What is
 * left when the page goes away is sent then: somebody asked for it.
 */
export class HeldActions {
  readonly #held = new Map<string, HeldAction & { leave(): void }>();
  /** Sent, and not answered yet. */
  readonly #sent = new Set<Promise<unknown>>();

  /** Holds an action on a task, in place of one that is held already. One of its outcomes is called, once. */
  hold(taskId: string, { send, undone }: Outcomes): HeldAction {
    this.undo(taskId);
    let open = true;
    const end = (outcome: () => void) => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      this.#held.delete(taskId);
      outcome();
    };
    const action = {
      now: () => end(() => this.#await(send(false))),
      undo: () => end(undone),
      leave: () => end(() => this.#await(send(true))),
    };
    const timer = setTimeout(action.now, UNDO_MS);
    this.#held.set(taskId, action);
    return action;
  }

  /** Takes back what is held for a task, if anything is. */
  undo(taskId: string): void {
    this.#held.get(taskId)?.undo();
  }

  /** Sends everything, as somebody asked for it; resolves when all of it is answered. */
  async sendAll(): Promise<void> {
    for (const action of [...this.#held.values()]) action.now();
    await Promise.allSettled([...this.#sent]);
  }

  #await(answer: unknown): void {
    const answered = Promise.resolve(answer).finally(() => this.#sent.delete(answered));
    this.#sent.add(answered);
    answered.catch(() => undefined);
  }

  /** The page goes away: sends everything. */
  flush(): void {
    for (const action of [...this.#held.values()]) action.leave();
  }
}
