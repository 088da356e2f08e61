import type { ArtifactRecord } from "../tasks/artifact.ts";
import type { InsightFact } from "../tasks/insight-fact.ts";
import { type Attempt, type Message, occupiesSlot, PRIORITY_RANK, type Task } from "../tasks/task.ts";
import type { DeliveryWrite } from "./deliveries.ts";
import type { PendingCommand, RecordStep } from "./log-change.ts";
import type { Receipt } from "./receipt.ts";
import type { AgentRecord, RecordKind, RecordKinds } from "./records.ts";
import type { AttemptRow, EventRow, MessageRow, Rows, TaskRow } from "./rows.ts";
import type { PayloadRow } from "./sent-payload.ts";
import type { WorkingSet } from "./working-set.ts";

interface AttemptEntry {
  /** As the working set has it; null when it does not. */
  before: Attempt | null;
  /** As it will be; null when it is deleted. */
  after: Attempt | null;
  asOf: number;
  followsFromEvents: boolean;
}

/** Nothing of its kind, as with most kinds in most commits: a map is made where something goes into it. */
const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();
const NONE: readonly never[] = [];

/** What the operations planned so far change. A record, and no fields of the draft: one is made for every commit. */
interface Changes {
  tasks: ReadonlyMap<string, TaskRow | null>;
  deletedTasks: ReadonlyMap<string, true>;
  attempts: ReadonlyMap<string, AttemptEntry>;
  /** The attempts above, by agent. */
  attemptsByAgent: ReadonlyMap<string, Set<AttemptEntry>>;
  messages: ReadonlyMap<string, MessageRow>;
  receipts: ReadonlyMap<string, Receipt>;
  records: ReadonlyMap<string, RecordStep>;
  events: EventRow[];
  artifacts: ArtifactRecord[];
  commands: PendingCommand[];
  commandsDone: number[];
  deliveries: ReadonlyMap<string, DeliveryWrite>;
  facts: InsightFact[];
  payloads: ReadonlyMap<string, PayloadRow>;
}

/** The store as the operations planned so far leave it: the working set, and what they change about it. */
export class Draft implements WorkingSet {
  readonly #before: WorkingSet;
  readonly #changes: Changes = {
    tasks: NOTHING,
    deletedTasks: NOTHING,
    attempts: NOTHING,
    attemptsByAgent: NOTHING,
    messages: NOTHING,
    receipts: NOTHING,
    records: NOTHING,
    events: [],
    artifacts: [],
    commands: [],
    commandsDone: [],
    deliveries: NOTHING,
    facts: [],
    payloads: NOTHING,
  };

  constructor(before: WorkingSet) {
    this.#before = before;
  }

  get nextEventId(): number {
    return this.#before.nextEventId + this.#changes.events.length;
  }

  task(id: string): Task | null {
    const row = this.#changes.tasks.get(id);
    return row === undefined ? this.#before.task(id) : (row?.task ?? null);
  }

  attempt(id: string): Attempt | null {
    const entry = this.#changes.attempts.get(id);
    return entry ? entry.after : this.#before.attempt(id);
  }

  attemptsOf(taskId: string): Attempt[] {
    const kept = this.#before.attemptsOf(taskId).filter(({ id }) => !this.#changes.attempts.has(id));
    for (const { after } of this.#changes.attempts.values()) if (after?.taskId === taskId) kept.push(after);
    return kept.sort((a, b) => a.number - b.number);
  }

  message(id: string): Message | null {
    const message = this.#changes.messages.get(id)?.message ?? this.#before.message(id);
    // With its task, a message is gone.
    return message && this.#changes.tasks.get(message.taskId) !== null ? message : null;
  }

  receipt(key: string): Receipt | null {
    return this.#changes.receipts.get(key) ?? this.#before.receipt(key);
  }

  record<Kind extends RecordKind>(kind: Kind, id: string): RecordKinds[Kind] | null {
    const step = this.#changes.records.get(`${kind} ${id}`);
    return step ? (step.record as RecordKinds[Kind] | null) : this.#before.record(kind, id);
  }

  agents(): readonly AgentRecord[] {
    const changed = [...this.#changes.records.values()].filter(({ kind }) => kind === "agent");
    const ids = new Set(changed.map(({ id }) => id));
    const edited = changed
      .map(({ record }) => record as AgentRecord | null)
      .filter((record) => record !== null);
    return [...this.#before.agents().filter(({ id }) => !ids.has(id)), ...edited];
  }

  underWay(agentId: string): number {
    let count = this.#before.underWay(agentId);
    for (const { before, after } of this.#changes.attemptsByAgent.get(agentId) ?? []) {
      count +=
        Number(after !== null && occupiesSlot(after)) - Number(before !== null && occupiesSlot(before));
    }
    return count;
  }

  queued(agentId: string, limit: number): Attempt[] {
    const changed = this.#changes.attemptsByAgent.get(agentId);
    if (!changed) return [...this.#before.queued(agentId, limit)];
    const queue = this.#before
      .queued(agentId, Math.min(limit + changed.size, Number.MAX_SAFE_INTEGER))
      .filter(({ id }) => !this.#changes.attempts.has(id));
    for (const { after } of changed) if (after?.state === "queued") queue.push(after);
    return queue.sort(byUrgency).slice(0, limit);
  }

  fence(lease: string): number | null {
    return this.#before.fence(lease);
  }

  /**
   * @param asOf id of the newest event whose effect it shows
   * @param followsFromEvents whether those of this change say all that it has become by it
   */
  setTask(task: Task, asOf: number, followsFromEvents: boolean): void {
    const isKnown = !this.#changes.deletedTasks.has(task.id) && this.#before.task(task.id) !== null;
    const follows = followsFromEvents && (this.#changes.tasks.get(task.id)?.followsFromEvents ?? true);
    this.#changes.tasks = put(this.#changes.tasks, task.id, {
      task,
      isKnown,
      asOf,
      followsFromEvents: follows,
    });
  }

  /** @param attempts all of the task's */
  deleteTask(id: string, attempts: readonly Attempt[]): void {
    this.#changes.tasks = put(this.#changes.tasks, id, null);
    this.#changes.artifacts = this.#changes.artifacts.filter(({ taskId }) => taskId !== id);
    if (this.#before.task(id)) this.#changes.deletedTasks = put(this.#changes.deletedTasks, id, true);
    for (const attempt of attempts) this.#enter(attempt, this.#before.attempt(attempt.id)).after = null;
  }

  /**
   * @param current the attempt as it is now; null when it is new
   * @param asOf id of the newest event whose effect it shows
   * @param followsFromEvents whether an event of this change brings what it has become by it
   */
  setAttempt(attempt: Attempt, current: Attempt | null, asOf: number, followsFromEvents: boolean): void {
    const entry = this.#enter(attempt, current);
    entry.after = attempt;
    entry.asOf = asOf;
    entry.followsFromEvents &&= followsFromEvents;
  }

  /** @param eventId the id of the event that announces it */
  setMessage(message: Message, eventId: number): void {
    const known = this.#changes.messages.get(message.id);
    const isKnown = known ? known.isKnown : this.#before.message(message.id) !== null;
    this.#changes.messages = put(this.#changes.messages, message.id, {
      message,
      isKnown,
      eventId: known?.eventId ?? eventId,
    });
  }

  addArtifact(artifact: ArtifactRecord): void {
    this.#changes.artifacts.push(artifact);
  }

  setReceipt(key: string, receipt: Receipt): void {
    this.#changes.receipts = put(this.#changes.receipts, key, receipt);
  }

  setRecord<Kind extends RecordKind>(kind: Kind, id: string, record: RecordKinds[Kind] | null): void {
    this.#changes.records = put(this.#changes.records, `${kind} ${id}`, { kind, id, record });
  }

  setDeliveries(deliveries: readonly DeliveryWrite[]): void {
    for (const delivery of deliveries)
      this.#changes.deliveries = put(this.#changes.deliveries, delivery.id, delivery);
  }

  setPayload(row: PayloadRow): void {
    this.#changes.payloads = put(this.#changes.payloads, row.dispatchId, row);
  }

  addFact(fact: InsightFact): void {
    this.#changes.facts.push(fact);
  }

  addCommand(command: PendingCommand): void {
    this.#changes.commands.push(command);
  }

  commandDone(id: number): void {
    this.#changes.commandsDone.push(id);
  }

  /** @param rows numbered from {@link nextEventId} on */
  addEvents(rows: readonly EventRow[]): void {
    this.#changes.events.push(...rows);
  }

  get rows(): Rows {
    const { deletedTasks, tasks, attempts, messages, records, deliveries, payloads } = this.#changes;
    const { events, artifacts, commands, commandsDone, facts } = this.#changes;
    // With its task, what belongs to it is gone.
    const isKept = ({ taskId }: { taskId: string }) => tasks.get(taskId) !== null;
    return {
      deletedTasks: deletedTasks.size === 0 ? NONE : [...deletedTasks.keys()],
      tasks: valuesOf(tasks).filter((row) => row !== null),
      attempts: attempts.size === 0 ? NONE : this.#attemptRows(),
      messages: messages.size === 0 ? NONE : valuesOf(messages).filter(({ message }) => isKept(message)),
      artifacts,
      events,
      commands,
      commandsDone,
      records: valuesOf(records),
      deliveries: valuesOf(deliveries),
      facts,
      payloads: payloads.size === 0 ? NONE : valuesOf(payloads).filter(isKept),
    };
  }

  #attemptRows(): AttemptRow[] {
    const rows: AttemptRow[] = [];
    for (const { before, after, asOf, followsFromEvents } of this.#changes.attempts.values()) {
      if (!after) continue;
      const isKnown = before !== null && !this.#changes.deletedTasks.has(before.taskId);
      rows.push({ attempt: after, isKnown, asOf, followsFromEvents });
    }
    return rows;
  }

  #enter(attempt: Attempt, before: Attempt | null): AttemptEntry {
    const known = this.#changes.attempts.get(attempt.id);
    if (known) return known;
    const entry: AttemptEntry = { before, after: attempt, asOf: 0, followsFromEvents: true };
    this.#changes.attempts = put(this.#changes.attempts, attempt.id, entry);
    const ofAgent = this.#changes.attemptsByAgent.get(attempt.agentId);
    if (ofAgent) ofAgent.add(entry);
    else
      this.#changes.attemptsByAgent = put(this.#changes.attemptsByAgent, attempt.agentId, new Set([entry]));
    return entry;
  }
}

/** The order of a queue: most urgent first, then oldest first. */
export function byUrgency(a: Attempt, b: Attempt): number {
  const urgency = PRIORITY_RANK[b.priority] - PRIORITY_RANK[a.priority];
  if (urgency !== 0) return urgency;
  return a.queuedAt < b.queuedAt || (a.queuedAt === b.queuedAt && a.id < b.id) ? -1 : 1;
}

/** Puts an entry into a map of the draft's own. @returns that map, which {@link NOTHING} is not */
function put<Value>(map: ReadonlyMap<string, Value>, key: string, value: Value): ReadonlyMap<string, Value> {
  const own = map === NOTHING ? new Map<string, Value>() : (map as Map<string, Value>);
  return own.set(key, value);
}

function valuesOf<Value>(map: ReadonlyMap<string, Value>): readonly Value[] {
  return map.size === 0 ? NONE : [...map.values()];
}
