import assert from "node:assert/strict";
import { behindGap } from "../../packages/server/src/store/log-gaps.ts";
import type { LogEntry, LogRange, Store } from "../../packages/server/src/store/store.ts";
import { StoreUnavailableError } from "../../packages/server/src/store/store.ts";

/** What a node was told of the log. */
export class Told {
  readonly entries: LogEntry[] = [];
  #waiting: { id: number; resolve: () => void }[] = [];

  constructor(store: Store) {
    store.follow(0, (entries) => {
      this.entries.push(...entries);
      const reached = this.entries.at(-1)?.id ?? 0;
      for (const { resolve } of this.#waiting.filter(({ id }) => id <= reached)) resolve();
      this.#waiting = this.#waiting.filter(({ id }) => id > reached);
    });
  }

  async upTo(id: number): Promise<readonly LogEntry[]> {
    if ((this.entries.at(-1)?.id ?? 0) < id) {
      await new Promise<void>((resolve) => this.#waiting.push({ id, resolve }));
    }
    return this.entries.filter((entry) => entry.id <= id);
  }

  /**
   * Waits for the log up to an event, and checks that it was told whole, each event once and in order, and of the
   * messages that senders made (`node-line-round`) just those that were confirmed, each once.
   */
  async assertConfirmed(
    { newest, gaps = [] }: Pick<LogRange, "newest" | "gaps">,
    confirmed: ReadonlySet<string>,
  ): Promise<void> {
    const sequence = await this.upTo(newest);
    const ids: number[] = [];
    for (let id = 1; id <= newest; id = behindGap(id + 1, gaps)) ids.push(id);
    assert.deepEqual(
      sequence.map(({ id }) => id),
      ids,
    );
    const messages = sequence.flatMap(({ frame }) => /"message":"(\d+-\d+-\d+)"/.exec(frame)?.[1] ?? []);
    assert.equal(messages.length, confirmed.size, "none twice");
    assert.deepEqual(new Set(messages), confirmed);
  }
}

/** Does work again and again, on one line, until it was done so often; what the store refuses is tried again. */
export async function often(times: number, work: (round: number) => Promise<unknown>): Promise<void> {
  for (let round = 0; round < times; round++) {
    for (let done = false; !done; ) {
      done = await work(round).then(
        () => true,
        (error: unknown) => {
          if (error instanceof StoreUnavailableError) return false;
          throw error;
        },
      );
    }
  }
}
