import type { Client } from "pg";
import { NewerDatabaseError } from "../store.ts";

/**
 * The schema, one step a version; a step that has been released is never edited.
 *
 * - Texts are compared byte by byte (`COLLATE "C"`), as SQLite does. JSON is kept as text: it reads back as it was
 *   written, and holds what `jsonb` refuses.
 * - `log_head` has one row, and whoever commits locks it first: commits stand in one order, and event ids are seen in
 *   that order on every node. `log_tail` is the same for what retention removes.
 * - `tasks.seq` rises in creation order. A task's long texts stand in a column of their own, which PostgreSQL keeps
 *   elsewhere and does not rewrite; what each callback changes stands in `task_live`, which has few indexes.
 *   Only the minute of `updated_at` is indexed: a row whose indexed columns stay as they are is rewritten in place, without
 *   an entry in any index, as long as its page has room (PostgreSQL's "heap-only tuples").
 * - `task_search` is what a search looks through, in lower case. It stands apart from the task, which changes more often:
 *   each change of a row is one of its indexes too (search-index.ts). Tags are kept as JSON strings without their quotes.
 * - `records.concurrency` is how many attempts an agent takes at a time; null for other records.
 * - `keys` are those that all servers share, such as the one that dispatches' secrets are derived from.
 * - `commit_marks` has the number of each node's last commit (commit-marks.ts).
 * - `artifacts` are what attempts left behind. `contents` are their bytes, in pieces (content-table.ts): without a
 *   `sha256` while they come in; `touched_at` is when one came, or was last asked to be kept.
 *   `contents.part` names an upload that may go on after it broke off, and `writer` the request that adds to it.
 * - `tasks.waits_kind` and `tasks.waits_since` say what a task waits for a human with; null when it does not.
 * - `events.entry_key` is what all parts of one entry of a transcript have; empty where the event is all of an entry,
 *   null where it is none.
 * - `log_place` says which log it is, and where it is written (log-place.ts); `place` is null until a node has looked.
 *   `log_gaps` are the ids that no event has, the first and the last one of each.
 * - `leases.fence` is null while nobody holds the lease; otherwise it is the fencing number of who does.
 * - `insight_facts` are what is not counted yet; `insight_counts` has the counts of each hour and day (store/insights.ts).
 *   What attempts from before these tables came to is counted from the attempts themselves.
 * - `sent_payloads` are what agents were sent, their secrets hidden (store/sent-payload.ts).
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE log_head (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    newest bigint NOT NULL
  ) WITH (fillfactor = 10);
  INSERT INTO log_head (newest) VALUES (0);
  CREATE TABLE log_tail (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    oldest bigint NOT NULL
  ) WITH (fillfactor = 10);
  INSERT INTO log_tail (oldest) VALUES (1);
  CREATE TABLE events (
    id bigint PRIMARY KEY,
    type text COLLATE "C" NOT NULL,
    task_id text COLLATE "C",
    agent_id text COLLATE "C",
    change text,
    frame text NOT NULL
  );
  CREATE INDEX events_by_task ON events (task_id, id) WHERE task_id IS NOT NULL;
  CREATE INDEX events_by_agent ON events (agent_id, id) WHERE agent_id IS NOT NULL;

  CREATE TABLE tasks (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    status text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C",
    priority smallint NOT NULL,
    record text NOT NULL,
    texts text NOT NULL,
    tags text[] COLLATE "C" NOT NULL,
    search text COLLATE "C" NOT NULL
  );
  CREATE INDEX tasks_by_status ON tasks (status, seq);
  CREATE INDEX tasks_by_priority ON tasks (priority, seq);
  CREATE INDEX tasks_by_agent ON tasks (agent_id, seq);
  CREATE INDEX tasks_by_tag ON tasks USING gin (tags);
  CREATE TABLE task_live (
    seq bigint PRIMARY KEY REFERENCES tasks (seq) ON DELETE CASCADE,
    updated_at text COLLATE "C" NOT NULL,
    live text NOT NULL
  );
  CREATE INDEX task_live_by_time ON task_live (updated_at, seq);

  CREATE TABLE attempts (
    id text COLLATE "C" PRIMARY KEY,
    task_id text COLLATE "C" NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    agent_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    state text COLLATE "C" NOT NULL,
    priority smallint NOT NULL,
    queued_at text COLLATE "C" NOT NULL,
    usage text,
    record text NOT NULL
  );
  CREATE UNIQUE INDEX attempts_by_task ON attempts (task_id, number);
  CREATE INDEX attempts_queued ON attempts (agent_id, priority DESC, queued_at, id) WHERE state = 'queued';
  CREATE INDEX attempts_under_way ON attempts (agent_id) WHERE state IN ('sending', 'accepted', 'running', 'unknown');
  CREATE INDEX attempts_usage ON attempts (agent_id) WHERE usage IS NOT NULL;

  CREATE TABLE receipts (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text COLLATE "C" NOT NULL UNIQUE,
    at text COLLATE "C" NOT NULL,
    answer text NOT NULL
  );
  CREATE INDEX receipts_by_time ON receipts (at);
  CREATE TABLE commands (
    id bigint PRIMARY KEY,
    command text NOT NULL
  );
  CREATE TABLE records (
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    concurrency integer,
    record text NOT NULL,
    PRIMARY KEY (kind, id)
  );
  CREATE SEQUENCE fences;
  CREATE TABLE leases (
    name text COLLATE "C" PRIMARY KEY,
    fence bigint,
    expires_at timestamptz NOT NULL
  ) WITH (fillfactor = 50);
  CREATE TABLE commit_marks (
    node text COLLATE "C" PRIMARY KEY,
    number bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  ) WITH (fillfactor = 50);
  CREATE TABLE keys (
    name text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
  );
  CREATE TABLE probe (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    content bytea NOT NULL
  );
  ALTER TABLE probe ALTER COLUMN content SET STORAGE EXTERNAL;
  `,
  `
  ALTER TABLE tasks ADD COLUMN waits_kind text COLLATE "C";
  ALTER TABLE tasks ADD COLUMN waits_since text COLLATE "C";
  UPDATE tasks SET
    waits_kind = CASE status WHEN 'failed' THEN 'failure' WHEN 'review' THEN 'review' ELSE 'question' END,
    waits_since = coalesce(
      (SELECT attempts.record::json ->> 'endedAt' FROM attempts WHERE attempts.id = tasks.record::json ->> 'dispatchId'),
      (SELECT updated_at FROM task_live WHERE task_live.seq = tasks.seq))
  WHERE status IN ('failed', 'review')
    OR (status = 'in_progress' AND tasks.record::json -> 'waitingFor' IS NOT NULL);
  CREATE INDEX tasks_waiting ON tasks (waits_kind, waits_since) WHERE waits_kind IS NOT NULL;
  `,
  `
  CREATE INDEX events_of_agents ON events (agent_id, id) WHERE type = 'agent';
  `,
  `
  CREATE TABLE messages (
    id text COLLATE "C" PRIMARY KEY,
    task_id text COLLATE "C" NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    event_id bigint NOT NULL,
    record text NOT NULL
  );
  CREATE INDEX messages_by_task ON messages (task_id, event_id);
  `,
  `
  ALTER TABLE events ADD COLUMN entry_key text COLLATE "C";
  CREATE INDEX events_by_transcript ON events (task_id, id) INCLUDE (entry_key) WHERE entry_key IS NOT NULL;
  CREATE INDEX events_by_entry ON events (task_id, entry_key, id) WHERE entry_key <> '';
  `,
  `
  CREATE TABLE webhook_deliveries (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    endpoint_id text COLLATE "C" NOT NULL,
    event_id bigint,
    state text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL,
    record text NOT NULL,
    event text
  );
  CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, seq);
  CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (endpoint_id, event_id) WHERE state = 'waiting';
  CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (seq) WHERE state = 'failed';
  `,
  `
  CREATE TABLE artifacts (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    task_id text COLLATE "C" NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    sha256 text COLLATE "C" NOT NULL,
    record text NOT NULL
  );
  CREATE INDEX artifacts_by_task ON artifacts (task_id, seq);
  CREATE INDEX artifacts_by_content ON artifacts (sha256);
  CREATE TABLE contents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256 text COLLATE "C" UNIQUE,
    size bigint NOT NULL DEFAULT 0,
    touched_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX contents_by_age ON contents (touched_at);
  CREATE TABLE content_pieces (
    content bigint NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    place integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (content, place)
  );
  ALTER TABLE content_pieces ALTER COLUMN bytes SET STORAGE EXTERNAL;
  `,
  `
  CREATE TABLE insight_facts (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fact text NOT NULL
  );
  CREATE TABLE insight_counts (
    bucket text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    tag text COLLATE "C" NOT NULL,
    counts text NOT NULL,
    PRIMARY KEY (agent_id, tag, bucket)
  );
  CREATE INDEX insight_hours ON insight_counts (bucket) WHERE length(bucket) = 13;
  CREATE INDEX insight_days ON insight_counts (bucket) WHERE length(bucket) = 10;
  INSERT INTO insight_facts (fact)
    SELECT json_build_object('dispatchId', id, 'usage', usage,
      'isOver', record::json ->> 'endedAt' IS NOT NULL)::text
    FROM attempts WHERE usage IS NOT NULL OR record::json ->> 'endedAt' IS NOT NULL ORDER BY queued_at, id;
  `,
  `
  CREATE TABLE exchanges (
    id text COLLATE "C" NOT NULL,
    result text NOT NULL,
    agent_id text,
    task_id text,
    dispatch_id text,
    bytes integer NOT NULL,
    record text NOT NULL
  );
  CREATE UNIQUE INDEX exchanges_by_id ON exchanges (id, bytes);
  CREATE INDEX exchanges_not_ok ON exchanges (result, id) WHERE result <> 'ok';
  CREATE INDEX exchanges_by_agent ON exchanges (agent_id, id) WHERE agent_id IS NOT NULL;
  CREATE INDEX exchanges_by_task ON exchanges (task_id, id) WHERE task_id IS NOT NULL;
  CREATE INDEX exchanges_by_dispatch ON exchanges (dispatch_id, id) WHERE dispatch_id IS NOT NULL;
  `,
  `
  CREATE TABLE sent_payloads (
    task_id text COLLATE "C" NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    dispatch_id text COLLATE "C" NOT NULL,
    payload text NOT NULL,
    PRIMARY KEY (task_id, dispatch_id)
  );
  `,
  `
  ALTER TABLE contents ADD COLUMN part text COLLATE "C" UNIQUE;
  ALTER TABLE contents ADD COLUMN writer text;
  `,
  `
  CREATE TABLE log_place (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    log text COLLATE "C" NOT NULL,
    place text COLLATE "C"
  );
  INSERT INTO log_place (log) VALUES (gen_random_uuid()::text);
  CREATE TABLE log_gaps (
    first bigint PRIMARY KEY,
    last bigint NOT NULL
  );
  `,
  `
  CREATE TABLE task_search (
    seq bigint PRIMARY KEY REFERENCES tasks (seq) ON DELETE CASCADE,
    search text COLLATE "C" NOT NULL
  );
  INSERT INTO task_search (seq, search) SELECT seq, search FROM tasks;
  ALTER TABLE tasks DROP COLUMN search;
  `,
  `
  DROP INDEX task_live_by_time;
  ALTER TABLE task_live SET (fillfactor = 60);
  ALTER TABLE task_live ADD COLUMN updated_minute text COLLATE "C" GENERATED ALWAYS AS (left(updated_at, 16)) STORED;
  CREATE INDEX task_live_by_minute ON task_live (updated_minute);
  `,
];

/** Names the lock that one node at a time migrates under; any number that nobody else uses in the same database. */
export const MIGRATION_LOCK = 5_104_201_884_731;

/**
 * Brings the schema up to date, all steps in one transaction. Any number of nodes may do so at once: each waits for
 * the one before.
 * @throws NewerDatabaseError rather than touch a schema from the future.
 */
export async function migrate(client: Client): Promise<void> {
  await client.query("BEGIN");
  try {
    // A node that waits for nine others may do so for long.
    await client.query("SET LOCAL lock_timeout = 0");
    await client.query("SET LOCAL statement_timeout = 0");
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    await client.query("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)");
    const { rows } = await client.query("SELECT max(version) AS version FROM schema_version");
    const version = Number(rows[0]?.version ?? 0);
    if (version > MIGRATIONS.length) throw new NewerDatabaseError(version, MIGRATIONS.length);
    for (let next = version; next < MIGRATIONS.length; next++) {
      await client.query(MIGRATIONS[next] as string);
      await client.query("INSERT INTO schema_version (version) VALUES ($1)", [next + 1]);
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}
