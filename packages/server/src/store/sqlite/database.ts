import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrate } from "./migrations.ts";

/** Another process has the data folder open. */
export class DataFolderInUseError extends Error {
  readonly code = "data_folder_in_use";
  override name = "DataFolderInUseError";
}

export interface OpenDatabase {
  db: DatabaseSync;
  close(): void;
}

/**
 * Opens the SQLite file of a data folder for this process alone: WAL, and FULL sync, so that a commit survives
 * a power cut. A second process is refused by a lock that the operating system takes back when the holder dies.
 */
export function openDatabase(folder: string): OpenDatabase {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = takeLock(join(folder, "mission-control.lock"), folder);
  const file = databaseFile(folder);
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: true });
  try {
    chmodSync(file, 0o600);
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -16384;
      PRAGMA wal_autocheckpoint = 4000;
      PRAGMA journal_size_limit = 67108864;
    `);
    migrate(db);
  } catch (error) {
    db.close();
    lock.close();
    throw error;
  }
  return {
    db,
    close() {
      db.close();
      lock.close();
    },
  };
}

/** The SQLite file of a data folder. */
export function databaseFile(folder: string): string {
  return join(folder, "mission-control.db");
}

function takeLock(file: string, folder: string): DatabaseSync {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    chmodSync(file, 0o600);
    lock.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new DataFolderInUseError(
      `Another Mission Control is running on the data folder ${folder}: stop it, or choose another folder with MISSION_CONTROL_DATA_DIR.`,
    );
  }
}

/** SQLITE_BUSY, by its primary result code (https://sqlite.org/rescode.html#busy). */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 5;
}
