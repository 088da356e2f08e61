import pg from "pg";
import { StoreUnavailableError } from "../store.ts";

/**
 * What PostgreSQL says about its surroundings, by the class of its code or by the whole code. Any other code (a
 * constraint, a wrong statement) is about what it was asked, and would be the same every time.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SURROUNDINGS: Readonly<Record<string, string>> = {
  "08": "the connection to it failed",
  // Said of what is to be written, by a replica that was not promoted.
  "0A000": "it may only be read",
  "25006": "it may only be read",
  "25P03": "a transaction took too long",
  "28": "it refuses this user or password",
  "3D000": "there is no database of that name",
  "40": "it could not order what was written at once",
  "53": "it is short of disk, memory or connections",
  "53100": "its disk is full",
  "53200": "its memory is short",
  "53300": "it has too many connections",
  "55P03": "another node holds what is needed for too long",
  "57": "it is stopping, starting or was told to stop this work",
  "57014": "it took too long",
  "57P03": "it is starting or stopping",
  "58": "its disk or system failed",
  XX: "it is damaged or failed inside",
};

/** The connection ended, or gave no answer in time: whether what was sent was done is not known. */
export class ConnectionLostError extends Error {
  override name = "ConnectionLostError";
}

/** Why the engine could not do it, to follow "The database cannot be …: "; null for a fault of who asked. */
function engineReason(error: unknown): string | null {
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? "";
    return SURROUNDINGS[code] ?? SURROUNDINGS[code.slice(0, 2)] ?? null;
  }
  return isConnectionError(error) ? "it cannot be reached" : null;
}

/** Whether an error of the driver, not of the database, says that the connection is of no use any more. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof ConnectionLostError) return true;
  if (!(error instanceof Error) || error instanceof pg.DatabaseError) return false;
  if ("syscall" in error || ("code" in error && String(error.code).startsWith("E"))) return true;
  return LOST.some((words) => error.message.includes(words));
}

/** Whether the connection is of no use after this error: it broke, or the database ended it. */
export function endsConnection(error: unknown): boolean {
  if (isConnectionError(error)) return true;
  if (!(error instanceof pg.DatabaseError)) return false;
  return error.code === "25P03" || (error.code ?? "").startsWith("57P");
}

/** Whether the database ended a statement because it took longer than it may. @param error as it was thrown or {@link toStoreError} */
export function tookTooLong(error: unknown): boolean {
  const cause = error instanceof StoreUnavailableError ? error.cause : error;
  return cause instanceof pg.DatabaseError && cause.code === "57014";
}

/** What the driver says without a code. */
const LOST: readonly string[] = [
  "Connection terminated",
  "Client has encountered a connection error",
  "Client was closed",
  "Query read timeout",
  "timeout expired",
  "timeout exceeded when trying to connect",
  "Cannot use a pool after calling end",
  "server does not support SSL",
];

/** The error for whoever asked: what is no fault of theirs is an outage. */
export function toStoreError(error: unknown): unknown {
  const reason = engineReason(error);
  return reason === null
    ? error
    : new StoreUnavailableError(`The database cannot be used now: ${reason}.`, { cause: error });
}
