import type { SharedKeys } from "../keys.ts";
import { PostgresStore } from "./postgres/postgres-store.ts";
import { SqliteStore, type SqliteStoreOptions } from "./sqlite/sqlite-store.ts";
import type { Store } from "./store.ts";

export interface OpenStoreOptions extends SqliteStoreOptions {
  /** A `postgres://` URL; without one, the store is the SQLite file in the data folder. */
  databaseUrl: string | undefined;
}

/**
 * Opens the store on the engine that the settings name.
 * @returns the store and, where several servers may share it, the keys that they share
 * @throws NewerDatabaseError; DataFolderInUseError, DamagedDatabaseError (SQLite); UnsuitableDatabaseError,
 *   StoreUnavailableError (PostgreSQL)
 */
export async function openStore(
  options: OpenStoreOptions,
): Promise<{ store: Store; keys: SharedKeys | null }> {
  const { databaseUrl: url, folder, ...others } = options;
  if (url === undefined) return { store: SqliteStore.open({ folder, ...others }), keys: null };
  const store = await PostgresStore.open({ url, ...others });
  return { store, keys: store };
}
