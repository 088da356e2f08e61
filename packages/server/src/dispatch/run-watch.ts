import type { RunEvent } from "../gateways/gateway.ts";
import type { AttemptSummary } from "../store/log-change.ts";
import type { Store } from "../store/store.ts";
import { isOver } from "../tasks/task.ts";
import type { OutcomeWriter } from "./outcome-writer.ts";

type RunEnded = Extract<RunEvent, { kind: "ended" }>;

/** How long an agent has, after its run ended, to say so itself; in milliseconds. */
const GRACE_MS = 10_000;

export interface RunWatchOptions {
  store: Pick<Store, "change" | "attempt">;
  writer: OutcomeWriter;
  /** Default 10 s. */
  graceMs?: number | undefined;
}

/** What gateways see of the runs that agents may be working on: activity, losses, and ends that no agent reports. */
export class RunWatch {
  readonly #options: RunWatchOptions;
  /** Task of each attempt an agent may be working on. */
  readonly #taskOf = new Map<string, string>();
  readonly #graceTimers = new Map<string, NodeJS.Timeout>();

  constructor(options: RunWatchOptions) {
    this.#options = options;
  }

  /** An attempt was deleted with its task. */
  forget(id: string): void {
    this.#taskOf.delete(id);
    clearTimeout(this.#graceTimers.get(id));
    this.#graceTimers.delete(id);
  }

  /** Takes an attempt as it is now: watched from its sending to its end. */
  follow(attempt: AttemptSummary): void {
    const { id, taskId, runEnded, isAsking } = attempt;
    if (isOver(attempt)) this.#taskOf.delete(id);
    else this.#taskOf.set(id, taskId);
    // A run that ended to wait for the operator ends for good when there is nothing to wait for any more.
    const isEnding = !isOver(attempt) && runEnded && !isAsking;
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
      void writer.retryUntilStored(runEnded(taskId, event));
    } else if (event.kind === "message_taken_up") {
      const { messageId } = event;
      void writer.retryUntilStored({
        kind: "message_moved",
        taskId,
        dispatchId,
        messageId,
        state: "taken_up",
      });
    } else if (event.kind === "question_asked") {
      const { request } = event;
      void writer.retryUntilStored({ kind: "run_question", taskId, dispatchId, request, at });
    } else if (event.kind === "question_settled") {
      const { requestId } = event;
      void writer.retryUntilStored({ kind: "run_question_settled", taskId, dispatchId, requestId, at });
    } else if (event.kind === "continued") {
      void writer.retryUntilStored({ kind: "run_continued", taskId, dispatchId });
    } else {
      const { reason } = event;
      void writer.retryUntilStored({ kind: "undelivered", taskId, dispatchId, state: "lost", reason });
    }
  }

  close(): void {
    for (const timer of this.#graceTimers.values()) clearTimeout(timer);
  }

  /** What a run used is known at its end, often after its agent had called back that the task is done. */
  async #countLateUsage(event: RunEnded): Promise<void> {
    const { store, writer } = this.#options;
    try {
      const attempt = await store.attempt(event.dispatchId);
      if (attempt) await writer.retryUntilStored(runEnded(attempt.taskId, event));
    } catch (error) {
      writer.failed(error, event.dispatchId);
    }
  }

  #settleAfterGrace({ id: dispatchId, taskId }: AttemptSummary): void {
    const { writer, graceMs = GRACE_MS } = this.#options;
    const timer = setTimeout(() => {
      this.#graceTimers.delete(dispatchId);
      void writer.retryUntilStored({ kind: "run_settled", taskId, dispatchId });
    }, graceMs);
    timer.unref();
    this.#graceTimers.set(dispatchId, timer);
  }
}

function runEnded(taskId: string, { dispatchId, outcome, text, usage, at }: RunEnded) {
  const run = { outcome, text, at: at.toISOString() };
  return { kind: "run_ended", taskId, dispatchId, run, usage } as const;
}
