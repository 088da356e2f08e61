import { randomInt } from "node:crypto";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeFolder } from "@mission-control/protocol/make-folder";
import { checkFiles, checkIdentity, checkPages, DamagedDatabaseError, isSmall, named } from "./damage.ts";
import { saysDamaged } from "./engine-error.ts";
import { InstanceMarker, type MarkerState } from "./instance-marker.ts";
import { leaveGap } from "./log-gaps.ts";
import { migrate } from "./migrations.ts";

/** Instances are numbered at random below this; two folders that get the same one harm nobody. */
const INSTANCES = 2 ** 47;

/** Another process has the data folder open. */
export class DataFolderInUseError extends Error {
  readonly code = "data_folder_in_use";
  override name = "DataFolderInUseError";
}

export interface OpenDatabase {
  db: DatabaseSync;
  marker: InstanceMarker;
  /** The last server was killed, and this file is too large to be checked before it is used. */
  needsCheck: boolean;
  close(): void;
}

/**
 * Opens the SQLite file of a data folder for this process alone: WAL, and FULL sync, so that a commit survives
 * a power cut. A second process is refused by a lock that the operating system takes back when the holder dies.
 * @throws DataFolderInUseError, NewerDatabaseError, DamagedDatabaseError
 */
export function openDatabase(folder: string): OpenDatabase {
  makeFolder(folder, 0o700);
  const lock = takeLock(join(folder, "mission-control.lock"), folder);
  const file = databaseFile(folder);
  const marker = new InstanceMarker(join(folder, "mission-control.instance"));
  const files = { file, marker: marker.file };
  let db: DatabaseSync | undefined;
  try {
    const known = readMarker(marker);
    checkFiles(files, known);
    db = new DatabaseSync(file, { enableForeignKeyConstraints: true });
    chmodSync(file, 0o600);
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -16384;
      PRAGMA wal_autocheckpoint = 4000;
      PRAGMA journal_size_limit = 67108864;
    `);
    if (isSmall(file)) checkPages(db, file);
    migrate(db);
    const found = { instance: numberOf(db, INSTANCE), lastEventId: numberOf(db, LAST_EVENT) ?? 0 };
    checkIdentity(files, known, found);
    const name = fileName(file);
    if (known?.file !== name && !isOldMarker(known)) leaveGap(db, Date.now());
    marker.write({ ...found, instance: signIn(db, found.instance), state: "open", file: name });
    const needsCheck = known?.state === "open" && !isSmall(file);
    return { db, marker, needsCheck, close: closer(db, lock, marker) };
  } catch (error) {
    db?.close();
    marker.close();
    lock.close();
    throw named(error, file);
  }
}

/** Names a file itself, wherever it is moved: a copy that is put in its place is another one. */
function fileName(path: string): string {
  const { ino, birthtimeNs } = statSync(path, { bigint: true });
  return `${ino} ${birthtimeNs}`;
}

/** Whether a marker is of a version that did not tell which file the database is in. */
function isOldMarker(known: MarkerState | null): boolean {
  return known !== null && known.file === undefined;
}

/** The SQLite file of a data folder. */
export function databaseFile(folder: string): string {
  return join(folder, "mission-control.db");
}

const INSTANCE = "SELECT value AS number FROM meta WHERE key = 'instance'";
const LAST_EVENT = "SELECT max(id) AS number FROM events";

function numberOf(db: DatabaseSync, query: string): number | null {
  const number = db.prepare(query).get()?.number;
  return number === null || number === undefined ? null : Number(number);
}

/** Notes this start in the database, so that there is a write-ahead log from now on; returns the database's instance. */
function signIn(db: DatabaseSync, known: number | null): number {
  const instance = known ?? randomInt(1, INSTANCES);
  const note = db.prepare(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  );
  note.run("instance", instance);
  note.run("opened_at", Date.now());
  return instance;
}

function readMarker(marker: InstanceMarker): MarkerState | null {
  try {
    return marker.read();
  } catch (error) {
    throw new DamagedDatabaseError(
      `${marker.file}, which tells what the database held, cannot be read: delete it to go on with what the database holds.`,
      { cause: error },
    );
  }
}

/** How to close: the marker says so when all is in the database itself, which is before its log goes. */
function closer(db: DatabaseSync, lock: DatabaseSync, marker: InstanceMarker): () => void {
  return () => {
    try {
      const lastEventId = numberOf(db, LAST_EVENT) ?? 0;
      if (db.prepare("PRAGMA wal_checkpoint(FULL)").get()?.busy === 0) marker.closed(lastEventId);
    } catch {
      // Then it stays in the log, and the marker goes on saying that there is one.
    }
    db.close();
    marker.close();
    lock.close();
  };
}

function takeLock(file: string, folder: string): DatabaseSync {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    chmodSync(file, 0o600);
    lock.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (saysDamaged(error)) {
      throw new DamagedDatabaseError(
        `${file}, which only locks the folder, is not a database any more: delete it.`,
      );
    }
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
