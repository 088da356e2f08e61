import type { SharedKeys } from "../keys.ts";
import { openContentFolder } from "./content-folder.ts";
import type { Contents } from "./contents.ts";
import type { LogPublishers, RelayedLog } from "./relayed-log.ts";
import { SqliteStore, type SqliteStoreOptions } from "./sqlite/sqlite-store.ts";
import type { Store } from "./store.ts";

export interface OpenStoreOptions extends SqliteStoreOptions {
  /** A `postgres://` URL; without one, the store is the SQLite file in the data folder. */
  databaseUrl: string | undefined;
  /** Called once, when the database no longer holds what this server has announced: the server has to restart. */
  putBack: () => void;
  /** How large all artifacts may be together, in bytes; infinite for no limit. */
  maxArtifactBytes: number;
}

/** What servers on the same database have in common. */
export interface SharedParts {
  keys: SharedKeys;
  /** The log, and who publishes it, for a relay between the servers. */
  log: RelayedLog;
  publishers: LogPublishers;
}

/**
 * Opens the store on the engine that the settings name.
 * @returns the store, the contents of artifacts that belong to it and, where several servers may share both, what else
 *   they have in common
 * @throws NewerDatabaseError; DataFolderInUseError, DamagedDatabaseError (SQLite); UnsuitableDatabaseError,
 *   StoreUnavailableError (PostgreSQL)
 */
export async function openStore(options: OpenStoreOptions): Promise<{
  store: Store;
  contents: Contents;
  shared: SharedParts | null;
}> {
  const { databaseUrl: url, maxArtifactBytes: maxTotalBytes, putBack, ...others } = options;
  const { folder } = others;
  if (url !== undefined) {
    // Loaded only here: a server on its own file keeps neither this engine nor its driver in memory.
    const { PostgresStore } = await import("./postgres/postgres-store.ts");
    const store = await PostgresStore.open({ url, putBack, ...others });
    return {
      store,
      contents: store.contents(maxTotalBytes),
      shared: { keys: store, log: store.relayedLog, publishers: store.logPublishers },
    };
  }
  const store = SqliteStore.open(others);
  try {
    const contents = await openContentFolder(folder, maxTotalBytes);
    return { store, contents, shared: null };
  } catch (error) {
    await store.close();
    throw error;
  }
}
