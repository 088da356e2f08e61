import type { ArtifactRecord } from "../../tasks/artifact.ts";
import type { Attempt, Task } from "../../tasks/task.ts";
import { PRIORITY_RANK } from "../../tasks/task.ts";
import { type DeliveryWrite, deliveryJson } from "../deliveries.ts";
import { framePieces } from "../event-frame.ts";
import { encodeChange } from "../kept-change.ts";
import type { PendingCommand, RecordStep } from "../log-change.ts";
import type { AttemptRow, EventRow, MessageRow, Rows, TaskRow } from "../rows.ts";
import { differsOnlyLive, textsDiffer } from "../task-parts.ts";
import type { KnownTask } from "./kept-tasks.ts";
import { prepared, type Statement } from "./statement.ts";
import { liveOf, recordValues, textValues } from "./task-row.ts";

const deleteAttempts = prepared("delete_attempts", "DELETE FROM attempts WHERE task_id = ANY($1)");
const deleteTasks = prepared("delete_tasks", "DELETE FROM tasks WHERE id = ANY($1)");
/** An array of tags as JSON is one value, as `unnest` needs it. */
const TAGS = "ARRAY(SELECT json_array_elements_text(tags::json))";
const insertTasks = prepared(
  "insert_tasks",
  `WITH added AS (
     INSERT INTO tasks (id, status, agent_id, priority, waits_kind, waits_since, record, texts, tags)
     SELECT id, status, agent_id, priority, waits_kind, waits_since, record, texts, ${TAGS}
     FROM unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::text[]) WITH ORDINALITY
       AS task (id, status, agent_id, priority, waits_kind, waits_since, record, texts, tags, place)
     ORDER BY place RETURNING seq, id
   ), searched AS (
     INSERT INTO task_search (seq, search)
     SELECT seq, search FROM added JOIN unnest($1::text[], $10::text[]) AS task (id, search) USING (id)
   )
   INSERT INTO task_live (seq, updated_at, live)
   SELECT seq, updated_at, live FROM added
   JOIN unnest($1::text[], $11::text[], $12::text[]) AS task (id, updated_at, live) USING (id)`,
);
const updateTasks = prepared(
  "update_tasks",
  `UPDATE tasks SET status = task.status, agent_id = task.agent_id, priority = task.priority,
     waits_kind = task.waits_kind, waits_since = task.waits_since, record = task.record
   FROM unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[])
     AS task (id, status, agent_id, priority, waits_kind, waits_since, record)
   WHERE tasks.id = task.id`,
);
const updateTexts = prepared(
  "update_texts",
  `WITH changed AS (
     UPDATE tasks SET texts = task.texts, tags = ${TAGS.replace("tags::", "task.tags::")}
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS task (id, texts, tags, search)
     WHERE tasks.id = task.id RETURNING tasks.seq, task.search
   )
   UPDATE task_search SET search = changed.search FROM changed
   WHERE task_search.seq = changed.seq AND task_search.search <> changed.search`,
);
const updateLive = prepared(
  "update_live",
  `UPDATE task_live SET updated_at = task.updated_at, live = task.live
   FROM unnest($1::bigint[], $2::text[], $3::text[]) AS task (seq, updated_at, live) WHERE task_live.seq = task.seq`,
);
const writeAttempts = prepared(
  "write_attempts",
  `INSERT INTO attempts (id, task_id, agent_id, number, state, priority, queued_at, usage, record)
   SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::smallint[], $7::text[],
     $8::text[], $9::text[])
   ON CONFLICT (id) DO UPDATE SET state = excluded.state, priority = excluded.priority, usage = excluded.usage,
     record = excluded.record`,
);
const writeMessages = prepared(
  "write_messages",
  `INSERT INTO messages (id, task_id, event_id, record)
   SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
   ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
);
const insertArtifacts = prepared(
  "insert_artifacts",
  `INSERT INTO artifacts (id, task_id, sha256, record) SELECT id, task_id, sha256, record
   FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
     WITH ORDINALITY AS artifact (id, task_id, sha256, record, place) ORDER BY place`,
);
const writePayloads = prepared(
  "write_payloads",
  `INSERT INTO sent_payloads (task_id, dispatch_id, payload)
   SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
   ON CONFLICT (task_id, dispatch_id) DO UPDATE SET payload = excluded.payload`,
);
const insertFacts = prepared(
  "insert_insight_facts",
  `INSERT INTO insight_facts (fact) SELECT fact FROM unnest($1::text[]) WITH ORDINALITY AS facts (fact, place) ORDER BY place`,
);
const writeRecords = prepared(
  "write_records",
  `INSERT INTO records (kind, id, concurrency, record)
   SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[])
   ON CONFLICT (kind, id) DO UPDATE SET concurrency = excluded.concurrency, record = excluded.record`,
);
const deleteRecords = prepared(
  "delete_records",
  "DELETE FROM records WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
);
const writeDeliveries = prepared(
  "write_deliveries",
  `INSERT INTO webhook_deliveries (id, endpoint_id, event_id, state, updated_at, record, event)
   SELECT id, endpoint_id, event_id, state, updated_at, record, event
   FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
     WITH ORDINALITY AS delivery (id, endpoint_id, event_id, state, updated_at, record, event, place)
   ORDER BY place
   ON CONFLICT (id) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at, record = excluded.record,
     event = CASE excluded.state WHEN 'delivered' THEN NULL ELSE coalesce(excluded.event, webhook_deliveries.event) END`,
);
const deleteDeliveriesOf = prepared(
  "delete_deliveries_of",
  "DELETE FROM webhook_deliveries WHERE endpoint_id = ANY($1)",
);
const insertCommands = prepared(
  "insert_commands",
  "INSERT INTO commands (id, command) SELECT * FROM unnest($1::bigint[], $2::text[])",
);
const deleteCommands = prepared("delete_commands", "DELETE FROM commands WHERE id = ANY($1)");
/**
 * Positions are counted from the log's head, which the transaction holds and moves last (log-head.ts): so they need not be known
 * when this is sent. A receipt is JSON behind its `eventId`, a frame comes in pieces around its position (event-frame.ts).
 */
const insertReceipts = prepared(
  "insert_receipts",
  `INSERT INTO receipts (key, at, answer)
   SELECT key, at, '{"eventId":' || newest + ahead || ',' || answer
   FROM log_head,
     unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY AS receipt (key, at, ahead, answer, place)
   ORDER BY place`,
);
const insertEvents = prepared(
  "insert_events",
  `INSERT INTO events (id, type, task_id, agent_id, change, entry_key, frame)
   SELECT newest + place, type, task_id, agent_id, change, entry_key,
     'id: ' || newest + place || head || newest + place || data
   FROM log_head,
     unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY
       AS event (type, task_id, agent_id, change, entry_key, head, data, place)`,
);
/** Gives a task as it was before a commit; null where it was not there. */
type Before = (id: string) => Pick<KnownTask, "value" | "seq"> | null;

/**
 * The statements that write what was planned, to be sent in one piece.
 * @param before gives a task as it was before
 */
export function writing(rows: Rows, before: Before): Statement[] {
  const statements: Statement[] = [];
  if (rows.deletedTasks.length > 0) {
    const ids = rows.deletedTasks;
    statements.push(deleteAttempts(ids), deleteTasks(ids));
  }
  if (rows.tasks.length > 0) statements.push(...writingTasks(rows.tasks, before));
  if (rows.attempts.length > 0)
    statements.push(writeAttempts(...columns(rows.attempts.map(attemptValues), 9)));
  if (rows.messages.length > 0)
    statements.push(writeMessages(...columns(rows.messages.map(messageValues), 4)));
  if (rows.deliveries.length > 0)
    statements.push(writeDeliveries(...columns(rows.deliveries.map(deliveryValues), 7)));
  if (rows.artifacts.length > 0)
    statements.push(insertArtifacts(...columns(rows.artifacts.map(artifactValues), 4)));
  if (rows.payloads.length > 0)
    statements.push(
      writePayloads(
        ...columns(
          rows.payloads.map(({ taskId, dispatchId, payload }) => [taskId, dispatchId, payload]),
          3,
        ),
      ),
    );
  if (rows.facts.length > 0) statements.push(insertFacts(rows.facts.map((fact) => JSON.stringify(fact))));
  if (rows.records.length > 0) statements.push(...records(rows.records));
  if (rows.commands.length > 0) {
    statements.push(insertCommands(...columns(rows.commands.map(commandValues), 2)));
  }
  if (rows.commandsDone.length > 0) statements.push(deleteCommands(rows.commandsDone));
  if (rows.events.length > 0) statements.push(...events(rows.events));
  return statements;
}

/** Those that write tasks, of {@link writing}. */
export function writingTasks(rows: readonly TaskRow[], before: Before): Statement[] {
  const added: Task[] = [];
  const changed: Task[] = [];
  const texts: Task[] = [];
  const live: unknown[][] = [];
  for (const { task, isKnown } of rows) {
    const known = isKnown ? before(task.id) : null;
    if (!known) added.push(task);
    else {
      live.push([Number(known.seq), task.updatedAt, liveOf(task)]);
      if (!differsOnlyLive(task, known.value)) changed.push(task);
      if (textsDiffer(task, known.value)) texts.push(task);
    }
  }
  const statements: Statement[] = [];
  if (added.length > 0) {
    const values = added.map((one) => [...recordValues(one), ...textValues(one), one.updatedAt, liveOf(one)]);
    statements.push(insertTasks(...columns(values, 12)));
  }
  if (changed.length > 0) statements.push(updateTasks(...columns(changed.map(recordValues), 7)));
  if (texts.length > 0) {
    statements.push(
      updateTexts(
        ...columns(
          texts.map((one) => [one.id, ...textValues(one)]),
          4,
        ),
      ),
    );
  }
  if (live.length > 0) statements.push(updateLive(...columns(live, 3)));
  return statements;
}

function attemptValues({ attempt }: AttemptRow): unknown[] {
  const { id, taskId, agentId, number, state, priority, queuedAt, usage }: Attempt = attempt;
  const used = usage ? JSON.stringify(usage) : null;
  const record = JSON.stringify(attempt);
  return [id, taskId, agentId, number, state, PRIORITY_RANK[priority], queuedAt, used, record];
}

function messageValues({ message, eventId }: MessageRow): unknown[] {
  return [message.id, message.taskId, eventId, JSON.stringify(message)];
}

function artifactValues(artifact: ArtifactRecord): unknown[] {
  return [artifact.id, artifact.taskId, artifact.sha256, JSON.stringify(artifact)];
}

function records(steps: readonly RecordStep[]): Statement[] {
  const statements: Statement[] = [];
  const removed = steps.filter(({ record }) => record === null).map(({ kind, id }) => [kind, id]);
  const kept = steps.flatMap(({ kind, id, record }) => {
    if (record === null) return [];
    const concurrency = "concurrency" in record ? record.concurrency : null;
    return [[kind, id, concurrency, JSON.stringify(record)]];
  });
  if (removed.length > 0) statements.push(deleteRecords(...columns(removed, 2)));
  const endpoints = removed.filter(([kind]) => kind === "webhook").map(([, id]) => id);
  if (endpoints.length > 0) statements.push(deleteDeliveriesOf(endpoints));
  if (kept.length > 0) statements.push(writeRecords(...columns(kept, 4)));
  return statements;
}

function deliveryValues(delivery: DeliveryWrite): unknown[] {
  const { id, endpointId, eventId, state, updatedAt, event } = delivery;
  return [id, endpointId, eventId, state, updatedAt, deliveryJson(delivery), event ?? null];
}

function commandValues(command: PendingCommand): unknown[] {
  return [command.id, JSON.stringify(command)];
}

function events(rows: readonly EventRow[]): Statement[] {
  const statements: Statement[] = [];
  const before = (rows[0] as EventRow).id - 1;
  const receipts = rows.flatMap(({ receipt }) => (receipt ? [receipt] : []));
  if (receipts.length > 0) {
    const values = receipts.map(({ key, receipt: { eventId, ...answer } }) => [
      key,
      answer.at,
      (eventId as number) - before,
      JSON.stringify(answer).slice(1),
    ]);
    statements.push(insertReceipts(...columns(values, 4)));
  }
  const values = rows.map(({ id, type, taskId, agentId, change, entryKey, frame }) => [
    type,
    taskId ?? null,
    agentId ?? null,
    change ? encodeChange(change) : null,
    entryKey ?? null,
    ...framePieces(id, frame),
  ]);
  statements.push(insertEvents(...columns(values, 7)));
  return statements;
}

/** Rows of so many values, as one array for each column. */
function columns(rows: readonly (readonly unknown[])[], count: number): unknown[][] {
  return Array.from({ length: count }, (_, index) => rows.map((row) => row[index]));
}
