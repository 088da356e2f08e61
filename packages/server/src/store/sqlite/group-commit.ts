import type { DatabaseSync } from "node:sqlite";
import type { Operation, Outcome } from "../operations.ts";
import { StoreUnavailableError } from "../store.ts";
import { engineReason } from "./engine-error.ts";

/** At most this many pieces of work share a commit, to bound how long one holds the thread. */
const MAX_GROUP = 1024;
/** More waiting than this, and the disk is not keeping up: new work is refused. */
const MAX_WAITING = 16_384;
/** So many tries to commit what can be of one group; where the disk takes nothing, more of them only take time. */
const MAX_TRIES = 64;

/** A piece of work until its commit. */
interface Waiting {
  /** Either an operation, planned together with the others of its commit, or upkeep of the engine's own. */
  work: Operation | (() => unknown);
  outcome: Outcome | null;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** Why a group was not committed. */
interface Failure {
  error: unknown;
  /** The upkeep that threw; null where anything else did. */
  of: Waiting | null;
}

interface Hooks {
  /** Plans operations and writes what they come to; part of the surrounding commit. */
  write: (operations: readonly Operation[]) => Outcome[];
  /** The last work of every commit. */
  beforeCommit: () => void;
  /** A commit is durable; its promises resolve after this. */
  committed: (seconds: number, groupSize: number) => void;
  /** Nothing of the surrounding transaction may stay in memory. */
  rolledBack: () => void;
  /** The engine could not commit, and something was refused for it. */
  unavailable: (error: unknown) => void;
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
  /** Why nothing more is taken. */
  #refusal: string | null = null;
  #closed = false;

  constructor(db: DatabaseSync, hooks: Hooks) {
    this.#db = db;
    this.#hooks = hooks;
  }

  /** Makes an operation part of the next commit; resolves with its result once that is durable. */
  run(operation: Operation): Promise<unknown> {
    return this.#add(operation);
  }

  /** Does upkeep inside the next commit; resolves with its result once that is durable. */
  upkeep<Result>(work: () => Result): Promise<Result> {
    return this.#add(work) as Promise<Result>;
  }

  /**
   * Runs `work` in a transaction that is taken back: what it writes is seen by what it reads, needs no room on the
   * disk, and is gone afterwards.
   * @throws StoreUnavailableError
   */
  preview<Result>(work: () => Result): Result {
    if (this.#closed) throw new StoreUnavailableError("The store is closed.");
    this.#db.exec("PRAGMA cache_spill = OFF");
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      return work();
    } catch (error) {
      throw engineReason(error) === null ? error : unavailable(error);
    } finally {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#hooks.rolledBack();
      this.#db.exec("PRAGMA cache_spill = ON");
    }
  }

  /** Refuses what comes later. */
  refuse(reason: string): void {
    this.#refusal = reason;
  }

  /** Commits all that waits and refuses what comes later. */
  close(): void {
    this.refuse("The store is closed.");
    this.#closed = true;
    while (this.#waiting.length > 0) this.#commitNext();
  }

  #add(work: Waiting["work"]): Promise<unknown> {
    if (this.#refusal !== null) return Promise.reject(new StoreUnavailableError(this.#refusal));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new StoreUnavailableError("Too much waits to be stored; try again."));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, outcome: null, resolve, reject });
      this.#schedule();
    });
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
    let tries = 0;
    // What failed together is tried again in parts, in order: on either side of a piece that is at fault itself, and in
    // halves where the engine refused, until it is known what does not fit.
    for (const parts = [group]; parts.length > 0; ) {
      const part = parts.shift() as Waiting[];
      if (part.length === 0) continue;
      const failure = this.#commit(part);
      if (!failure) continue;
      const { error, of } = failure;
      const isFault = engineReason(error) === null;
      if (of && isFault) {
        of.reject(error);
        const at = part.indexOf(of);
        parts.unshift(part.slice(0, at), part.slice(at + 1));
      } else if (part.length === 1 || ++tries >= MAX_TRIES) {
        for (const one of part) one.reject(isFault ? error : unavailable(error));
        if (!isFault) this.#hooks.unavailable(error);
      } else {
        const half = Math.ceil(part.length / 2);
        parts.unshift(part.slice(0, half), part.slice(half));
      }
    }
  }

  /** Makes one commit of the group, or nothing of it. */
  #commit(group: readonly Waiting[]): Failure | null {
    const begun = performance.now();
    let working: Waiting | null = null;
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      this.#perform(group);
      for (const one of group) {
        if (typeof one.work !== "function") continue;
        working = one;
        one.outcome = { value: one.work() };
      }
      working = null;
      this.#hooks.beforeCommit();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#hooks.rolledBack();
      return { error, of: working };
    }
    for (const one of group) {
      const outcome = one.outcome as Outcome;
      if ("error" in outcome) one.reject(outcome.error);
      else one.resolve(outcome.value);
    }
    this.#hooks.committed((performance.now() - begun) / 1000, group.length);
    return null;
  }

  /** Plans and writes the group's operations together. */
  #perform(group: readonly Waiting[]): void {
    const operations: Operation[] = [];
    for (const { work } of group) if (typeof work !== "function") operations.push(work);
    const outcomes = this.#hooks.write(operations);
    let index = 0;
    for (const one of group) {
      if (typeof one.work === "function") continue;
      const outcome = outcomes[index++] as Outcome;
      // The engine failed while something was looked up: no fault of the operation, which is tried again.
      if ("error" in outcome && engineReason(outcome.error) !== null) throw outcome.error;
      one.outcome = outcome;
    }
  }
}

function unavailable(error: unknown): StoreUnavailableError {
  return new StoreUnavailableError(`The database cannot be used now: ${engineReason(error)}.`, {
    cause: error,
  });
}
