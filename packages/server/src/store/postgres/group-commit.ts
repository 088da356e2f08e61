import { setTimeout as wait } from "node:timers/promises";
import type { Client, QueryResult } from "pg";
import type { TaskLimits } from "../../tasks/limits.ts";
import { needsOf } from "../needs.ts";
import type { Operation, Outcome } from "../operations.ts";
import { plan } from "../plan.ts";
import type { EventRow } from "../rows.ts";
import { CommitInDoubtError, StoreUnavailableError } from "../store.ts";
import { CommitMarks } from "./commit-marks.ts";
import type { Database } from "./database.ts";
import { ConnectionLostError, endsConnection, toStoreError } from "./engine-error.ts";
import { lockHead } from "./log-head.ts";
import type { LogMark } from "./log-mark.ts";
import type { LogPlace } from "./log-place.ts";
import { writing } from "./row-writer.ts";
import { batch, type Statement } from "./statement.ts";
import { LoadedWorkingSet, type Loading } from "./working-set.ts";

/** At most this many operations share a commit: it holds up those of the other nodes. */
const MAX_GROUP = 512;
/** More waiting than this, and the database is not keeping up: new work is refused. */
const MAX_WAITING = 16_384;
/** So often a group is planned again with what it turned out to look at. Each round finds at least one thing. */
const MAX_PLANS = 16;
/** A commit whose answer was lost is asked for this long, in milliseconds; then nobody here knows. */
const DOUBT_MS = 30_000;
/** Between two questions about it. */
const ASK_AGAIN_MS = { shortest: 20, longest: 500 };

interface Waiting {
  operation: Operation;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** A group that is planned, in a transaction that holds the log's head. */
interface Planned {
  /** Of its mark (commit-marks.ts). */
  number: number;
  outcomes: readonly Outcome[];
  events: readonly EventRow[];
  commit: () => Promise<unknown>;
}

export interface GroupCommitOptions {
  database: Database;
  limits: TaskLimits;
  place: LogPlace;
  mark: LogMark;
  /** A commit is durable, and its promises resolve after this. */
  committed: (events: readonly EventRow[], seconds: number, groupSize: number) => void;
  /** The engine could not commit, and something was refused for it. */
  unavailable: (error: unknown) => void;
}

/**
 * Lets many small operations share one durable commit, in two round trips: one locks the log's head and loads what the
 * plan looks at, one writes what was planned and commits. What arrives meanwhile goes into the next one; nobody waits
 * for a timer. Who holds the head commits alone, among all nodes: so event ids become visible in their order.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #marks = new CommitMarks();
  #waiting: Waiting[] = [];
  #client: Client | null = null;
  #process: number | undefined;
  /** Id of the newest event of the last commit. */
  #newest = 0;
  /** Whether other nodes committed before the last one of this node. */
  #isShared = false;
  #running: Promise<void> | null = null;
  #isClosed = false;
  /** Aborted when it is no use to wait for the database any longer. */
  readonly #stop = new AbortController();

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** The database's process that makes the commits of this node; undefined until there was one. */
  get process(): number | undefined {
    return this.#process;
  }

  /** Makes an operation part of the next commit; resolves with its result once that is durable. */
  run(operation: Operation): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new StoreUnavailableError("The store is closed."));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new StoreUnavailableError("Too much waits to be stored; try again."));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Commits all that waits, refuses what comes later, and closes its connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop.abort();
    await this.#running;
    await this.#client?.end().catch(() => {});
  }

  async #run(): Promise<void> {
    // After the poll phase: everything the sockets brought in this turn of the loop is in the group.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#commitNext();
    this.#running = null;
  }

  async #commitNext(): Promise<void> {
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
    const begun = performance.now();
    let planned: Planned;
    try {
      planned = await this.#commitOnce(group, mayGrow).catch((error: unknown) => {
        // The connection ended before anything could be committed, perhaps long ago: a new one may well do.
        if (error instanceof ConnectionLostError) return this.#commitOnce(group, mayGrow);
        throw error;
      });
    } catch (error) {
      const reason = toStoreError(error);
      if (reason instanceof StoreUnavailableError) this.#options.unavailable(error);
      return reason;
    }
    this.#newest = planned.events.at(-1)?.id ?? this.#newest;
    this.#options.committed(planned.events, (performance.now() - begun) / 1000, group.length);
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = planned.outcomes[index] as Outcome;
      if ("error" in outcome) reject(outcome.error);
      else resolve(outcome.value);
    }
    return null;
  }

  /** @throws ConnectionLostError when it is certain that nothing was committed, and a new connection may do */
  async #commitOnce(group: Waiting[], mayGrow: boolean): Promise<Planned> {
    const client = await this.#connected();
    let planned: Planned;
    try {
      planned = await this.#plan(client, group, mayGrow);
    } catch (error) {
      if (endsConnection(error)) {
        await this.#abandon(client);
        throw new ConnectionLostError("The connection ended before the commit.", { cause: error });
      }
      await this.#rollBack(client);
      throw error;
    }
    try {
      await planned.commit();
    } catch (error) {
      // A connection that still answers has committed nothing: what failed is the COMMIT, or stands before it.
      if (await this.#rollBack(client)) throw error;
      if (!(await this.#wasCommitted(planned.number, error))) {
        throw new ConnectionLostError("The connection ended, and the commit was not made.", { cause: error });
      }
    }
    return planned;
  }

  /** Begins a transaction, loads and plans. */
  async #plan(client: Client, group: Waiting[], mayGrow: boolean): Promise<Planned> {
    const workingSet = new LoadedWorkingSet();
    // Where the head has to be waited for, what comes meanwhile is for this commit too; it is loaded together then.
    const waits = mayGrow && this.#isShared;
    const known = waits ? [] : workingSet.loading(needsOf(group.map(({ operation }) => operation)));
    const [, locked, ...answers] = await batch(client, [BEGIN, lockHead(), ...statementsOf(known)]);
    const newest = Number(locked?.rows[0]?.newest);
    if (newest < this.#options.mark.newest) {
      // The tables were replaced by older ones under the connection: on a new one, ids go on behind those that were given.
      await this.#abandon(client);
      throw new ConnectionLostError("The log is older than it was.");
    }
    this.#isShared = newest > this.#newest;
    workingSet.nextEventId = newest + 1;
    take(known, answers);
    if (waits) group.push(...this.#waiting.splice(0, MAX_GROUP - group.length));
    const operations = group.map(({ operation }) => operation);
    if (waits) await load(client, workingSet.loading(needsOf(operations)));
    for (let round = 0; round < MAX_PLANS; round++) {
      const { outcomes, rows } = plan(workingSet, operations, this.#options.limits);
      const missing = workingSet.takeMissing();
      if (!missing) {
        const { number, statement } = this.#marks.next();
        const statements = [...writing(rows, (id) => workingSet.task(id)), statement];
        return {
          number,
          outcomes,
          events: rows.events,
          commit: () => batch(client, [...statements, "COMMIT"]),
        };
      }
      await load(client, workingSet.loading(missing));
    }
    throw new Error("A plan looked at more and more, and was given up.");
  }

  /**
   * What became of a commit whose answer was lost; in doubt until the database says.
   * @throws CommitInDoubtError when it does not, in time
   */
  async #wasCommitted(number: number, cause: unknown): Promise<boolean> {
    const deadline = performance.now() + DOUBT_MS;
    for (let pause = ASK_AGAIN_MS.shortest; ; pause = Math.min(2 * pause, ASK_AGAIN_MS.longest)) {
      let client: Client | null = null;
      try {
        client = await this.#connected();
        return await this.#marks.wasMade(client, number);
      } catch (error) {
        if (client) await this.#abandon(client);
        this.#refuseWaiting(toStoreError(error));
      }
      if (performance.now() > deadline || this.#stop.signal.aborted) throw new CommitInDoubtError({ cause });
      await wait(pause, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  /** The database is away: who waits gets the error at once. */
  #refuseWaiting(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** @throws ConnectionLostError when a new connection ended at once; or what connecting throws */
  async #connected(): Promise<Client> {
    if (this.#client) return this.#client;
    const client = await this.#options.database.connect(() => {
      if (this.#client === client) this.#client = null;
    });
    try {
      await this.#options.place.settle(client);
      const { rows } = await client.query(PREPARE);
      this.#process = rows[0]?.process;
    } catch (error) {
      await client.end().catch(() => {});
      if (!endsConnection(error)) throw error;
      throw new ConnectionLostError("The connection ended before anything was asked for.", { cause: error });
    }
    this.#client = client;
    return client;
  }

  /** @returns whether the connection still answers; it is given up where it does not */
  async #rollBack(client: Client): Promise<boolean> {
    try {
      await client.query("ROLLBACK");
      return true;
    } catch {
      await this.#abandon(client);
      return false;
    }
  }

  async #abandon(client: Client): Promise<void> {
    if (this.#client === client) this.#client = null;
    await client.end().catch(() => {});
  }
}

/**
 * A commit looks at a few rows of large tables. Its statements are planned once for a connection, perhaps while the tables
 * are small: the plan that suits then, reading one whole, holds up every commit after they have grown.
 */
const PREPARE = `SELECT pg_backend_pid() AS process, ${["seqscan", "hashjoin", "mergejoin"].map((way) => `set_config('enable_${way}', 'off', false)`)},
  set_config('jit', 'off', false)`;
/** Made to be so whatever the database's own settings are. */
const BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

async function load(client: Client, loading: readonly Loading[]): Promise<void> {
  if (loading.length > 0) take(loading, await batch(client, statementsOf(loading)));
}

function statementsOf(loading: readonly Loading[]): Statement[] {
  return loading.map(({ statement }) => statement);
}

function take(loading: readonly Loading[], answers: readonly QueryResult[]): void {
  for (const [index, { take }] of loading.entries()) take(answers[index] as QueryResult);
}
