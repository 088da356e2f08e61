import type { LogEvent, TaskStatus } from "@mission-control/protocol";

/** An action on a task that was asked for and not yet confirmed by its event. */
export interface PendingAction {
  /** Where the task is expected to go, if the action moves it. */
  to: TaskStatus | null;
  /** What is happening, in words: "Dispatching…". */
  label: string;
  /** The log's position when it was sent: only later events confirm it. Infinite while it is not sent yet. */
  after: number;
}

const CONFIRMING: ReadonlySet<LogEvent["type"]> = new Set([
  "status_change",
  "dispatch",
  "task",
  "permission",
]);

/** Which tasks wait for an action to be confirmed: final only by the log's own event. */
export class PendingActions {
  readonly #actions = new Map<string, PendingAction>();

  get(taskId: string): PendingAction | undefined {
    return this.#actions.get(taskId);
  }

  /**
   * Shows an action, in place of the one before on the same task.
   * @returns how to take it back: it was refused, or is not wanted any more. One that came after it stays.
   */
  begin(taskId: string, action: PendingAction): () => void {
    const begun = { ...action };
    this.#actions.set(taskId, begun);
    return () => {
      if (this.#actions.get(taskId) === begun) this.#actions.delete(taskId);
    };
  }

  confirm(events: readonly LogEvent[]): void {
    if (this.#actions.size === 0) return;
    for (const { taskId, type, id } of events) {
      if (!taskId || !CONFIRMING.has(type)) continue;
      const action = this.#actions.get(taskId);
      if (action && id > action.after) this.#actions.delete(taskId);
    }
  }

  /** The log starts over: the events of what was sent are not in it. What is not sent yet goes on waiting. */
  restart(): void {
    for (const [taskId, { after }] of this.#actions) {
      if (after !== Number.POSITIVE_INFINITY) this.#actions.delete(taskId);
    }
  }
}
