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

  begin(taskId: string, action: PendingAction): void {
    this.#actions.set(taskId, action);
  }

  /** The action was refused, or its outcome became known in another way. */
  drop(taskId: string): void {
    this.#actions.delete(taskId);
  }

  confirm(events: readonly LogEvent[]): void {
    if (this.#actions.size === 0) return;
    for (const { taskId, type, id } of events) {
      if (!taskId || !CONFIRMING.has(type)) continue;
      const action = this.#actions.get(taskId);
      if (action && id > action.after) this.#actions.delete(taskId);
    }
  }

  clear(): void {
    this.#actions.clear();
  }
}
