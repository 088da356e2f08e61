import type { QueryResult } from "pg";
import type { Attempt, Message, Task } from "../../tasks/task.ts";
import { Needs } from "../needs.ts";
import { callbackScope, type Receipt, receiptKey } from "../receipt.ts";
import type { AgentRecord, RecordKind, RecordKinds } from "../records.ts";
import type { WorkingSet } from "../working-set.ts";
import type { Kept, KnownTask } from "./kept-tasks.ts";
import { prepared, type Statement } from "./statement.ts";
import { TASK_COLUMNS, TASKS, taskOf } from "./task-row.ts";

/** The condition of the index `attempts_under_way`, word for word. */
export const UNDER_WAY = "state IN ('sending', 'accepted', 'running', 'unknown')";

const selectTasks = prepared(
  "load_tasks",
  `SELECT ${TASK_COLUMNS}, seq, task_live.xmin::text AS revision FROM ${TASKS} WHERE tasks.id = ANY($1)`,
);
const selectAttempts = prepared(
  "load_attempts",
  "SELECT record, xmin::text AS revision FROM attempts WHERE id = ANY($1) OR task_id = ANY($2)",
);
const selectMessages = prepared("load_messages", "SELECT id, record FROM messages WHERE id = ANY($1)");
const selectReceipts = prepared("load_receipts", "SELECT key, answer FROM receipts WHERE key = ANY($1)");
const selectReceiptsOfAttempts = prepared(
  "load_receipts_of_attempts",
  `SELECT receipts.key, receipts.answer FROM unnest($1::text[], $2::text[]) AS asked (task_id, key)
   JOIN attempts USING (task_id) JOIN receipts ON receipts.key = $3 || attempts.id || asked.key`,
);
const selectRecords = prepared(
  "load_records",
  "SELECT kind, id, record FROM records WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
);
const selectAgents = prepared("load_agents", "SELECT record FROM records WHERE kind = 'agent' ORDER BY id");
const selectUnderWay = prepared(
  "load_under_way",
  `SELECT agent_id, count(*)::int AS count FROM attempts WHERE ${UNDER_WAY} AND agent_id = ANY($1) GROUP BY agent_id`,
);
/** What an agent has free slots for and some more; where the agent is gone, all of its queue. */
const selectQueues = prepared(
  "load_queues",
  `SELECT asked.agent_id, asked.most, queue.attempt, ${TASK_COLUMNS}, tasks.seq FROM (
     SELECT agent_id, CASE WHEN agents.id IS NULL THEN NULL ELSE
       greatest(0, agents.concurrency -
         (SELECT count(*) FROM attempts WHERE ${UNDER_WAY} AND agent_id = one.agent_id)) + one.beyond
       END AS most
     FROM unnest($1::text[], $2::bigint[]) AS one (agent_id, beyond)
     LEFT JOIN records AS agents ON agents.kind = 'agent' AND agents.id = one.agent_id
   ) AS asked
   LEFT JOIN LATERAL (
     SELECT record AS attempt, task_id, priority, queued_at, id FROM attempts
     WHERE state = 'queued' AND agent_id = asked.agent_id
     ORDER BY priority DESC, queued_at, id LIMIT asked.most
   ) AS queue ON true
   LEFT JOIN tasks ON tasks.id = queue.task_id LEFT JOIN task_live USING (seq)
   ORDER BY asked.agent_id, queue.priority DESC, queue.queued_at, queue.id`,
);
const selectFences = prepared("load_fences", "SELECT name, fence FROM leases WHERE name = ANY($1)");

/** A statement that loads something, and what to do with its answer. */
export interface Loading {
  statement: Statement;
  take: (answer: QueryResult) => void;
}

/** The first attempts of a queue. */
interface Queue {
  attempts: Attempt[];
  /** So many were asked for: fewer are all there are. */
  most: number;
}

interface LoadedParts extends Omit<KnownTask, "value"> {
  attempts: Map<string, Kept<Attempt>>;
}

/** What a plan looks at is not loaded yet. */
export class NotLoadedError extends Error {
  override name = "NotLoadedError";
}

/**
 * What was loaded for a plan, beforehand and under the lock that orders commits. A plan that looks at more than that
 * gets an error; {@link missing} is what it has to be made with, again.
 */
export class LoadedWorkingSet implements WorkingSet {
  /** Set once the log's head is known. */
  nextEventId = 0;
  readonly #tasks = new Map<string, Task | null>();
  readonly #parts = new Map<string, LoadedParts>();
  readonly #attempts = new Map<string, Attempt | null>();
  readonly #attemptsOf = new Map<string, readonly Attempt[]>();
  readonly #messages = new Map<string, Message | null>();
  readonly #receipts = new Map<string, Receipt | null>();
  readonly #records = new Map<string, RecordKinds[RecordKind] | null>();
  #agents: readonly AgentRecord[] | undefined;
  readonly #underWay = new Map<string, number>();
  readonly #queues = new Map<string, Queue>();
  readonly #fences = new Map<string, number | null>();
  #missing: Needs | null = null;

  /** What was looked at without being there, since it was asked for last; null for nothing. */
  takeMissing(): Needs | null {
    const missing = this.#missing;
    this.#missing = null;
    return missing;
  }

  task(id: string): Task | null {
    return this.#found(this.#tasks.get(id), (missing) => missing.tasks.add(id));
  }

  attempt(id: string): Attempt | null {
    return this.#found(this.#attempts.get(id), (missing) => missing.attempts.add(id));
  }

  attemptsOf(taskId: string): readonly Attempt[] {
    return this.#found(this.#attemptsOf.get(taskId), (missing) => missing.attemptsOf.add(taskId));
  }

  message(id: string): Message | null {
    return this.#found(this.#messages.get(id), (missing) => missing.messages.add(id));
  }

  receipt(key: string): Receipt | null {
    return this.#found(this.#receipts.get(key), (missing) => missing.receipts.add(key));
  }

  record<Kind extends RecordKind>(kind: Kind, id: string): RecordKinds[Kind] | null {
    const known = this.#records.get(`${kind} ${id}`);
    return this.#found(known, (missing) => missing.addRecord({ kind, id })) as RecordKinds[Kind] | null;
  }

  agents(): readonly AgentRecord[] {
    return this.#found(this.#agents, (missing) => {
      missing.agents = true;
    });
  }

  underWay(agentId: string): number {
    return this.#found(this.#underWay.get(agentId), (missing) => missing.underWay.add(agentId));
  }

  queued(agentId: string, limit: number): readonly Attempt[] {
    const queue = this.#queues.get(agentId);
    const isEnough = queue && (queue.attempts.length < queue.most || limit <= queue.most);
    const attempts = isEnough ? queue.attempts.slice(0, limit) : undefined;
    return this.#found(attempts, (missing) => missing.addQueue(agentId, limit));
  }

  fence(lease: string): number | null {
    return this.#found(this.#fences.get(lease), (missing) => missing.leases.add(lease));
  }

  /** A task that was loaded, with where it is; null where there is none. */
  known(id: string): KnownTask | null {
    const parts = this.#parts.get(id);
    const value = this.task(id);
    return value && parts ? { value, ...parts } : null;
  }

  /** What loads what is needed: answers are to be taken in this order. */
  loading(needs: Needs): Loading[] {
    const steps: Loading[] = [];
    const step = (isNeeded: boolean, statement: () => Statement, take: (answer: QueryResult) => void) => {
      if (isNeeded) steps.push({ statement: statement(), take });
    };
    const { tasks, attempts, attemptsOf, messages, receipts, receiptsOfAttempts } = needs;
    const { queues, underWay, leases } = needs;
    step(
      tasks.size > 0,
      () => selectTasks([...tasks]),
      ({ rows }) => {
        for (const id of tasks) this.#tasks.set(id, null);
        for (const row of rows) this.#takeTask(row);
      },
    );
    step(
      attempts.size + attemptsOf.size > 0,
      () => selectAttempts([...attempts], [...attemptsOf]),
      ({ rows }) => this.#takeAttempts(needs, rows),
    );
    step(
      messages.size > 0,
      () => selectMessages([...messages]),
      ({ rows }) => {
        for (const id of messages) this.#messages.set(id, null);
        for (const { id, record } of rows) this.#messages.set(id, JSON.parse(record) as Message);
      },
    );
    const takeReceipts = ({ rows }: QueryResult) => {
      for (const { key, answer } of rows) this.#receipts.set(key, JSON.parse(answer) as Receipt);
    };
    step(
      receipts.size > 0,
      () => selectReceipts([...receipts]),
      (answer) => {
        for (const key of receipts) this.#receipts.set(key, null);
        takeReceipts(answer);
      },
    );
    step(
      receiptsOfAttempts.length > 0,
      () =>
        selectReceiptsOfAttempts(
          receiptsOfAttempts.map(({ taskId }) => taskId),
          receiptsOfAttempts.map(({ key }) => receiptKey("", key)),
          callbackScope(""),
        ),
      (answer) => {
        for (const { taskId, key } of receiptsOfAttempts) {
          for (const { id } of this.#attemptsOf.get(taskId) ?? [])
            this.#receipts.set(receiptKey(callbackScope(id), key), null);
        }
        takeReceipts(answer);
      },
    );
    const records = [...needs.records.values()];
    step(
      records.length > 0,
      () =>
        selectRecords(
          records.map(({ kind }) => kind),
          records.map(({ id }) => id),
        ),
      ({ rows }) => {
        for (const { kind, id } of records) this.#records.set(`${kind} ${id}`, null);
        for (const { kind, id, record } of rows) this.#records.set(`${kind} ${id}`, JSON.parse(record));
      },
    );
    step(
      needs.agents,
      () => selectAgents(),
      ({ rows }) => {
        this.#agents = rows.map(({ record }) => JSON.parse(record) as AgentRecord);
      },
    );
    step(
      underWay.size > 0,
      () => selectUnderWay([...underWay]),
      ({ rows }) => {
        for (const agentId of underWay) this.#underWay.set(agentId, 0);
        for (const { agent_id, count } of rows) this.#underWay.set(agent_id, count);
      },
    );
    step(
      queues.size > 0,
      () => selectQueues([...queues.keys()], [...queues.values()]),
      ({ rows }) => this.#takeQueues(rows),
    );
    step(
      leases.size > 0,
      () => selectFences([...leases]),
      ({ rows }) => {
        for (const name of leases) this.#fences.set(name, null);
        for (const { name, fence } of rows) this.#fences.set(name, fence === null ? null : Number(fence));
      },
    );
    return steps;
  }

  #takeTask(row: QueryResult["rows"][number]): void {
    this.#tasks.set(row.id, taskOf(row));
    this.#parts.set(row.id, { seq: row.seq, size: row.texts.length, attempts: new Map() });
  }

  #takeAttempts(needs: Needs, rows: QueryResult["rows"]): void {
    for (const id of needs.attempts) this.#attempts.set(id, null);
    const byTask = new Map([...needs.attemptsOf].map((taskId): [string, Attempt[]] => [taskId, []]));
    for (const { record, revision } of rows) {
      const attempt = JSON.parse(record) as Attempt;
      this.#attempts.set(attempt.id, attempt);
      this.#parts.get(attempt.taskId)?.attempts.set(attempt.id, { value: attempt, revision });
      byTask.get(attempt.taskId)?.push(attempt);
    }
    for (const [taskId, attempts] of byTask) {
      this.#attemptsOf.set(
        taskId,
        attempts.sort((a, b) => a.number - b.number),
      );
    }
  }

  #takeQueues(rows: QueryResult["rows"]): void {
    const loaded = new Map<string, Queue>();
    for (const row of rows) {
      const most = row.most === null ? Number.MAX_SAFE_INTEGER : Number(row.most);
      const queue = loaded.get(row.agent_id) ?? { attempts: [], most };
      loaded.set(row.agent_id, queue);
      if (row.attempt === null) continue;
      const attempt = JSON.parse(row.attempt) as Attempt;
      queue.attempts.push(attempt);
      this.#attempts.set(attempt.id, attempt);
      this.#takeTask(row);
    }
    for (const [agentId, queue] of loaded) this.#queues.set(agentId, queue);
  }

  #found<Value>(value: Value | undefined, miss: (missing: Needs) => void): Value {
    if (value !== undefined) return value;
    this.#missing ??= new Needs();
    miss(this.#missing);
    throw new NotLoadedError("The plan looks at what was not loaded.");
  }
}
