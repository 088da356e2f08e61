import type { Client } from "pg";

/** Names the lock among those that others may use in the same database; any number. */
const LOCK = 1_486_227_401;
const OF_THIS_SCHEMA = `${LOCK}, hashtext(current_schema())`;

/** The database's contents are being moved: no server may work on it. */
export class MoveUnderWayError extends Error {
  readonly code = "move_under_way";
  override name = "MoveUnderWayError";
}

/** Servers work on the database. */
export class DatabaseInUseError extends Error {
  readonly code = "database_in_use";
  override name = "DatabaseInUseError";
}

/**
 * Says that a server works on the database, for as long as the connection lasts.
 * @throws MoveUnderWayError
 */
export async function beThere(client: Client): Promise<void> {
  const { rows } = await client.query(`SELECT pg_try_advisory_lock_shared(${OF_THIS_SCHEMA}) AS granted`);
  if (rows[0]?.granted) return;
  throw new MoveUnderWayError(
    "The contents of the database are being moved: start again when mission-control migrate has ended.",
  );
}

/**
 * Keeps every server off the database, for as long as the connection lasts.
 * @throws DatabaseInUseError
 */
export async function beAlone(client: Client, name: string): Promise<void> {
  const { rows } = await client.query(`SELECT pg_try_advisory_lock(${OF_THIS_SCHEMA}) AS granted`);
  if (rows[0]?.granted) return;
  throw new DatabaseInUseError(`A server runs on the database ${name}: stop every one, and begin again.`);
}
