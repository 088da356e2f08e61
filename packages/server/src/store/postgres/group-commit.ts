import type { Client } from "pg";
import type { TaskLimits } from "../../tasks/limits.ts";
import type { Operation, Outcome } from "../operations.ts";
import type { EventRow } from "../rows.ts";
import { StoreUnavailableError } from "../store.ts";
import { CommitConnection } from "./commit-connection.ts";
import type { CommitNotices } from "./commit-notices.ts";
import type { Database } from "./database.ts";
import { endsConnection, toStoreError } from "./engine-error.ts";
import { Gathering } from "./gathering.ts";
import { KeptTasks } from "./kept-tasks.ts";
import { type LockedCommit, LockedCommits } from "./locked-commits.ts";
import { type Moved, movedBy } from "./log-head.ts";
import type { LogMark } from "./log-mark.ts";
import type { LogPlace } from "./log-place.ts";
import { type OptimisticPlan, placed, planOptimistically } from "./optimistic-plan.ts";
import { batch } from "./statement.ts";

/** At most this many operations share a commit: it holds up those of the other nodes. */
const MAX_GROUP = 512;
/** More waiting than this, and the database is not keeping up: new work is refused. */
const MAX_WAITING = 16_384;
/** After an optimistic commit was refused, none is tried for so long, in milliseconds: each that is refused costs twice. */
const REFUSED_MS = 250;

interface Waiting {
  operation: Operation;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** An optimistic commit that is under way. */
interface Ahead {
  /** Those that it writes. */
  tasks: ReadonlySet<string>;
  /** How many share it. */
  operations: number;
}

export interface GroupCommitOptions {
  database: Database;
  limits: TaskLimits;
  place: LogPlace;
  mark: LogMark;
  notices: Pick<CommitNotices, "inCommit">;
  /** A commit is durable, and its promises resolve after this. */
  committed: (events: readonly EventRow[], seconds: number, groupSize: number) => void;
  /** The database did not make an optimistic commit, which is made anew. */
  refused: () => void;
  /** The engine could not commit, and something was refused for it. */
  unavailable: (error: unknown) => void;
}

/**
 * Lets many small operations share one durable commit; what arrives meanwhile goes into the next one. Nobody waits for a
 * timer, but where other nodes commit too (gathering.ts). Who holds the log's head commits alone, among all nodes: so event
 * ids become visible in their order.
 *
 * Most commits are of callbacks on tasks that this node wrote last. They are planned without the database, and made by it
 * in one round trip if nothing of what they were planned on has changed (optimistic-plan.ts). All others take two: one
 * locks the log's head and loads what the plan looks at, one writes and commits (locked-commits.ts).
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #connection: CommitConnection;
  /** What optimistic commits are planned on; of the connection that is open. */
  readonly #kept = new KeptTasks();
  #keptOn: Client | null = null;
  #waiting: Waiting[] = [];
  /** The optimistic commits under way. */
  readonly #ahead = new Map<Promise<void>, Ahead>();
  readonly #locked: LockedCommits;
  /** Ends with the commit of the other kind that is under way: one at a time, and nothing beside it. */
  #locking: Promise<void> | null = null;
  /** When optimistic commits may be tried again. */
  #aheadFrom = Number.NEGATIVE_INFINITY;
  /** Id of the newest event of the last commit. */
  #newest = 0;
  readonly #gathering = new Gathering();
  #isWoken = false;
  /** Until the commit that is gathered for begins, whatever has come. */
  #gathered: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    const { database, limits, mark, place, notices } = options;
    const unanswered = (error: unknown) => this.#refuseWaiting(toStoreError(error));
    this.#connection = new CommitConnection({ database, place, unanswered });
    this.#locked = new LockedCommits(this.#connection, limits, mark, notices);
  }

  /** The database's process that makes the commits of this node; undefined until there was one. */
  get process(): number | undefined {
    return this.#connection.process;
  }

  /** Makes an operation part of the next commit; resolves with its result once that is durable. */
  run(operation: Operation): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new StoreUnavailableError("The store is closed."));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new StoreUnavailableError("Too much waits to be stored; try again."));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, resolve, reject });
      if (this.#isWoken) return;
      this.#isWoken = true;
      // After the poll phase: everything the sockets brought in this turn of the loop is in the group.
      setImmediate(() => {
        this.#isWoken = false;
        this.#commitWaiting();
      });
    });
  }

  /** Commits all that waits, refuses what comes later, and closes its connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connection.stopAsking();
    this.#commitWaiting();
    while (this.#locking || this.#ahead.size > 0) {
      await (this.#locking ?? Promise.race(this.#ahead.keys()));
    }
    await this.#connection.close();
  }

  /** Begins the commits that can be made now; the end of each begins those that come next. */
  #commitWaiting(): void {
    while (this.#waiting.length > 0 && !this.#locking) {
      const pause = this.#pause();
      if (pause > 0) {
        this.#gathered ??= setTimeout(() => {
          this.#gathered = null;
          this.#commitWaiting();
        }, pause);
        return;
      }
      if (this.#sendAhead()) continue;
      // It has the connection for itself.
      if (this.#ahead.size > 0) return;
      this.#locking = this.#commitLocked().finally(() => {
        this.#locking = null;
        this.#commitWaiting();
      });
    }
  }

  /** For how long the next commit is to wait for more, in milliseconds. */
  #pause(): number {
    return this.#isClosed || this.#ahead.size > 0 ? 0 : this.#gathering.pause(this.#waiting.length);
  }

  /** Sends what waits as an optimistic commit, where that can be done now. */
  #sendAhead(): boolean {
    const client = this.#connection.current;
    if (client !== this.#keptOn) {
      this.#kept.clear();
      this.#keptOn = client;
    }
    if (!client || !this.#mayGoAhead() || performance.now() < this.#aheadFrom) return false;
    const group = this.#waiting.slice(0, MAX_GROUP);
    const operations = group.map(({ operation }) => operation);
    // What a commit under way makes of a task is not known yet.
    for (const { tasks } of this.#ahead.values()) {
      if (operations.some((one) => one.kind === "change" && tasks.has(one.change.taskId))) return false;
    }
    const { limits, mark } = this.#options;
    const planned = planOptimistically(this.#kept, operations, limits, mark.newest);
    if (!planned) return false;
    this.#waiting.splice(0, group.length);
    const ending = this.#commitAhead(client, group, planned).finally(() => {
      this.#ahead.delete(ending);
      this.#commitWaiting();
    });
    const tasks = new Set(planned.rows.tasks.map(({ task }) => task.id));
    this.#ahead.set(ending, { tasks, operations: group.length });
    return true;
  }

  /**
   * One is planned here while the database makes another. It waits until as much does: small commits cost more. Where other
   * nodes commit too, the one under way waits for theirs, and what comes meanwhile shares the next one.
   */
  #mayGoAhead(): boolean {
    if (this.#ahead.size === 0) return true;
    const [under] = this.#ahead.values();
    return (
      this.#ahead.size === 1 && !this.#gathering.isShared && this.#waiting.length >= (under?.operations ?? 0)
    );
  }

  /** Makes an optimistic commit; where the database does not make it, its operations wait again. */
  async #commitAhead(client: Client, group: Waiting[], planned: OptimisticPlan): Promise<void> {
    const { rows } = planned;
    const begun = this.#gathering.begin();
    let moved: Moved;
    try {
      // It has events: whoever does nothing is not committed this way.
      const notice = this.#options.notices.inCommit(rows.events);
      moved = movedBy(await batch(client, [...planned.statements, ...notice])) as Moved;
    } catch (error) {
      if (endsConnection(error)) await this.#connection.abandon(client);
      else {
        this.#aheadFrom = performance.now() + REFUSED_MS;
        this.#options.refused();
      }
      // Also where the answer alone was lost: by their receipts, what was done is not done again.
      for (const { task } of rows.tasks) this.#kept.forget(task.id);
      this.#waiting.unshift(...group);
      return;
    }
    const before = moved.newest - rows.events.length;
    this.#gathering.made(group.length, before > this.#newest);
    this.#newest = moved.newest;
    this.#kept.committed(rows, moved.revision, (id) => this.#kept.get(id));
    const { outcomes, events } = placed(planned, before);
    this.#settle(group, outcomes, events, begun);
  }

  async #commitLocked(): Promise<void> {
    const group = this.#waiting.splice(0, MAX_GROUP);
    // What failed together is tried again in halves, in order, until it is known which operation is at fault.
    for (const parts = [group]; parts.length > 0; ) {
      const part = parts.shift() as Waiting[];
      const error = await this.#commit(part, parts.length === 0);
      if (error === null) continue;
      if (error instanceof StoreUnavailableError || part.length === 1) {
        for (const one of part) one.reject(error);
      } else {
        const half = Math.ceil(part.length / 2);
        parts.unshift(part.slice(0, half), part.slice(half));
      }
    }
  }

  /**
   * Makes one commit of the group, or nothing of it.
   * @param mayGrow whether what waits now may be added to it
   * @returns null, or why it was not made: a StoreUnavailableError, or the fault of an operation
   */
  async #commit(group: Waiting[], mayGrow: boolean): Promise<unknown> {
    const begun = this.#gathering.begin();
    const more = () => {
      const came = this.#waiting.splice(0, MAX_GROUP - group.length);
      group.push(...came);
      return came.map(({ operation }) => operation);
    };
    const operations = group.map(({ operation }) => operation);
    let made: LockedCommit;
    try {
      made = await this.#locked.make(operations, mayGrow && this.#gathering.isShared ? more : null);
    } catch (error) {
      const reason = toStoreError(error);
      if (reason instanceof StoreUnavailableError) this.#options.unavailable(error);
      return reason;
    }
    const { rows, outcomes, before, revision, known } = made;
    this.#gathering.made(group.length, before > this.#newest);
    this.#newest = rows.events.at(-1)?.id ?? this.#newest;
    if (this.#connection.current === this.#keptOn) this.#kept.committed(rows, revision, known);
    this.#settle(group, outcomes, rows.events, begun);
    return null;
  }

  /** Announces a commit that is durable, and gives everybody their result. */
  #settle(
    group: readonly Waiting[],
    outcomes: readonly Outcome[],
    events: readonly EventRow[],
    begun: number,
  ) {
    this.#options.committed(events, (performance.now() - begun) / 1000, group.length);
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[index] as Outcome;
      if ("error" in outcome) reject(outcome.error);
      else resolve(outcome.value);
    }
  }

  /** The database is away: who waits gets the error at once. */
  #refuseWaiting(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
