import type { DatabaseSync } from "node:sqlite";
import { StoreUnavailableError } from "../store.ts";

/** At most this many pieces of work share a commit, to bound how long one holds the thread. */
const MAX_GROUP = 1024;
/** More waiting than this, and the disk is not keeping up: new work is refused. */
const MAX_WAITING = 16_384;

interface Waiting {
  work: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

interface Hooks {
  /** The last work of every commit. */
  beforeCommit: () => void;
  /** A commit is durable; its promises resolve after this. */
  committed: (seconds: number, groupSize: number) => void;
  /** A commit failed: nothing of it may stay in memory. */
  rolledBack: () => void;
}

/**
 * Lets many small pieces of work share one durable commit. What arrives while a commit runs goes into the next
 * one; nobody waits for a timer.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #hooks: Hooks;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #closed = false;

  constructor(db: DatabaseSync, hooks: Hooks) {
    this.#db = db;
    this.#hooks = hooks;
  }

  /** Runs `work` inside the next commit; resolves with its result once that is durable. */
  run<Result>(work: () => Result): Promise<Result> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError("The store is closed."));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new StoreUnavailableError("Too much waits to be stored; try again."));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** Commits all that waits and refuses what comes later. */
  close(): void {
    this.#closed = true;
    while (this.#waiting.length > 0) this.#commitNext();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After the poll phase: everything the sockets brought in this turn of the loop is in the group.
    setImmediate(() => {
      this.#scheduled = false;
      this.#commitNext();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #commitNext(): void {
    const group = this.#waiting.splice(0, MAX_GROUP);
    if (group.length === 0) return;
    const error = this.#commit(group);
    // One piece that cannot be written must not take the others with it.
    if (error && group.length > 1) for (const one of group) this.#settleFailure(one, this.#commit([one]));
    else if (error) for (const one of group) this.#settleFailure(one, error);
  }

  #settleFailure(one: Waiting, error: Error | null): void {
    if (error) one.reject(new StoreUnavailableError("The store could not commit.", { cause: error }));
  }

  #commit(group: readonly Waiting[]): Error | null {
    const results: unknown[] = [];
    const begun = performance.now();
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      for (const { work } of group) results.push(work());
      this.#hooks.beforeCommit();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#hooks.rolledBack();
      return error instanceof Error ? error : new Error(String(error));
    }
    for (const [index, { resolve }] of group.entries()) resolve(results[index]);
    this.#hooks.committed((performance.now() - begun) / 1000, group.length);
    return null;
  }
}
