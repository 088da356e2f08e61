import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** What to call to let a lock go. */
export interface Lock {
  close(): void;
}

/**
 * Takes a lock that the operating system takes back when its holder dies, however it dies: nothing is ever stale,
 * and no process id has to be believed. It is SQLite's lock on an empty database.
 * @returns `undefined` when another holds it
 */
export function takeLock(file: string): Lock | undefined {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    chmodSync(file, 0o600);
    lock.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** SQLITE_BUSY, by its primary result code (https://sqlite.org/rescode.html#busy). */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === 5;
}
