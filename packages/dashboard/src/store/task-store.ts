import type { LogEvent, TaskSummary } from "@mission-control/protocol";
import { foldEvent } from "@mission-control/protocol/task-fold";

/** Most tasks a page keeps, and the characters they may hold together. */
export const TASK_CAPACITY = 3_000;
export const TASK_CHARACTERS = 16_000_000;
/** What is left when the store was full, so that making room costs little. */
const KEPT_SHARE = 0.9;
/** Ids of deleted tasks that are remembered. */
const DELETED_CAPACITY = 10_000;
const ENDED: ReadonlySet<TaskSummary["status"]> = new Set(["completed", "failed", "cancelled"]);

interface Entry {
  task: TaskSummary;
  /** Characters it holds. */
  size: number;
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
 * than events already seen; those are applied to it again. Where there are too many, those go that nothing was heard of
 * for the longest time, first those that have ended; a task that moves again is loaded again.
 */
export class TaskStore {
  readonly #source: TaskSource;
  /** Those first that nothing was heard of for the longest time. */
  readonly #entries = new Map<string, Entry>();
  readonly #deleted = new Set<string>();
  /** When running tasks began to run, as far as this page saw it. */
  readonly #runningSince = new Map<string, string>();
  #version = 0;
  #generation = 0;
  #characters = 0;
  #hasLetGo = false;

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

  /** Whether there are tasks that were known here and had to make room: the server has more than {@link all}. */
  get hasLetGo(): boolean {
    return this.#hasLetGo;
  }

  /** Those last that were heard of last. */
  all(): TaskSummary[] {
    return [...this.#entries.values()].map(({ task }) => task);
  }

  /** Takes over a snapshot that is exact as of a position. */
  put(tasks: readonly TaskSummary[], asOf: number): void {
    const given = new Set<string>();
    for (const task of tasks) {
      if (this.#deleted.has(task.id)) continue;
      given.add(task.id);
      this.#keep(task, asOf, this.#generation);
    }
    for (const event of this.#source.eventsAfter(asOf)) {
      if (event.taskId && given.has(event.taskId)) this.#apply(event, false);
    }
    this.#makeRoom();
    this.#version += 1;
  }

  /** The server does not know the task (any more). */
  forget(id: string): void {
    this.#delete(id);
    this.#version += 1;
  }

  /** Moves the tasks on by new events. */
  apply(events: readonly LogEvent[]): void {
    for (const event of events) this.#apply(event, true);
    this.#makeRoom();
    this.#version += 1;
  }

  /** The log starts over: what is known stays to be read until {@link sweep}, but new snapshots replace it. */
  restart(): void {
    this.#generation += 1;
    this.#hasLetGo = false;
    this.#deleted.clear();
    for (const entry of this.#entries.values()) entry.asOf = 0;
  }

  /** Forgets what no snapshot since {@link restart} has confirmed. */
  sweep(): void {
    for (const [id, { generation }] of this.#entries) {
      if (generation < this.#generation) this.#letGo(id);
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
      if (event.type === "task" && event.data.change === "deleted") this.#delete(event.taskId);
      else if (isNew && (event.type === "task" || event.type === "status_change"))
        this.#source.load(event.taskId);
      return;
    }
    if (event.id <= entry.asOf) return;
    const folded = isQuestionCut(event) ? "incomplete" : foldEvent(entry.task, event);
    if (folded === "deleted") this.#delete(event.taskId);
    else if (folded === "incomplete") {
      entry.asOf = event.id;
      this.#source.load(event.taskId);
    } else this.#keep(folded, event.id, entry.generation);
  }

  /** Takes a task as the one that was heard of last. */
  #keep(task: TaskSummary, asOf: number, generation: number): void {
    this.#letGo(task.id);
    const size = sizeOf(task);
    this.#entries.set(task.id, { task, size, asOf, generation });
    this.#characters += size;
  }

  #letGo(id: string): void {
    this.#characters -= this.#entries.get(id)?.size ?? 0;
    this.#entries.delete(id);
  }

  #delete(id: string): void {
    this.#letGo(id);
    this.#runningSince.delete(id);
    this.#deleted.add(id);
    const [oldest] = this.#deleted;
    if (this.#deleted.size > DELETED_CAPACITY && oldest !== undefined) this.#deleted.delete(oldest);
  }

  #makeRoom(): void {
    const isFull = (share: number) =>
      this.#entries.size > TASK_CAPACITY * share || this.#characters > TASK_CHARACTERS * share;
    if (!isFull(1)) return;
    this.#hasLetGo = true;
    for (const mayGo of [({ task }: Entry) => ENDED.has(task.status), () => true]) {
      for (const [id, entry] of this.#entries) {
        if (!isFull(KEPT_SHARE)) return;
        if (mayGo(entry)) this.#letGo(id);
      }
    }
  }
}

/** A question whose words were too many to be held: only the server knows what the task waits for. */
function isQuestionCut({ type, data }: LogEvent): boolean {
  return type === "permission" && data.state === "requested" && data.request === undefined;
}

/** Characters of a task's texts; what every task has beside them is counted as a few. */
function sizeOf({ title, description, summary, error, message, context }: TaskSummary): number {
  const texts = [title, description, summary, error, message, contextText(context)];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 500);
}

function contextText(context: TaskSummary["context"]): string {
  return Object.keys(context).length === 0 ? "" : JSON.stringify(context);
}
