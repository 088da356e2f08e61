import type { LogEvent, TaskSummary } from "@mission-control/protocol";
import { foldEvent } from "@mission-control/protocol/task-fold";

interface Entry {
  task: TaskSummary;
  /** The snapshot, or the last event, this is exact as of. */
  asOf: number;
  /** Which {@link TaskStore.restart} this was loaded after. */
  generation: number;
}

/** What the store needs from outside. */
export interface TaskSource {
  /** The events after a position this page has seen, oldest first. */
  eventsAfter(position: number): readonly LogEvent[];
  /** Asks for a task to be loaded and given to {@link TaskStore.put}; asking again while it loads does nothing. */
  load(taskId: string): void;
}

/**
 * The tasks this page knows: snapshots from the server, moved on by the events of the log. A snapshot may be older
 * than events already seen; those are applied to it again.
 */
export class TaskStore {
  readonly #source: TaskSource;
  readonly #entries = new Map<string, Entry>();
  readonly #deleted = new Set<string>();
  /** When running tasks began to run, as far as this page saw it. */
  readonly #runningSince = new Map<string, string>();
  #version = 0;
  #generation = 0;

  constructor(source: TaskSource) {
    this.#source = source;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  get(id: string): TaskSummary | undefined {
    return this.#entries.get(id)?.task;
  }

  /** When the task's current attempt began to run, if this page saw that. */
  runningSince(id: string): string | undefined {
    return this.#runningSince.get(id);
  }

  isDeleted(id: string): boolean {
    return this.#deleted.has(id);
  }

  all(): TaskSummary[] {
    return [...this.#entries.values()].map(({ task }) => task);
  }

  /** Takes over a snapshot that is exact as of a position. */
  put(tasks: readonly TaskSummary[], asOf: number): void {
    const given = new Set<string>();
    for (const task of tasks) {
      if (this.#deleted.has(task.id)) continue;
      given.add(task.id);
      this.#entries.set(task.id, { task, asOf, generation: this.#generation });
    }
    for (const event of this.#source.eventsAfter(asOf)) {
      if (event.taskId && given.has(event.taskId)) this.#apply(event, false);
    }
    this.#version += 1;
  }

  /** The server does not know the task (any more). */
  forget(id: string): void {
    this.#entries.delete(id);
    this.#deleted.add(id);
    this.#version += 1;
  }

  /** Moves the tasks on by new events. */
  apply(events: readonly LogEvent[]): void {
    for (const event of events) this.#apply(event, true);
    this.#version += 1;
  }

  /** The log begins anew: what is known stays to be read until {@link sweep}, but new snapshots replace it. */
  restart(): void {
    this.#generation += 1;
    this.#deleted.clear();
    for (const entry of this.#entries.values()) entry.asOf = 0;
  }

  /** Forgets what no snapshot since {@link restart} has confirmed. */
  sweep(): void {
    for (const [id, { generation }] of this.#entries) {
      if (generation < this.#generation) this.#entries.delete(id);
    }
    this.#version += 1;
  }

  #apply(event: LogEvent, isNew: boolean): void {
    if (!event.taskId) return;
    if (event.type === "status_change") {
      if (event.data.to === "in_progress") this.#runningSince.set(event.taskId, event.receivedAt);
      else this.#runningSince.delete(event.taskId);
    }
    const entry = this.#entries.get(event.taskId);
    if (!entry) {
      if (event.type === "task" && event.data.change === "deleted") this.#deleted.add(event.taskId);
      else if (isNew && (event.type === "task" || event.type === "status_change"))
        this.#source.load(event.taskId);
      return;
    }
    if (event.id <= entry.asOf) return;
    const folded = foldEvent(entry.task, event);
    if (folded === "deleted") {
      this.#entries.delete(event.taskId);
      this.#deleted.add(event.taskId);
      return;
    }
    entry.asOf = event.id;
    if (folded === "incomplete") this.#source.load(event.taskId);
    else entry.task = folded;
  }
}
