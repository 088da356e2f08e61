import type { Logger } from "../../logger.ts";
import type { CommitMetrics } from "../../metrics.ts";
import { NO_LIMITS, type TaskLimits } from "../../tasks/limits.ts";
import type { Operation } from "../operations.ts";
import type { Follower, Following, Lease, LogEntry, Store } from "../store.ts";
import { StoreUnavailableError } from "../store.ts";
import { CommitProbe } from "./commit-probe.ts";
import { Commits } from "./commits.ts";
import { named } from "./damage.ts";
import { databaseFile, type OpenDatabase, openDatabase } from "./database.ts";
import { FileHealth } from "./file-health.ts";
import { Leases } from "./leases.ts";
import { refuseUnfinishedMove } from "./move-side.ts";
import { TableStore, type TableStoreOptions } from "./table-store.ts";
import { openTables } from "./tables.ts";

export interface SqliteStoreOptions {
  /** The data folder; made with mode 0700 when missing. */
  folder: string;
  /** The clock that stamps events and records. */
  now?: () => Date;
  /** How much one attempt's agent may put into its record; without them, anything. */
  limits?: TaskLimits;
  metrics?: CommitMetrics;
  /** Logs outages, and listeners that throw; without one, such an error ends the process. */
  logger?: Pick<Logger, "error">;
}

/** The embedded engine: one SQLite file, owned by one process. */
export class SqliteStore extends TableStore implements Store {
  readonly #commits: Commits;
  readonly #health: FileHealth;
  readonly #leases: Leases;
  readonly #probe: CommitProbe;
  readonly #closeDatabase: () => void;

  /** @throws DataFolderInUseError, NewerDatabaseError, DamagedDatabaseError, UnfinishedMoveError */
  static open(options: SqliteStoreOptions): SqliteStore {
    const database = openDatabase(options.folder);
    const file = databaseFile(options.folder);
    try {
      refuseUnfinishedMove(database.db, file);
      return new SqliteStore(partsOf(database, options));
    } catch (error) {
      database.close();
      throw named(error, file);
    }
  }

  private constructor(parts: Parts) {
    super(parts);
    this.#commits = parts.commits;
    this.#health = parts.health;
    this.#leases = parts.leases;
    this.#probe = new CommitProbe(parts.db);
    this.#closeDatabase = parts.close;
  }

  protected override perform(operation: Operation): Promise<unknown> {
    return this.#commits.run(operation);
  }

  lease(name: string, signal: AbortSignal): Promise<Lease> {
    return this.#leases.grant(name, signal);
  }

  follow(after: number, listener: (entries: readonly LogEntry[]) => void, how?: Following): Follower {
    return this.#commits.follow(after, listener, how);
  }

  async unavailableReason(): Promise<string | null> {
    try {
      await this.#commits.upkeep(() => this.#probe.write());
      return null;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return error.message;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#commits.finish();
    await this.#health.close();
    this.#commits.close();
    this.#closeDatabase();
  }
}

/** What a store is opened with. */
interface Parts extends TableStoreOptions {
  leases: Leases;
  close: () => void;
}

function partsOf({ db, marker, close, needsCheck }: OpenDatabase, options: SqliteStoreOptions): Parts {
  const { folder, now = () => new Date(), limits = NO_LIMITS, metrics, logger } = options;
  const tables = openTables(db);
  const leases = new Leases();
  const file = databaseFile(folder);
  const refuse = (reason: string) => commits.refuse(reason);
  const health = new FileHealth({ file, marker, needsCheck, logger, refuse });
  const commits = new Commits({ db, tables, leases, health, limits, metrics, logger });
  return { db, tables, commits, health, leases, close, now };
}
