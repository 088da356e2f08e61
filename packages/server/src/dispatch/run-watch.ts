import type { RunEvent } from "../gateways/gateway.ts";
import type { Store } from "../store/store.ts";
import { openRequest } from "../tasks/operator.ts";
import { type Attempt, isOver } from "../tasks/task.ts";
import type { InsistentWriter } from "./insistent-writer.ts";

type RunEnded = Extract<RunEvent, { kind: "ended" }>;

/** How long an agent has, after its run ended, to say so itself; in milliseconds. */
const GRACE_MS = 10_000;

export interface RunWatchOptions {
  store: Pick<Store, "change" | "attempt">;
  writer: InsistentWriter;
  /** Default 10 s. */
  graceMs?: number | undefined;
}

/** What gateways see of the runs that agents may be working on: activity, losses, and ends no agent tells of. */
export class RunWatch {
  readonly #options: RunWatchOptions;
  /** Task of each attempt an agent may be working on. */
  readonly #taskOf = new Map<string, string>();
  readonly #graceTimers = new Map<string, NodeJS.Timeout>();

  constructor(options: RunWatchOptions) {
    this.#options = options;
  }

  /** Takes an attempt as it is now: watched from its sending to its end. */
  follow(attempt: Attempt): void {
    const { id, taskId } = attempt;
    if (isOver(attempt)) this.#taskOf.delete(id);
    else this.#taskOf.set(id, taskId);
    // A run that ended to wait for the operator ends for good when there is nothing to wait for any more.
    const isEnding = !isOver(attempt) && attempt.runOutcome !== undefined && !openRequest(attempt);
    if (!isEnding) {
      clearTimeout(this.#graceTimers.get(id));
      this.#graceTimers.delete(id);
    } else if (!this.#graceTimers.has(id)) this.#settleAfterGrace(attempt);
  }

  /** Takes what a gateway saw of a run. */
  onRunEvent(event: RunEvent): void {
    const { dispatchId } = event;
    const { store, writer } = this.#options;
    const taskId = this.#taskOf.get(dispatchId);
    if (taskId === undefined) {
      if (event.kind === "ended" && event.usage) void this.#countLateUsage(event);
      return;
    }
    const at = event.at.toISOString();
    if (event.kind === "activity") {
      store
        .change({ ...event, kind: "run_activity", taskId, at })
        .catch((error: unknown) => writer.failed(error, dispatchId));
    } else if (event.kind === "ended") {
      void writer.insist(runEnded(taskId, event));
    } else if (event.kind === "continued") {
      void writer.insist({ kind: "run_continued", taskId, dispatchId });
    } else {
      const { reason } = event;
      void writer.insist({ kind: "undelivered", taskId, dispatchId, state: "lost", reason });
    }
  }

  close(): void {
    for (const timer of this.#graceTimers.values()) clearTimeout(timer);
  }

  /** What a run used is told at its end, often after its agent had called back that the task is done. */
  async #countLateUsage(event: RunEnded): Promise<void> {
    const { store, writer } = this.#options;
    try {
      const attempt = await store.attempt(event.dispatchId);
      if (attempt) await writer.insist(runEnded(attempt.taskId, event));
    } catch (error) {
      writer.failed(error, event.dispatchId);
    }
  }

  #settleAfterGrace({ id: dispatchId, taskId }: Attempt): void {
    const { writer, graceMs = GRACE_MS } = this.#options;
    const timer = setTimeout(() => {
      this.#graceTimers.delete(dispatchId);
      void writer.insist({ kind: "run_settled", taskId, dispatchId });
    }, graceMs);
    timer.unref();
    this.#graceTimers.set(dispatchId, timer);
  }
}

function runEnded(taskId: string, { dispatchId, outcome, text, usage, at }: RunEnded) {
  const run = { outcome, text, at: at.toISOString() };
  return { kind: "run_ended", taskId, dispatchId, run, usage } as const;
}
