import { abortable } from "../abortable.ts";

/** Those of this process who wait for each lease, one behind the other. */
export class LeaseLines {
  /** The end of each line: settles when whoever stands there has left. */
  readonly #ends = new Map<string, Promise<void>>();

  /**
   * Waits for the front of a lease's line.
   * @returns how to leave, so that the next one comes to the front
   * @throws the signal's reason, when it is aborted first
   */
  async reachFront(name: string, signal: AbortSignal): Promise<() => void> {
    const before = this.#ends.get(name) ?? Promise.resolve();
    const turn = Promise.withResolvers<void>();
    const end = before.then(() => turn.promise);
    this.#ends.set(name, end);
    const leave = () => {
      turn.resolve();
      if (this.#ends.get(name) === end) this.#ends.delete(name);
    };
    try {
      await abortable(before, signal);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }
}
