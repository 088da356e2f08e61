import type { QueryResult } from "pg";
import { prepared } from "./statement.ts";

/**
 * Locks the log's head until the end of the transaction, which every commit of every node does first: so they stand in
 * one order. Tells the newest event's id.
 */
export const lockHead = prepared("lock_head", "SELECT newest FROM log_head FOR UPDATE");

/**
 * Moves the log's head on by as many events as were written, and gives notice of it where there is one to be given
 * (commit-notices.ts): what stands in it before the position.
 */
export const moveHead = prepared(
  "move_head",
  `WITH moved AS (UPDATE log_head SET newest = newest + $1 RETURNING newest)
   SELECT newest, pg_current_xact_id()::xid::text AS revision,
     CASE WHEN $3::text IS NOT NULL THEN pg_notify($2, $3 || newest || ' ' || current_schema()) END
   FROM moved`,
);

/** What a commit with events tells. */
export interface Moved {
  /** Id of its newest event. */
  newest: number;
  /** Of all rows that it wrote. */
  revision: string;
}

/** What the answers to statements tell that end with {@link moveHead}; null where they do not. */
export function movedBy(answers: readonly QueryResult[]): Moved | null {
  const { newest, revision } = answers.at(-1)?.rows[0] ?? {};
  return revision === undefined ? null : { newest: Number(newest), revision };
}
