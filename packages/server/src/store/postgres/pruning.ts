import { behindGap, idBefore } from "../log-gaps.ts";
import { FencedError, type LeaseToken } from "../operations.ts";
import type { Database } from "./database.ts";
import { prepared, roundTrip } from "./statement.ts";

/** In one step, unless the caller says otherwise. */
const PRUNE_ROWS = 100;

const selectHead = prepared("head_to_prune", "SELECT newest FROM log_head");
/** Gaps stay when the events around them go: whoever counts what it missed leaves them out. */
const selectGaps = prepared("gaps", "SELECT first, last FROM log_gaps ORDER BY first");
const lockTail = prepared("lock_tail", "SELECT oldest FROM log_tail FOR UPDATE");
/** A receipt stands before all that were written later, whatever its own time says: a clock may have been ahead. */
const selectOldReceipt = prepared(
  "old_receipt",
  "SELECT seq FROM receipts WHERE at < $1 ORDER BY at DESC, seq DESC LIMIT 1",
);
/** Shared: the lease does not change hands before the end of this transaction. */
const lockFence = prepared("lock_fence", "SELECT fence FROM leases WHERE name = $1 FOR SHARE");
const deleteEvents = prepared("delete_events", "DELETE FROM events WHERE id <= $1");
const moveTail = prepared("move_tail", "UPDATE log_tail SET oldest = $1");
const deleteReceipts = prepared(
  "delete_receipts",
  "DELETE FROM receipts WHERE seq IN (SELECT seq FROM receipts WHERE seq <= $1 ORDER BY seq LIMIT $2)",
);

/** What may go. */
export interface PrunePolicy {
  keepEvents: number;
  receiptsBefore: string;
  rows?: number;
  under?: LeaseToken;
}

/** Removes one step of what retention lets go, without holding up commits. @see Store.prune */
export async function prune(database: Database, policy: PrunePolicy): Promise<boolean> {
  const { keepEvents, receiptsBefore, rows = PRUNE_ROWS, under } = policy;
  return database.with(async (client) => {
    const [, tail, head, between, old, lease] = await roundTrip(client, [
      "BEGIN",
      lockTail(),
      selectHead(),
      selectGaps(),
      selectOldReceipt(receiptsBefore),
      lockFence(under?.name ?? ""),
    ]);
    if (under && lease?.rows[0]?.fence !== String(under.fence)) throw new FencedError(under.name);
    const oldest = Number(tail?.rows[0]?.oldest);
    const gaps = (between?.rows ?? []).map(({ first, last }) => ({ from: Number(first), to: Number(last) }));
    const goal = idBefore(keepEvents, Number(head?.rows[0]?.newest), gaps);
    const upTo = Math.min(goal, oldest + rows - 1);
    const next = behindGap(upTo + 1, gaps);
    const lastReceipt = old?.rows[0]?.seq;
    if (upTo < oldest && lastReceipt === undefined) {
      await client.query("ROLLBACK");
      return false;
    }
    const answers = await roundTrip(client, [
      ...(upTo < oldest ? [] : [deleteEvents(upTo), moveTail(next)]),
      ...(lastReceipt === undefined ? [] : [deleteReceipts(lastReceipt, rows)]),
      "COMMIT",
    ]);
    const receiptsRemoved = lastReceipt === undefined ? 0 : (answers.at(-2)?.rowCount ?? 0);
    return next <= goal || receiptsRemoved === rows;
  });
}
