import type { Usage } from "@mission-control/protocol";
import type { QueryResult } from "pg";
import type { Attempt, Message, Task } from "../../tasks/task.ts";
import { UsageSum } from "../../tasks/usage.ts";
import type { PendingCommand } from "../log-change.ts";
import { messagePage } from "../message-page.ts";
import type { RecordKind, RecordKinds } from "../records.ts";
import type { SentPayload } from "../sent-payload.ts";
import type { MessagePage, Snapshot, WorkInHand } from "../store.ts";
import type { Database } from "./database.ts";
import { prepared, type Statement } from "./statement.ts";
import { TASK_COLUMNS, TASKS, taskOf } from "./task-row.ts";
import { UNDER_WAY } from "./working-set.ts";

const selectHead = prepared("head", "SELECT newest FROM log_head");
const selectTask = prepared("task", `SELECT ${TASK_COLUMNS} FROM ${TASKS} WHERE tasks.id = $1`);
const selectAttempt = prepared("attempt", "SELECT record FROM attempts WHERE id = $1");
const selectOfTask = prepared(
  "attempts_of_task",
  "SELECT record FROM attempts WHERE task_id = $1 ORDER BY number",
);
const selectPayload = prepared(
  "sent_payload",
  "SELECT payload AS record FROM sent_payloads WHERE task_id = $1 AND dispatch_id = $2",
);
const selectMessage = prepared("message", "SELECT record FROM messages WHERE id = $1");
const selectMessages = prepared(
  "messages",
  "SELECT event_id, record FROM messages WHERE task_id = $1 AND event_id > $2 ORDER BY event_id LIMIT $3",
);
const selectRecord = prepared("record", "SELECT record FROM records WHERE kind = $1 AND id = $2");
const selectRecords = prepared("records", "SELECT record FROM records WHERE kind = $1 ORDER BY id");
const selectCommands = prepared("commands", "SELECT command AS record FROM commands ORDER BY id");
const selectCommand = prepared("command", "SELECT FROM commands WHERE id = $1");
const selectAllUnderWay = prepared("all_under_way", `SELECT record FROM attempts WHERE ${UNDER_WAY}`);
const selectQueueLengths = prepared(
  "queue_lengths",
  "SELECT agent_id, count(*)::int AS length FROM attempts WHERE state = 'queued' GROUP BY agent_id",
);
const selectUsage = prepared("usage", "SELECT agent_id, usage FROM attempts WHERE usage IS NOT NULL");

/** Tasks, attempts, records and commands as they are, each read in one round trip. */
export class Tables {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async task(id: string): Promise<Task | null> {
    const [answer] = await this.#database.read(selectTask(id));
    const row = answer?.rows[0];
    return row ? taskOf(row) : null;
  }

  async attempt(id: string): Promise<Attempt | null> {
    return (await this.#parsed<Attempt>(selectAttempt(id)))[0] ?? null;
  }

  /** All attempts of a task, oldest first. */
  attemptsOf(taskId: string): Promise<Attempt[]> {
    return this.#parsed(selectOfTask(taskId));
  }

  async sentPayload(taskId: string, dispatchId: string): Promise<SentPayload | null> {
    return (await this.#parsed<SentPayload>(selectPayload(taskId, dispatchId)))[0] ?? null;
  }

  async message(id: string): Promise<Message | null> {
    return (await this.#parsed<Message>(selectMessage(id)))[0] ?? null;
  }

  async messagesOf(taskId: string, after: number, limit: number): Promise<MessagePage> {
    const [answer] = await this.#database.read(selectMessages(taskId, after, limit + 1));
    const rows = answer?.rows ?? [];
    return messagePage(
      rows.map(({ event_id, record }) => ({ eventId: Number(event_id), record })),
      limit,
    );
  }

  async record<Kind extends RecordKind>(kind: Kind, id: string): Promise<RecordKinds[Kind] | null> {
    return (await this.#parsed<RecordKinds[Kind]>(selectRecord(kind, id)))[0] ?? null;
  }

  records<Kind extends RecordKind>(kind: Kind): Promise<RecordKinds[Kind][]> {
    return this.#parsed(selectRecords(kind));
  }

  pendingCommands(): Promise<PendingCommand[]> {
    return this.#parsed(selectCommands());
  }

  async isCommandPending(id: number): Promise<boolean> {
    const [answer] = await this.#database.read(selectCommand(id));
    return answer?.rowCount === 1;
  }

  async workInHand(): Promise<WorkInHand> {
    return workOf(await this.#database.readAtOnce(...WORK));
  }

  async snapshot(): Promise<Snapshot> {
    const answers = await this.#database.readAtOnce(...WORK, selectRecords("agent"), selectUsage());
    const [agents, usage] = answers.slice(WORK.length);
    return { ...workOf(answers), agents: parsed(agents), usageByAgent: sums(usage) };
  }

  async #parsed<Value>(statement: Statement): Promise<Value[]> {
    const [answer] = await this.#database.read(statement);
    return parsed(answer);
  }
}

/** What the work in hand is read from. */
const WORK = [selectHead(), selectAllUnderWay(), selectQueueLengths(), selectCommands()] as const;

/** @param answers to {@link WORK} */
function workOf([head, underWay, queues, commands]: readonly QueryResult[]): WorkInHand {
  return {
    lastEventId: Number(head?.rows[0]?.newest),
    underWay: parsed(underWay),
    queueLengths: new Map(queues?.rows.map(({ agent_id, length }) => [agent_id, length])),
    commands: parsed(commands),
  };
}

/** The JSON in a column `record`. */
function parsed<Value>(answer: QueryResult | undefined): Value[] {
  return (answer?.rows ?? []).map(({ record }) => JSON.parse(record) as Value);
}

function sums(answer: QueryResult | undefined): Map<string, UsageSum> {
  const byAgent = new Map<string, UsageSum>();
  for (const { agent_id, usage } of answer?.rows ?? []) {
    const sum = byAgent.get(agent_id) ?? new UsageSum();
    sum.add(JSON.parse(usage) as Usage);
    byAgent.set(agent_id, sum);
  }
  return byAgent;
}
