import { type InboxKind, inboxKindSchema, MAX_INBOX_COUNT } from "@mission-control/protocol";
import type { InboxPage } from "../store.ts";
import type { Database } from "./database.ts";
import { prepared } from "./statement.ts";
import { TASK_COLUMNS, TASKS, taskOf } from "./task-row.ts";

const selectHead = prepared("inbox_head", "SELECT newest FROM log_head");
const selectOldest = prepared(
  "inbox",
  `SELECT ${TASK_COLUMNS} FROM unnest($1::text[]) AS asked (kind) CROSS JOIN LATERAL (
     SELECT seq FROM tasks WHERE waits_kind = asked.kind ORDER BY waits_since, seq LIMIT $2
   ) AS oldest JOIN ${TASKS} USING (seq) ORDER BY tasks.waits_since, tasks.seq`,
);
const selectCounts = prepared(
  "inbox_counts",
  `SELECT kind, (
     SELECT count(*)::int FROM (SELECT FROM tasks WHERE waits_kind = asked.kind LIMIT ${MAX_INBOX_COUNT}) AS counted
   ) AS count FROM unnest($1::text[]) AS asked (kind)`,
);
const selectRunning = prepared(
  "inbox_running",
  "SELECT count(*)::int AS running FROM tasks WHERE status = 'in_progress' AND waits_kind IS DISTINCT FROM 'silent'",
);

/** What waits for a human: read along the index of what tasks wait with. @see Store.inbox */
export async function readInbox(database: Database, limit: number): Promise<InboxPage> {
  const kinds = inboxKindSchema.options;
  const [head, oldest, counts, running] = await database.readAtOnce(
    selectHead(),
    selectOldest(kinds, limit),
    selectCounts(kinds),
    selectRunning(),
  );
  return {
    items: (oldest?.rows ?? []).map(taskOf),
    counts: Object.fromEntries((counts?.rows ?? []).map(({ kind, count }) => [kind, count])) as Record<
      InboxKind,
      number
    >,
    running: running?.rows[0]?.running,
    lastEventId: Number(head?.rows[0]?.newest),
  };
}
