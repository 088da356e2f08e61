import type { Answer } from "./answer.ts";

/** More than this are not kept waiting: each costs a connection's memory. */
const MAX_HELD = 1000;
/** Longer than this none waits, so that no client takes the server for gone. */
const LONGEST_SECONDS = 5;

/**
 * Answers to callbacks that came before the `Retry-After` that their sender got was over. They are given when the wait is over: who
 * does not heed `Retry-After` is slowed down by it all the same, instead of costing a refusal as fast as it can send.
 */
export class HeldAnswers {
  readonly #held = new Set<() => void>();

  /** Resolves with the answer after so many seconds or the longest, or at once where too many wait already. */
  hold(answer: Answer, seconds: number): Promise<Answer> {
    if (this.#held.size >= MAX_HELD) return Promise.resolve(answer);
    return new Promise((resolve) => {
      const release = () => {
        clearTimeout(timer);
        this.#held.delete(release);
        resolve(answer);
      };
      const timer = setTimeout(release, Math.min(seconds, LONGEST_SECONDS) * 1000);
      this.#held.add(release);
    });
  }

  /** Gives all of them now. */
  release(): void {
    for (const release of this.#held) release();
  }
}
