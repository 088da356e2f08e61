import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "../../logger.ts";
import type { CommitMetrics } from "../../metrics.ts";
import type { TaskLimits } from "../../tasks/limits.ts";
import { Followers } from "../followers.ts";
import { FencedError, type LeaseToken, type Operation, type Outcome } from "../operations.ts";
import { plan } from "../plan.ts";
import type { EventRow } from "../rows.ts";
import type { Follower, Following, LogEntry } from "../store.ts";
import { StoreUnavailableError } from "../store.ts";
import type { FileHealth } from "./file-health.ts";
import { GroupCommit } from "./group-commit.ts";
import type { Leases } from "./leases.ts";
import { RowWriter } from "./row-writer.ts";
import type { Tables } from "./tables.ts";
import { SqliteWorkingSet } from "./working-set.ts";
import { WriteBehind } from "./write-behind.ts";

export interface CommitsOptions {
  db: DatabaseSync;
  tables: Tables;
  leases: Leases;
  health: FileHealth;
  limits: TaskLimits;
  metrics: CommitMetrics | undefined;
  /** Logs listeners that throw; without one, such an error ends the process. */
  logger: Pick<Logger, "error"> | undefined;
}

/** The one way by which anything is written: plans what is asked, commits it in groups, and tells those who follow. */
export class Commits {
  readonly #options: CommitsOptions;
  readonly #group: GroupCommit;
  readonly #writer: RowWriter;
  readonly #workingSet: SqliteWorkingSet;
  readonly #writeBehind: WriteBehind;
  readonly #followers: Followers;
  /** The events of the surrounding commit. */
  #written: readonly EventRow[] = [];

  constructor(options: CommitsOptions) {
    const { db, tables, leases, health, metrics, logger } = options;
    this.#options = options;
    this.#group = new GroupCommit(db, {
      write: (operations) => this.#write(operations),
      beforeCommit: () => this.#writeBehind.beforeCommit(),
      committed: (seconds, groupSize) => {
        metrics?.commit(seconds, groupSize);
        this.#committed();
      },
      rolledBack: () => this.#rolledBack(),
      unavailable: (error) => health.failed(error),
    });
    this.#writer = new RowWriter(db, tables);
    this.#workingSet = new SqliteWorkingSet(tables, leases);
    this.#writeBehind = new WriteBehind(tables);
    this.#writeBehind.recover(db);
    const { log, records } = tables;
    this.#followers = new Followers({
      read: async (after, limit) => log.entries(after, limit, records),
      newest: log.range.newest,
      logger,
    });
  }

  /** Makes an operation part of the next commit; resolves with its result once that is durable. */
  run(operation: Operation): Promise<unknown> {
    return this.#group.run(operation);
  }

  /** Does work of the engine's own in the next commit; resolves with its result once that is durable. */
  upkeep<Result>(work: () => Result): Promise<Result> {
    return this.#group.upkeep(work);
  }

  /** The same, unless the lease it is done under is lost by then. */
  upkeepUnder<Result>(lease: LeaseToken | undefined, work: () => Result): Promise<Result> {
    return this.#group.upkeep(() => {
      this.refuseFenced(lease);
      return work();
    });
  }

  /** @throws FencedError where a lease was given that is lost by now */
  refuseFenced(lease: LeaseToken | undefined): void {
    if (lease && this.#options.leases.fence(lease.name) !== lease.fence) throw new FencedError(lease.name);
  }

  /** The surrounding commit brings into the database what the log's newest events have yet to bring there. */
  bringUpToDate(): void {
    this.#writeBehind.request();
  }

  /**
   * Reads what the log's newest events have yet to bring into the database: after a commit that brings it or, where
   * none can be made, in a transaction of its own that is taken back. A full disk is no reason not to look.
   */
  async upToDate<Result>(read: () => Result): Promise<Result> {
    const { health } = this.#options;
    if (!this.#writeBehind.isBehind) return health.read(read);
    try {
      await this.#group.upkeep(() => this.bringUpToDate());
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return this.#group.preview(() => {
        this.bringUpToDate();
        this.#writeBehind.beforeCommit();
        return read();
      });
    }
    return health.read(read);
  }

  /** @see Store.follow */
  follow(after: number, listener: (entries: readonly LogEntry[]) => void, how?: Following): Follower {
    return this.#followers.add(after, listener, how);
  }

  /** Refuses what comes later. */
  refuse(reason: string): void {
    this.#group.refuse(reason);
  }

  /** Commits all that waits. What cannot be written now of what follows the log is read from there at the next start. */
  async finish(): Promise<void> {
    if (this.#writeBehind.isBehind) await this.#group.upkeep(() => this.bringUpToDate()).catch(() => {});
  }

  /** Commits all that waits, and refuses what comes later. */
  close(): void {
    this.#group.close();
  }

  #write(operations: readonly Operation[]): Outcome[] {
    const { outcomes, rows } = plan(this.#workingSet, operations, this.#options.limits);
    this.#writer.write(rows);
    this.#written = rows.events;
    return outcomes;
  }

  #committed(): void {
    const { metrics, health, tables } = this.#options;
    this.#writeBehind.committed();
    const entries = this.#written;
    this.#written = [];
    metrics?.eventsCommitted(entries.length);
    health.committed(tables.log.range.newest);
    this.#followers.announce(entries);
  }

  #rolledBack(): void {
    this.#writeBehind.rolledBack();
    this.#options.tables.records.rolledBack();
    this.#written = [];
  }
}
