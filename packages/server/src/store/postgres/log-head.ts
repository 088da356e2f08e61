import { prepared } from "./statement.ts";

/**
 * Locks the log's head until the end of the transaction, which every commit of every node does first: so they stand in
 * one order. Tells the newest event's id, and the transaction's, by which it can be asked what became of it.
 */
export const lockHead = prepared(
  "lock_head",
  "SELECT newest, pg_current_xact_id()::text AS transaction FROM log_head FOR UPDATE",
);
