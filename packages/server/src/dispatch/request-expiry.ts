import type { AttemptSummary } from "../store/log-change.ts";
import { isOver } from "../tasks/task.ts";
import type { OutcomeWriter } from "./outcome-writer.ts";

/** A timer may end this much before its time by the clock that the rules look at, in milliseconds. */
const SLACK_MS = 20;
/** No timer takes more. */
const LONGEST_MS = 2 ** 31 - 1;

interface Waiting {
  until: string;
  timer: NodeJS.Timeout;
}

/** Has permission requests taken back when their time is over; the rules look whether it is. */
export class RequestExpiry {
  readonly #writer: Pick<OutcomeWriter, "retryUntilStored">;
  readonly #now: () => Date;
  readonly #waiting = new Map<string, Waiting>();

  constructor(writer: Pick<OutcomeWriter, "retryUntilStored">, now: () => Date = () => new Date()) {
    this.#writer = writer;
    this.#now = now;
  }

  /** Takes an attempt as it is now. */
  follow(attempt: AttemptSummary): void {
    const { id, asksUntil } = attempt;
    const until = isOver(attempt) ? undefined : asksUntil;
    if (this.#waiting.get(id)?.until === until) return;
    this.forget(id);
    if (until !== undefined) this.#wait(attempt, until);
  }

  /** An attempt is of no more interest. */
  forget(id: string): void {
    clearTimeout(this.#waiting.get(id)?.timer);
    this.#waiting.delete(id);
  }

  close(): void {
    for (const id of [...this.#waiting.keys()]) this.forget(id);
  }

  #wait(attempt: AttemptSummary, until: string): void {
    const { id: dispatchId, taskId } = attempt;
    const restMs = Date.parse(until) - this.#now().getTime() + SLACK_MS;
    const isLast = restMs <= LONGEST_MS;
    const timer = setTimeout(
      () => {
        if (!isLast) return this.#wait(attempt, until);
        this.#waiting.delete(dispatchId);
        void this.#writer.retryUntilStored({ kind: "requests_expired", taskId, dispatchId });
      },
      Math.min(Math.max(restMs, 0), LONGEST_MS),
    );
    timer.unref();
    this.#waiting.set(dispatchId, { until, timer });
  }
}
