import { setTimeout as wait } from "node:timers/promises";
import type { Client } from "pg";
import { CommitInDoubtError } from "../store.ts";
import { CommitMarks } from "./commit-marks.ts";
import type { Database } from "./database.ts";
import { ConnectionLostError, endsConnection } from "./engine-error.ts";
import type { LogPlace } from "./log-place.ts";
import type { Statement } from "./statement.ts";

/** A commit whose answer was lost is asked for this long, in milliseconds; then nobody here knows. */
const DOUBT_MS = 30_000;
/** Between two questions about it. */
const ASK_AGAIN_MS = { shortest: 20, longest: 500 };

/**
 * A commit looks at a few rows of large tables. Its statements are planned once for a connection, perhaps while the tables
 * are small: the plan that suits then, reading one whole, holds up every commit after they have grown. Left to itself, the
 * database plans them anew for each commit, as arrays have other lengths: half of its time where few callbacks share one.
 * Transactions are made to be so whatever the database's own settings are.
 */
const PREPARE = `SELECT pg_backend_pid() AS process, set_config('plan_cache_mode', 'force_generic_plan', false),
  ${["seqscan", "hashjoin", "mergejoin"].map((way) => `set_config('enable_${way}', 'off', false)`)},
  set_config('jit', 'off', false), set_config('default_transaction_isolation', 'read committed', false),
  set_config('default_transaction_read_only', 'off', false)`;

export interface CommitConnectionOptions {
  database: Database;
  place: LogPlace;
  /** The database cannot be asked about a commit that is in doubt; it is asked again. */
  unanswered: (error: unknown) => void;
}

/** The connection that this node's commits are made on, opened anew when it was lost. */
export class CommitConnection {
  readonly #options: CommitConnectionOptions;
  readonly #marks = new CommitMarks();
  #client: Client | null = null;
  #process: number | undefined;
  /** Aborted when it is no use to wait for the database any longer. */
  readonly #stop = new AbortController();

  constructor(options: CommitConnectionOptions) {
    this.#options = options;
  }

  /** The connection that is open; null while there is none. */
  get current(): Client | null {
    return this.#client;
  }

  /** The database's process behind it; undefined until there was one. */
  get process(): number | undefined {
    return this.#process;
  }

  /** @throws ConnectionLostError when a new connection ended at once; or what connecting throws */
  async opened(): Promise<Client> {
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

  /** Number of the next commit, and the statement that leaves it as a mark. */
  nextMark(): { number: number; statement: Statement } {
    return this.#marks.next();
  }

  /**
   * What became of the last commit, whose answer was lost; in doubt until the database says.
   * @param number of its mark
   * @throws CommitInDoubtError when it does not, in time
   */
  async wasCommitted(number: number, cause: unknown): Promise<boolean> {
    const deadline = performance.now() + DOUBT_MS;
    for (let pause = ASK_AGAIN_MS.shortest; ; pause = Math.min(2 * pause, ASK_AGAIN_MS.longest)) {
      let client: Client | null = null;
      try {
        client = await this.opened();
        return await this.#marks.wasMade(client, number);
      } catch (error) {
        if (client) await this.abandon(client);
        this.#options.unanswered(error);
      }
      if (performance.now() > deadline || this.#stop.signal.aborted) throw new CommitInDoubtError({ cause });
      await wait(pause, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  /** @returns whether the connection still answers; it is given up where it does not */
  async rollBack(client: Client): Promise<boolean> {
    try {
      await client.query("ROLLBACK");
      return true;
    } catch {
      await this.abandon(client);
      return false;
    }
  }

  /** Gives up a connection. */
  async abandon(client: Client): Promise<void> {
    if (this.#client === client) this.#client = null;
    await client.end().catch(() => {});
  }

  /** No longer waits for what became of a commit. */
  stopAsking(): void {
    this.#stop.abort();
  }

  async close(): Promise<void> {
    await this.#client?.end().catch(() => {});
  }
}
