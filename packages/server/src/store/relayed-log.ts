import type { LogRow } from "./log-row.ts";
import type { Follower, Following, LogEntry } from "./store.ts";

/** Whoever brings committed entries to this node, so that it need not read them from the database. */
export interface EntrySource {
  /**
   * Whether the entries up to this one, which are committed, are about to be brought. Who says so has them read
   * ({@link RelayedLog.readAll}) when they then do not come.
   */
  brings(upTo: number): boolean;
}

/**
 * The log of a store that several nodes share, for a relay that carries its entries from node to node. What followers
 * here are given is in order and whole whatever is brought, and how often: ids decide what goes on from the newest entry,
 * and what is missing is read from the database.
 */
export interface RelayedLog {
  /** Id of the newest entry that followers here were given. */
  readonly newest: number;
  /** @see Store.follow */
  follow(after: number, listener: (entries: readonly LogEntry[]) => void, how?: Following): Follower;
  /** From now on, entries that are announced are expected from there; null: each time they are read. */
  broughtBy(source: EntrySource | null): void;
  /**
   * Gives rows that are committed to those who follow here. Rows that they had are passed over; where they do not go
   * on from the newest one, nothing is done: `newest` then shows that they are to be read.
   * @throws StoreUnavailableError when a record that they name cannot be read
   */
  bring(rows: readonly LogRow[]): Promise<void>;
  /** Reads what there is to the end; as far as it goes where the database fails, which is tried again by itself. */
  readAll(): Promise<void>;
  /** Rows after a position, as the database has them. @throws StoreUnavailableError */
  rows(after: number, limit: number): Promise<readonly LogRow[]>;
}

/** Who publishes the log of this database, and nothing but that: by this its messages are told from those of others. */
export interface LogPublishers {
  /**
   * Announces one to all nodes on this database, and to those alone.
   * @param newest the newest row that it published, if any
   * @returns false where the database does not hold that row: it was put back since, and nobody was told
   * @throws StoreUnavailableError
   */
  announce(session: string, newest: LogRow | null): Promise<boolean>;
  /** @param listener called with each, as often as it is announced */
  listen(listener: (session: string) => void): void;
}
