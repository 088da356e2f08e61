import pg, { type Client } from "pg";
import type { Logger } from "../../logger.ts";
import { MIGRATION_LOCK } from "./migrations.ts";

/** Where the extension may go: all users' schema, which lasts longer than one of ours, else ours. */
const EXTENSIONS = [
  "CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public",
  "CREATE EXTENSION IF NOT EXISTS pg_trgm",
];

/**
 * Sees to it that tasks have an index of the trigrams of their texts, which needs an extension that comes with PostgreSQL
 * and that the owner of a database may make (a trusted one). Where that is refused, searches look at one task after another.
 * Events have none: each would be written to some hundred places of it, and callbacks are what the log is for.
 * @returns whether there is one
 * @see https://www.postgresql.org/docs/current/pgtrgm.html
 */
export async function makeSearchIndex(
  client: Client,
  logger: Pick<Logger, "error"> | undefined,
): Promise<boolean> {
  await client.query("BEGIN");
  try {
    // Of many tasks it takes long.
    await client.query("SET LOCAL lock_timeout = 0");
    await client.query("SET LOCAL statement_timeout = 0");
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    const refused = await make(client);
    await client.query("COMMIT");
    if (refused)
      logger?.error(
        { reason: refused.message },
        "without the extension pg_trgm, tasks are searched without an index",
      );
    return refused === null;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** @returns null, or why there is no index */
async function make(client: Client): Promise<Error | null> {
  const { rows } = await client.query("SELECT to_regclass('tasks_by_text') IS NOT NULL AS found");
  if (rows[0]?.found) return null;
  let refused: Error | null = null;
  for (const extension of EXTENSIONS) {
    await client.query("SAVEPOINT extension");
    try {
      await client.query(extension);
      const { rows: found } = await client.query(
        "SELECT quote_ident(nspname) AS schema FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm'",
      );
      const operators = `${found[0]?.schema}.gin_trgm_ops`;
      await client.query(`CREATE INDEX tasks_by_text ON task_search USING gin (search ${operators})`);
      return null;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      refused = error;
      await client.query("ROLLBACK TO SAVEPOINT extension");
    }
  }
  return refused;
}
