import type { Settings } from "@mission-control/protocol/settings";
import { CommandError } from "../terminal/command-error.ts";

/** Errors of the server's own that say by themselves what to do. */
const OWN_CODES: ReadonlySet<unknown> = new Set([
  "settings",
  "key_file",
  "data_folder_in_use",
  "newer_database",
  "damaged_database",
  "unsuitable_database",
  "store_unavailable",
  "invalid_secret",
  "database_in_use",
  "move_under_way",
  "unfinished_move",
  "move",
]);

/** SQLite's result codes (https://www.sqlite.org/rescode.html). */
const SQLITE = { readOnly: 8, full: 13, cannotOpen: 14 };

/** Errors of the system and of SQLite that say that a data folder cannot be used, or that its disk is full. */
const UNUSABLE: ReadonlySet<unknown> = new Set([
  ...["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ENOENT"],
  ...[SQLITE.readOnly, SQLITE.cannotOpen],
]);
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", SQLITE.full]);

/** Turns why a start failed into one sentence that says what to do. */
export function sayWhy(error: unknown, { host, port, dataDir }: Settings): CommandError {
  const { code, message, path, syscall, errcode } = errorFields(error);
  // The lowest byte of an extended result code is the primary one.
  const reason = errcode === undefined ? code : errcode & 0xff;
  if (OWN_CODES.has(code)) return new CommandError(message);
  if (code === "EADDRINUSE") {
    return new CommandError(
      `Port ${port} on ${host} is in use: stop what listens there, or choose another port with --port.`,
    );
  }
  if (syscall === "listen" && code === "EACCES") {
    return new CommandError(`This user may not listen on port ${port}: choose one above 1023 with --port.`);
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new CommandError(`There is no address "${host}" on this machine to listen on: check --host.`);
  }
  if (FULL.has(reason)) {
    return new CommandError(
      `The disk of the data folder ${dataDir} is full: free some of it, or choose another folder with --data-dir.`,
    );
  }
  if (UNUSABLE.has(reason)) {
    const what = errcode === undefined ? code : message;
    return new CommandError(
      `The data folder cannot be used (${what} at ${path ?? dataDir}): check that it can be written, or choose another with --data-dir.`,
    );
  }
  return new CommandError(`The server could not start: ${message}`);
}

/** Turns why a store could not be moved into one sentence that says what to do. */
export function sayWhyNotMoved(error: unknown): CommandError {
  const { code, message } = errorFields(error);
  return new CommandError(OWN_CODES.has(code) ? message : `It could not be moved: ${message}`);
}

interface ErrorFields {
  code?: unknown;
  message: string;
  path?: unknown;
  syscall?: unknown;
  errcode?: number;
}

function errorFields(error: unknown): ErrorFields {
  return error instanceof Error ? error : { message: String(error) };
}
