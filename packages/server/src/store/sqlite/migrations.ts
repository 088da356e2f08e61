import type { DatabaseSync } from "node:sqlite";
import { searchText } from "../search-text.ts";
import { NewerDatabaseError } from "../store.ts";
import { indexedText } from "./search-index.ts";

/**
 * The schema, one step a version; a step that has been released is never edited.
 *
 * - `record` columns hold the whole record as JSON; the columns beside them are what is searched and sorted by.
 * - `tasks.seq` rises in creation order. Every sort of the task list is an index that ends in it; there is none
 *   without a status, because the list joins the statuses' own ranges.
 * - A task's long texts stand apart, so that a callback does not rewrite them; with the title, which a search
 *   that no index answers reads beside the description.
 * - `task_tags` carries the priority, which seldom changes: a tag's tasks are sorted by it as they stand.
 * - `events` is the one table that every callback is written to. Its indexes, the receipts and the tasks' live
 *   fields (`updated_at`, `message`, `progress`, `last_word_at`) follow in batches (write-behind.ts), and so does what becomes
 *   of attempts; `meta.indexed_up_to`, `tasks.as_of` and `attempts.as_of` say how far, in event ids, and an event carries the
 *   receipt that is not in its table yet, and what its change made of an attempt (attempt-patch.ts).
 * - `events.frame` is the event as the stream sends it: replaying a stretch of the log is joining text.
 *   `events.change` is what followers of the log need to know beside it.
 * - `artifacts` are what attempts left behind; their contents are kept apart, by SHA-256 (store/contents.ts).
 * - `tasks.waits_kind` and `tasks.waits_since` say what a task waits for a human with; null when it does not.
 * - `events.entry_key` is what all parts of one entry of a transcript have; empty where the event is all of an entry,
 *   null where it is none.
 * - `insight_facts` are what is not counted yet; `insight_counts` has the counts of each hour and day (store/insights.ts).
 *   What attempts from before these tables came to is counted from the attempts themselves.
 * - `sent_payloads` are what agents were sent, their secrets hidden (store/sent-payload.ts).
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE tasks (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    agent_id TEXT,
    priority INTEGER NOT NULL,
    record TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    message TEXT,
    progress REAL,
    as_of INTEGER NOT NULL
  );
  CREATE INDEX tasks_by_status ON tasks (status, seq);
  CREATE INDEX tasks_by_status_priority ON tasks (status, priority, seq);
  CREATE INDEX tasks_by_status_updated ON tasks (status, updated_at, seq);
  CREATE INDEX tasks_by_agent ON tasks (agent_id, status, seq);
  CREATE INDEX tasks_by_agent_priority ON tasks (agent_id, status, priority, seq);
  CREATE INDEX tasks_by_agent_updated ON tasks (agent_id, status, updated_at, seq);
  CREATE TABLE task_texts (
    seq INTEGER PRIMARY KEY REFERENCES tasks (seq) ON DELETE CASCADE,
    description TEXT NOT NULL,
    context TEXT NOT NULL
  );
  CREATE TABLE task_tags (
    tag TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES tasks (seq) ON DELETE CASCADE,
    PRIMARY KEY (tag, seq)
  ) WITHOUT ROWID;
  CREATE INDEX task_tags_by_task ON task_tags (seq);
  CREATE VIRTUAL TABLE task_search USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'trigram');
  CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    agent_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    queued_at TEXT NOT NULL,
    usage TEXT,
    record TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX attempts_by_task ON attempts (task_id, number);
  CREATE INDEX attempts_queued ON attempts (agent_id, priority DESC, queued_at, id) WHERE state = 'queued';
  CREATE INDEX attempts_usage ON attempts (agent_id, usage) WHERE usage IS NOT NULL;
  CREATE INDEX attempts_unfinished ON attempts (state) WHERE state IN ('sending', 'accepted', 'running');

  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    task_id TEXT,
    agent_id TEXT,
    indexed INTEGER NOT NULL DEFAULT 0,
    receipt_key TEXT,
    receipt TEXT,
    frame TEXT NOT NULL
  );
  CREATE INDEX events_by_task ON events (task_id, id) WHERE indexed AND task_id IS NOT NULL;
  CREATE INDEX events_by_agent ON events (agent_id, id) WHERE indexed AND agent_id IS NOT NULL;

  CREATE TABLE receipts (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    answer TEXT NOT NULL
  );
  CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) WITHOUT ROWID;
  INSERT INTO meta (key, value) VALUES ('indexed_up_to', 0);
  CREATE TABLE commands (
    id INTEGER PRIMARY KEY,
    dispatch_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    command TEXT NOT NULL
  );
  CREATE TABLE records (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (kind, id)
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE task_texts ADD COLUMN title TEXT NOT NULL DEFAULT '';
  UPDATE task_texts SET title = (SELECT record ->> '$.title' FROM tasks WHERE tasks.seq = task_texts.seq);

  CREATE TABLE tags (
    tag TEXT NOT NULL,
    priority INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES tasks (seq) ON DELETE CASCADE,
    PRIMARY KEY (tag, priority, seq)
  ) WITHOUT ROWID;
  INSERT INTO tags (tag, priority, seq) SELECT tag, priority, seq FROM task_tags JOIN tasks USING (seq);
  DROP TABLE task_tags;
  ALTER TABLE tags RENAME TO task_tags;
  CREATE INDEX task_tags_by_task ON task_tags (seq, tag);

  DROP TABLE task_search;
  CREATE VIRTUAL TABLE task_search USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'trigram');
  CREATE VIRTUAL TABLE task_search_terms USING fts5vocab (task_search, row);
  INSERT INTO task_search (rowid, text)
    SELECT seq, indexed_text(title, description, priority) FROM tasks JOIN task_texts USING (seq);
  `,
  `
  DROP INDEX attempts_unfinished;
  CREATE INDEX attempts_unfinished ON attempts (state) WHERE state IN ('sending', 'accepted', 'running', 'unknown');
  `,
  `
  DROP INDEX attempts_unfinished;
  CREATE INDEX attempts_under_way ON attempts (agent_id) WHERE state IN ('sending', 'accepted', 'running', 'unknown');
  ALTER TABLE events ADD COLUMN change TEXT;
  `,
  `
  ALTER TABLE tasks ADD COLUMN last_word_at TEXT;
  ALTER TABLE tasks ADD COLUMN waits_kind TEXT;
  ALTER TABLE tasks ADD COLUMN waits_since TEXT;
  UPDATE tasks SET
    waits_kind = CASE status WHEN 'failed' THEN 'failure' WHEN 'review' THEN 'review' ELSE 'question' END,
    waits_since = coalesce(
      (SELECT attempts.record ->> '$.endedAt' FROM attempts WHERE attempts.id = tasks.record ->> '$.dispatchId'),
      updated_at)
  WHERE status IN ('failed', 'review') OR (status = 'in_progress' AND record ->> '$.waitingFor' IS NOT NULL);
  CREATE INDEX tasks_waiting ON tasks (waits_kind, waits_since) WHERE waits_kind IS NOT NULL;
  `,
  `
  CREATE INDEX events_of_agents ON events (agent_id, id) WHERE indexed AND type = 'agent';
  `,
  `
  CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    event_id INTEGER NOT NULL,
    record TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX messages_by_task ON messages (task_id, event_id);
  `,
  `
  ALTER TABLE events ADD COLUMN entry_key TEXT;
  CREATE INDEX events_by_transcript ON events (task_id, id, entry_key) WHERE indexed AND entry_key IS NOT NULL;
  CREATE INDEX events_by_entry ON events (task_id, entry_key, id) WHERE indexed AND entry_key <> '';
  `,
  `
  CREATE TABLE webhook_deliveries (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    endpoint_id TEXT NOT NULL,
    event_id INTEGER,
    state TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    record TEXT NOT NULL,
    event TEXT
  );
  CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, seq);
  CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (endpoint_id, event_id) WHERE state = 'waiting';
  CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (seq) WHERE state = 'failed';
  `,
  `
  CREATE TABLE artifacts (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    record TEXT NOT NULL
  );
  CREATE INDEX artifacts_by_task ON artifacts (task_id, seq);
  CREATE INDEX artifacts_by_content ON artifacts (sha256);
  `,
  `
  CREATE TABLE insight_facts (
    seq INTEGER PRIMARY KEY,
    fact TEXT NOT NULL
  );
  CREATE TABLE insight_counts (
    bucket TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (agent_id, tag, bucket)
  ) WITHOUT ROWID;
  CREATE INDEX insight_hours ON insight_counts (bucket) WHERE length(bucket) = 13;
  CREATE INDEX insight_days ON insight_counts (bucket) WHERE length(bucket) = 10;
  INSERT INTO insight_facts (fact)
    SELECT json_object('dispatchId', id, 'usage', usage,
      'isOver', json(CASE WHEN record ->> '$.endedAt' IS NULL THEN 'false' ELSE 'true' END))
    FROM attempts WHERE usage IS NOT NULL OR record ->> '$.endedAt' IS NOT NULL ORDER BY queued_at, id;
  `,
  `
  CREATE TABLE exchanges (
    id TEXT NOT NULL,
    result TEXT NOT NULL,
    agent_id TEXT,
    task_id TEXT,
    dispatch_id TEXT,
    bytes INTEGER NOT NULL,
    record TEXT NOT NULL
  );
  CREATE UNIQUE INDEX exchanges_by_id ON exchanges (id, bytes);
  CREATE INDEX exchanges_not_ok ON exchanges (result, id) WHERE result <> 'ok';
  CREATE INDEX exchanges_by_agent ON exchanges (agent_id, id) WHERE agent_id IS NOT NULL;
  CREATE INDEX exchanges_by_task ON exchanges (task_id, id) WHERE task_id IS NOT NULL;
  CREATE INDEX exchanges_by_dispatch ON exchanges (dispatch_id, id) WHERE dispatch_id IS NOT NULL;
  `,
  `
  CREATE TABLE sent_payloads (
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    dispatch_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (task_id, dispatch_id)
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE attempts ADD COLUMN as_of INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE events ADD COLUMN attempt TEXT;
  `,
];

/**
 * Brings the schema up to date, each step in a transaction of its own.
 * @param to the version to stop at, for a test that needs a file as an older version wrote it
 * @throws NewerDatabaseError rather than touch a file from the future.
 */
export function migrate(db: DatabaseSync, to = MIGRATIONS.length): void {
  const row = db.prepare("PRAGMA user_version").get();
  const version = Number(row?.user_version ?? 0);
  if (version > MIGRATIONS.length) {
    throw new NewerDatabaseError(version, MIGRATIONS.length);
  }
  db.function("indexed_text", (title, description, rank) =>
    indexedText(searchText(String(title), String(description)), Number(rank)),
  );
  for (let next = version; next < to; next++) {
    db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[next]}; PRAGMA user_version = ${next + 1}; COMMIT`);
  }
}
