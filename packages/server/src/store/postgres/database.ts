import pg, { type Client, type ClientBase, type ClientConfig, type PoolClient, type QueryResult } from "pg";
import { StoreUnavailableError } from "../store.ts";
import { endsConnection, toStoreError } from "./engine-error.ts";
import { SharedConnections } from "./shared-connections.ts";
import type { Statement } from "./statement.ts";

/** Connections that reads share; and those for transactions of several round trips, one at a time on each. */
const CONNECTIONS = { reads: 4, transactions: 2 };
const CONNECT_MS = 3000;
/** A statement that takes longer is ended by the database, and its caller has to try again. */
const STATEMENT_MS = 10_000;
/** No answer for so long, and the connection is given up: the database ends statements sooner. */
const ANSWER_MS = 13_000;
/** So long a commit waits for those of other nodes. Longer than one of a node that hangs is let live. */
const LOCK_MS = 8000;
/** A node that hangs in the middle of a commit loses it after this, so that the others go on. */
const IDLE_IN_TRANSACTION_MS = 3000;
/** Older ones do not show what became of a transaction as this engine asks it. */
const OLDEST_VERSION = 140_000;

/** The database cannot hold a store. */
export class UnsuitableDatabaseError extends Error {
  readonly code = "unsuitable_database";
  override name = "UnsuitableDatabaseError";
}

/** The way to the database: connections of their own for what needs one, and some that reads share. */
export class Database {
  readonly #config: ClientConfig;
  readonly #reads: SharedConnections;
  readonly #pool: pg.Pool;
  #isClosed = false;

  /** @param url `postgres://user:password@host:port/database?sslmode=verify-full`, or as libpq's URIs are */
  constructor(url: string) {
    this.#config = {
      connectionString: url,
      application_name: "mission-control",
      pipeline: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5000,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      query_timeout: ANSWER_MS,
      lock_timeout: LOCK_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    };
    this.#reads = new SharedConnections(CONNECTIONS.reads, (lost) => this.connect(lost));
    this.#pool = new pg.Pool({ ...this.#config, max: CONNECTIONS.transactions });
    // An idle connection that ends is none of anybody's business: the pool opens another.
    this.#pool.on("error", () => {});
    this.#pool.on("connect", prepareConnection);
  }

  /** Where it is, without who and with what password. */
  get name(): string {
    const { host, port, database } = new pg.Client(this.#config);
    return `${host}:${port}/${database}`;
  }

  /**
   * Opens a connection of its own.
   * @param lost called when it ends after it was open, whoever ended it
   * @param isPatient whether an answer may take as long as it takes, such as that to a change of the schema
   */
  async connect(lost: () => void = () => {}, { isPatient = false } = {}): Promise<Client> {
    const client = new pg.Client(isPatient ? { ...this.#config, query_timeout: 0 } : this.#config);
    client.on("error", () => {});
    try {
      await client.connect();
      client.on("end", lost);
      prepareConnection(client);
      return client;
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
  }

  /** @throws UnsuitableDatabaseError */
  async check(client: Client): Promise<void> {
    const { rows } = await client.query(
      "SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name, current_setting('server_encoding') AS encoding",
    );
    const { version, name, encoding } = rows[0];
    if (version < OLDEST_VERSION) {
      throw new UnsuitableDatabaseError(`PostgreSQL ${name} is too old: use version 14 or newer.`);
    }
    if (encoding !== "UTF8") {
      throw new UnsuitableDatabaseError(
        `The database ${this.name} is encoded in ${encoding}: create one with ENCODING 'UTF8'.`,
      );
    }
  }

  /**
   * Reads in one round trip, once more where the connection turns out to be gone.
   * @throws StoreUnavailableError
   */
  async read(...statements: Statement[]): Promise<QueryResult[]> {
    if (this.#isClosed) throw new StoreUnavailableError("The store is closed.");
    try {
      return await this.#reads.roundTrip(statements).catch((error: unknown) => {
        if (!endsConnection(error)) throw error;
        return this.#reads.roundTrip(statements);
      });
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** Reads the state at one moment. @throws StoreUnavailableError */
  async readAtOnce(...statements: Statement[]): Promise<QueryResult[]> {
    const answers = await this.read(
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
      ...statements,
      "COMMIT",
    );
    return answers.slice(1, -1);
  }

  /**
   * Does work on a connection that it has alone, and that is left clean.
   * @throws StoreUnavailableError
   */
  async with<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw toStoreError(error);
    }
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      if (endsConnection(error)) client.release(true);
      else {
        await client.query("ROLLBACK").then(
          () => client.release(),
          () => client.release(true),
        );
      }
      throw toStoreError(error);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([this.#reads.close(), this.#pool.end()]);
  }
}

/** What answers promise to be durable has to be so, also where the server or the role is set to `off`. */
const DURABLE_COMMITS =
  "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

function prepareConnection(client: ClientBase): void {
  // Whoever waits for an answer gets the error; nobody else needs it.
  client.on("error", () => {});
  client.query(DURABLE_COMMITS).catch(() => {});
}
