import { prepared } from "./statement.ts";

/**
 * Locks the log's head until the end of the transaction, which every commit of every node does first: so they stand in
 * one order. Tells the newest event's id.
 */
export const lockHead = prepared("lock_head", "SELECT newest FROM log_head FOR UPDATE");
