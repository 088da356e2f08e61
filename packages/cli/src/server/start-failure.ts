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

/** Turns why a start failed into one sentence that says what to do. */
export function sayWhy(error: unknown, { host, port, dataDir }: Settings): CommandError {
  const { code, message, path, syscall } = errorFields(error);
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
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR" || code === "EEXIST") {
    return new CommandError(
      `The data folder cannot be used (${code} at ${path ?? dataDir}): check its rights, or choose another with --data-dir.`,
    );
  }
  return new CommandError(`The server could not start: ${message}`);
}

/** Turns why a store could not be moved into one sentence that says what to do. */
export function sayWhyNotMoved(error: unknown): CommandError {
  const { code, message } = errorFields(error);
  return new CommandError(OWN_CODES.has(code) ? message : `It could not be moved: ${message}`);
}

function errorFields(error: unknown): { code?: unknown; message: string; path?: unknown; syscall?: unknown } {
  return error instanceof Error ? error : { message: String(error) };
}
