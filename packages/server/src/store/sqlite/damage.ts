import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { constants, setPriority } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { saysDamaged } from "./engine-error.ts";
import type { MarkerState } from "./instance-marker.ts";

/** The data cannot be what was stored: parts of it are lost, older or unreadable. */
export class DamagedDatabaseError extends Error {
  readonly code = "damaged_database";
  override name = "DamagedDatabaseError";
}

/** Up to this size a check takes a fraction of a second, and comes before anything else. */
const CHECKED_AT_ONCE_BYTES = 32 * 1024 * 1024;

interface Files {
  /** Of the database. */
  file: string;
  /** Of what is known beside it. */
  marker: string;
}

/**
 * Looks at the files before SQLite does, which would make a new database where there is none, and goes on without a
 * word where the write-ahead log is gone.
 * @throws DamagedDatabaseError
 */
export function checkFiles({ file, marker }: Files, known: MarkerState | null): void {
  const wal = `${file}-wal`;
  const what = isThere(file) ? "is empty" : "is missing";
  if (size(file) === 0 && size(wal) > 0) {
    throw new DamagedDatabaseError(
      `${file} ${what}, but its write-ahead log ${wal} is there: put the database back (from a backup, if need be), or move both away to start anew.`,
    );
  }
  if (!known) return;
  if (size(file) === 0) {
    throw new DamagedDatabaseError(
      `${file} ${what}, though events up to ${known.lastEventId} were stored in it: put it back (from a backup, if need be), or delete ${marker} too to start anew.`,
    );
  }
  if (known.state === "damaged") {
    throw new DamagedDatabaseError(
      `${file} was found to be damaged when the server last ran: restore it from a backup and delete ${marker}. Deleting ${marker} alone goes on with what can be read.`,
    );
  }
  // A server writes to it as soon as it has opened the database, and takes it away only when it stops in order.
  if (known.state === "open" && size(wal) === 0) {
    throw new DamagedDatabaseError(
      `${wal} is ${isThere(wal) ? "empty" : "missing"}, though the server was not stopped in order: reports that it had accepted since ${file} was last brought up to date, up to event ${known.lastEventId} and perhaps later, would be lost. Put ${wal} back; or delete ${marker} to go on with what the database holds.`,
    );
  }
}

/**
 * Compares the opened database with what is known beside it.
 * @param instance of the database; null in one that an older version made
 * @throws DamagedDatabaseError
 */
export function checkIdentity(
  { file, marker }: Files,
  known: MarkerState | null,
  { instance, lastEventId }: { instance: number | null; lastEventId: number },
): void {
  if (!known) return;
  if (instance !== null && instance !== known.instance) {
    throw new DamagedDatabaseError(
      `${file} is not the database of this data folder: put the right one back; or delete ${marker} to go on with this one.`,
    );
  }
  if (lastEventId < known.lastEventId) {
    throw new DamagedDatabaseError(
      `${file} holds events up to ${lastEventId}, but events up to ${known.lastEventId} had been stored: it is an older copy, or its write-ahead log was lost. Put the right files back; or delete ${marker} to go on with what the database holds.`,
    );
  }
}

/** Whether the database is small enough to be checked at once. */
export function isSmall(file: string): boolean {
  return size(file) <= CHECKED_AT_ONCE_BYTES;
}

/**
 * Checks the structure of every page.
 * @throws DamagedDatabaseError
 */
export function checkPages(db: DatabaseSync, file: string): void {
  const found = db.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (found !== "ok") throw damaged(file, String(found));
}

/** An error of the engine's about damage, as one that names the file; any other as it is. */
export function named(error: unknown, file: string): unknown {
  return saysDamaged(error) ? damaged(file, error instanceof Error ? error.message : "") : error;
}

function damaged(file: string, detail: string): DamagedDatabaseError {
  return new DamagedDatabaseError(
    `${file} is damaged (${detail.split("\n", 1)[0]}): restore it from a backup, and delete its -wal and -shm files.`,
  );
}

/** Checks a database that is too large to wait for, in a process of its own that gives way to others. */
export class BackgroundCheck {
  readonly #child;
  #closed = false;
  #ended = false;

  /** @param done told what is wrong, or null, once it is known */
  constructor(file: string, done: (detail: string | null) => void) {
    const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", CHECK];
    this.#child = spawn(process.execPath, [...flags, file], { stdio: ["ignore", "pipe", "ignore"] });
    let output = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    this.#child.on("error", () => {
      // It could not even start, for want of processes or memory: the check is left out.
      this.#ended = true;
    });
    this.#child.on("close", (code) => {
      this.#ended = true;
      if (!this.#closed && code === 0) done(output === "ok" ? null : output);
    });
    this.#child.unref();
    try {
      if (this.#child.pid !== undefined) setPriority(this.#child.pid, constants.priority.PRIORITY_LOW);
    } catch {
      // It is gone already, or this system has no priorities.
    }
  }

  /** Resolves when it no longer reads: until then the database's log could not be emptied. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#ended) return;
    this.#child.ref();
    this.#child.kill("SIGKILL");
    await once(this.#child, "close");
  }
}

const CHECK = `
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(process.argv[1], { readOnly: true });
  let found;
  try {
    found = db.prepare("PRAGMA quick_check(1)").get().quick_check;
  } catch (error) {
    if (![11, 26].includes(error.errcode & 0xff)) throw error;
    found = error.message;
  }
  process.stdout.write(found);
`;

function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

function size(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
