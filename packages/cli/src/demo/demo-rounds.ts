import { setTimeout as wait } from "node:timers/promises";
import { type LogEvent, taskSchema } from "@mission-control/protocol";
import { type ApiClient, ApiError } from "../client/api-client.ts";
import { DEMO_TASKS } from "./demo-tasks.ts";

/** States in which nothing more happens until someone does something. */
const SETTLED: ReadonlySet<unknown> = new Set(["completed", "failed", "cancelled", "review"]);
/** Rounds whose tasks are kept: a demo may run for days. */
const ROUNDS_KEPT = 3;

/**
 * Gives the agent the tasks of the demo, round by round. A task that waits for its viewer, with a question or for a
 * review, goes on waiting, and is not made again before that.
 */
export class DemoRounds {
  readonly #client: ApiClient;
  readonly #agentId: string;
  /** The ids of each round's tasks, the newest round last. */
  readonly #rounds: string[][] = [];
  /** Tasks of the newest round that have not settled. */
  readonly #unsettled = new Set<string>();
  /** Titles of tasks that wait for their viewer, by the tasks' ids. */
  readonly #waiting = new Map<string, string>();
  readonly #titles = new Map<string, string>();
  #rest = Promise.withResolvers<void>();

  constructor(client: ApiClient, agentId: string) {
    this.#client = client;
    this.#agentId = agentId;
  }

  /** Creates the tasks of a round and dispatches them; resolves to their ids. */
  async begin(): Promise<string[]> {
    const waiting = new Set(this.#waiting.values());
    this.#unsettled.clear();
    const ids: string[] = [];
    for (const { task } of DEMO_TASKS) {
      if (waiting.has(task.title)) continue;
      const { id } = await this.#client.post("/api/tasks", task, taskSchema);
      this.#titles.set(id, task.title);
      this.#unsettled.add(id);
      ids.push(id);
    }
    this.#rounds.push(ids);
    this.#rest = Promise.withResolvers();
    for (const id of ids) {
      await this.#client.post(`/api/tasks/${id}/dispatch`, { agentId: this.#agentId }, taskSchema);
    }
    return ids;
  }

  /** Whether every task of the newest round has ended, or waits for a review. */
  get isSettled(): boolean {
    return this.#unsettled.size === 0;
  }

  /** Takes in what happened to a task. */
  see({ type, taskId, data }: LogEvent): void {
    const title = taskId && this.#titles.get(taskId);
    if (!title) return;
    const isWaiting =
      type === "permission" ? data.state === "requested" : type === "status_change" && data.to === "review";
    const isSettled = type === "status_change" && SETTLED.has(data.to);
    if (isWaiting) this.#waiting.set(taskId, title);
    else if (isSettled || type === "permission") this.#waiting.delete(taskId);
    if (isSettled) this.#unsettled.delete(taskId);
    // At rest: nothing more happens but by the viewer.
    if ([...this.#unsettled].every((id) => this.#waiting.has(id))) this.#rest.resolve();
  }

  /** Begins a round whenever the one before is at rest. @param pauseMs how long after, in milliseconds */
  async goOn(pauseMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await Promise.race([this.#rest.promise, aborted(signal)]);
      await wait(pauseMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.#removeOld();
      await this.begin();
    }
  }

  /** Removes the tasks of rounds long past, but for those that wait. */
  async #removeOld(): Promise<void> {
    const old = this.#rounds.splice(0, Math.max(0, this.#rounds.length - ROUNDS_KEPT)).flat();
    const kept: string[] = [];
    for (const id of old) {
      if (this.#waiting.has(id)) {
        kept.push(id);
        continue;
      }
      this.#titles.delete(id);
      await this.#client.delete(`/api/tasks/${id}`).catch((error: unknown) => {
        // Removed by the viewer, or dispatched again: theirs now.
        if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 409)) throw error;
      });
    }
    this.#rounds[0]?.push(...kept);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
