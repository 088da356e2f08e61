import { randomBytes } from "node:crypto";
import {
  type AgentView,
  type CreateAgent,
  type Endpoint,
  formatSecret,
  type JsonObject,
  type LogEvent,
  type NewEvent,
  type PatchAgent,
} from "@mission-control/protocol";
import type { AgentTarget, Reachability } from "../gateways/gateway.ts";
import { newId } from "../ids.ts";
import { decodeFrame } from "../store/event-frame.ts";
import type { AttemptStep } from "../store/log-change.ts";
import { Position } from "../store/position.ts";
import type { AgentRecord } from "../store/records.ts";
import type { Follower, LogEntry, Snapshot, Store } from "../store/store.ts";
import { occupiesSlot } from "../tasks/task.ts";
import { UsageSum } from "../tasks/usage.ts";
import { keptEndpoint, shownEndpoint } from "./agent-endpoint.ts";

/** The agent is not sent anything signed: it lives behind a gateway. */
export class NoAgentSecretError extends Error {
  readonly code = "no_agent_secret";
  override name = "NoAgentSecretError";
}

/** The agent still has work. */
export class AgentBusyError extends Error {
  readonly code = "agent_busy";
  override name = "AgentBusyError";
}

interface Entry {
  record: AgentRecord;
  running: Set<string>;
  queued: number;
  usage: UsageSum;
  lastSeenAt: string | null;
  /** Whether it can be reached, as the log last told, by whichever node; null while it never did. */
  announced: Reachability | null;
  /** The same, as this node has announced it or read it, whichever came last. */
  lastStatus: Reachability["status"];
}

export interface AgentDirectoryOptions {
  store: Store;
  now: () => Date;
  /** Whether an agent can be reached, as this node or its gateway's knows; null for nothing. */
  reachability: (target: AgentTarget) => Reachability | null;
  /** Whether agents may have link-local addresses; default false. */
  allowLinkLocal?: boolean;
}

/** An agent that has work in hand, for who looks whether it is still there. */
export interface WorkingAgent {
  target: AgentTarget;
  /** When it last said something itself; null when never. */
  lastSeenAt: string | null;
}

/**
 * The agents, and what they are doing: a view of the store, built from a snapshot and changed by nothing but the log.
 */
export class AgentDirectory {
  readonly #options: AgentDirectoryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #position: Position;
  readonly #follower: Follower;

  static async open(options: AgentDirectoryOptions): Promise<AgentDirectory> {
    const { store } = options;
    const snapshot = await store.snapshot();
    const past = new Map<string, Past>();
    for (const { id } of snapshot.agents) {
      const seen = await store.history(null, { agentId: id, types: SEEN_BY }, 1);
      const said = await store.history(null, { agentId: id, types: ["agent"] }, STATUS_EVENTS);
      const statuses = said.items.map(announcedBy).filter((one) => one !== null);
      past.set(id, { lastSeenAt: seen.items[0]?.receivedAt ?? null, announced: statuses[0] ?? null });
    }
    return new AgentDirectory(options, snapshot, past);
  }

  private constructor(options: AgentDirectoryOptions, snapshot: Snapshot, past: ReadonlyMap<string, Past>) {
    this.#options = options;
    for (const record of snapshot.agents) {
      const { id } = record;
      const entry = newEntry(record);
      entry.queued = snapshot.queueLengths.get(id) ?? 0;
      entry.usage = snapshot.usageByAgent.get(id) ?? entry.usage;
      Object.assign(entry, past.get(id));
      entry.lastStatus = entry.announced?.status ?? "unknown";
      this.#entries.set(id, entry);
    }
    for (const { id, agentId } of snapshot.underWay) this.#entries.get(agentId)?.running.add(id);
    this.#position = new Position(snapshot.lastEventId);
    this.#follower = options.store.follow(snapshot.lastEventId, (entries) => this.#follow(entries));
  }

  close(): void {
    this.#follower.close();
  }

  /** Resolves when the view shows the effect of an event that is in the log. @throws BehindLogError */
  reached(eventId: number | null): Promise<void> {
    return this.#position.reached(eventId);
  }

  /** The same for those who go on however late the view is: resolves to whether it shows the effect. */
  reachedInTime(eventId: number | null): Promise<boolean> {
    return this.#position.reachedInTime(eventId);
  }

  /**
   * Resolves when the view shows all that is in the log by now: what a client was answered before, by whichever node, or
   * saw in the stream, which follows the log at a position of its own.
   * @throws BehindLogError
   */
  async caughtUp(): Promise<void> {
    const { newest } = await this.#options.store.range();
    await this.reached(newest);
  }

  list(): AgentView[] {
    return [...this.#entries.values()].map((entry) => this.#view(entry));
  }

  get(id: string): AgentView | null {
    const entry = this.#entries.get(id);
    return entry ? this.#view(entry) : null;
  }

  /** Whether something waits for an agent, as far as this view has come. */
  hasQueue(id: string): boolean {
    return (this.#entries.get(id)?.queued ?? 0) > 0;
  }

  /** Whether an agent takes one more attempt now, as far as this view has come. */
  hasFreeSlot(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry !== undefined && entry.running.size < entry.record.concurrency;
  }

  /** The agents that have work in hand. */
  working(): WorkingAgent[] {
    return [...this.#entries.values()]
      .filter(({ running }) => running.size > 0)
      .map(({ record, lastSeenAt }) => ({ target: targetOf(record), lastSeenAt }));
  }

  /**
   * Registers an agent; an HTTP agent's `secret` is made here and shown this once.
   * @throws AgentEndpointError
   */
  async create(given: CreateAgent): Promise<{ agent: AgentView; secret?: string }> {
    const fields = { ...given, endpoint: this.#keptEndpoint(given.endpoint) };
    const now = this.#options.now().toISOString();
    const secret = fields.endpoint.kind === "http" ? formatSecret(randomBytes(32)) : undefined;
    const record: AgentRecord = {
      id: newId("agent"),
      ...fields,
      ...(secret === undefined ? {} : { secret }),
      createdAt: now,
      updatedAt: now,
    };
    const event = agentEvent(record, now, { change: "created" });
    const { eventId } = await this.#options.store.edit("agent", record.id, () => ({ record, event }));
    await this.reachedInTime(eventId);
    return { agent: this.#viewOf(record), ...(secret === undefined ? {} : { secret }) };
  }

  /**
   * @returns null when there is no such agent; `secret` is there, this once, when the edit made it an HTTP agent
   * @throws AgentEndpointError
   */
  async update(id: string, fields: PatchAgent): Promise<{ agent: AgentView; secret?: string } | null> {
    const now = this.#options.now().toISOString();
    const changed = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const newSecret = formatSecret(randomBytes(32));
    let secret: string | undefined;
    const { record, eventId } = await this.#options.store.edit("agent", id, (current) => {
      if (!current) return { record: null };
      const edited: AgentRecord = { ...current, ...changed, updatedAt: now };
      if (fields.endpoint) edited.endpoint = this.#keptEndpoint(fields.endpoint, current.endpoint);
      const needsSecret = edited.endpoint.kind === "http" && edited.secret === undefined;
      secret = needsSecret ? newSecret : undefined;
      if (secret !== undefined) edited.secret = secret;
      const event = agentEvent(edited, now, { change: "edited", fields: Object.keys(changed) });
      return { record: edited, event };
    });
    if (!record) return null;
    await this.reachedInTime(eventId);
    return { agent: this.#viewOf(record), ...(secret === undefined ? {} : { secret }) };
  }

  /**
   * Gives an HTTP agent a new secret; the one it had signs beside it for a while.
   * @returns null when there is no such agent
   * @throws NoAgentSecretError when it is behind a gateway
   */
  async rotateSecret(
    id: string,
    overlapSeconds: number,
  ): Promise<{ agent: AgentView; secret: string } | null> {
    const now = this.#options.now();
    const secret = formatSecret(randomBytes(32));
    const until = new Date(now.getTime() + overlapSeconds * 1000).toISOString();
    const { record, eventId, refusal } = await this.#options.store.edit("agent", id, (current) => {
      if (!current) return { record: null };
      const { endpoint, secret: before } = current;
      if (endpoint.kind !== "http" || before === undefined) {
        const detail = `${current.name} is reached through a gateway: it has no secret of its own.`;
        return { refusal: { code: "conflict", detail } };
      }
      const updatedAt = now.toISOString();
      const rotated = { ...current, secret, previousSecret: { secret: before, until }, updatedAt };
      return {
        record: rotated,
        event: agentEvent(rotated, updatedAt, { change: "edited", fields: ["secret"] }),
      };
    });
    if (refusal) throw new NoAgentSecretError(refusal.detail);
    if (!record) return null;
    await this.reachedInTime(eventId);
    return { agent: this.#viewOf(record), secret };
  }

  /**
   * @returns whether there was such an agent
   * @throws AgentBusyError while it has work
   */
  async remove(id: string): Promise<boolean> {
    const now = this.#options.now().toISOString();
    const { record, eventId, refusal } = await this.#options.store.edit(
      "agent",
      id,
      (current, { workload }) => {
        if (!current) return { record: null };
        const { underWay, queued } = workload();
        if (underWay + queued > 0) {
          const detail = `${current.name} has ${underWay} running and ${queued} queued tasks: cancel them first.`;
          return { refusal: { code: "conflict", detail } };
        }
        return { record: null, event: agentEvent(current, now, { change: "deleted" }) };
      },
    );
    if (refusal) throw new AgentBusyError(refusal.detail);
    await this.reachedInTime(eventId);
    return record === null && eventId !== null;
  }

  /**
   * Announces in events which agents have become reachable, or no longer are.
   * @param agentId the one agent to look at; all, without it
   */
  async announceReachability(agentId?: string): Promise<void> {
    const now = this.#options.now().toISOString();
    const events: NewEvent[] = [];
    const one = agentId === undefined ? undefined : this.#entries.get(agentId);
    const entries = agentId === undefined ? this.#entries.values() : one ? [one] : [];
    for (const entry of entries) {
      const { status, reason, at } = this.#reachability(entry);
      // A connection that is being made for the first time says nothing of an agent.
      if (status === entry.lastStatus || (status === "unknown" && !at)) continue;
      entry.lastStatus = status;
      const data: JsonObject = { change: "status", status };
      if (reason !== undefined) data.reason = reason;
      const event = agentEvent(entry.record, now, data);
      events.push(at ? { ...event, timestamp: at.toISOString() } : event);
    }
    if (events.length > 0) await this.#options.store.append(events);
  }

  #keptEndpoint(given: Endpoint, current?: Endpoint): Endpoint {
    return keptEndpoint(given, current, { allowLinkLocal: this.#options.allowLinkLocal ?? false });
  }

  /**
   * What its gateway knows or, of an agent without one, whichever node called it last; unless the agent has said something
   * itself since it was last not reached.
   */
  #reachability({ record, lastSeenAt, announced }: Entry): Reachability {
    const own = this.#options.reachability(targetOf(record));
    const isOlder = own?.at && announced?.at && own.at < announced.at;
    const known = (isOlder ? announced : (own ?? announced)) ?? NEVER_CALLED;
    const isHeard = known.at && lastSeenAt !== null && Date.parse(lastSeenAt) > known.at.getTime();
    return known.status !== "online" && isHeard ? { status: "online" } : known;
  }

  #view(entry: Entry): AgentView {
    const {
      id,
      name,
      capabilities,
      concurrency,
      endpoint,
      permissions,
      previousSecret,
      createdAt,
      updatedAt,
    } = entry.record;
    const overlaps = previousSecret && previousSecret.until > this.#options.now().toISOString();
    const { status, reason } = this.#reachability(entry);
    const usage = entry.usage.total;
    const busy = status === "online" && entry.running.size >= concurrency;
    return {
      id,
      name,
      capabilities,
      concurrency,
      endpoint: shownEndpoint(endpoint),
      ...(permissions ? { permissions } : {}),
      status: busy ? "busy" : status,
      ...(reason === undefined ? {} : { statusReason: reason }),
      running: entry.running.size,
      queued: entry.queued,
      ...(usage ? { usage } : {}),
      lastSeenAt: entry.lastSeenAt,
      lastWordAt: entry.lastSeenAt,
      ...(overlaps ? { previousSecretUntil: previousSecret.until } : {}),
      createdAt,
      updatedAt,
    };
  }

  /** The agent as it is shown; also when it was removed again since. */
  #viewOf(record: AgentRecord): AgentView {
    return this.#view(this.#entries.get(record.id) ?? newEntry(record));
  }

  #follow(entries: readonly LogEntry[]): void {
    for (const { id, type, agentId, receivedAt, frame, change } of entries) {
      for (const step of change?.records ?? []) {
        if (step.kind === "agent") this.#followRecord(step.id, step.record as AgentRecord | null);
      }
      for (const step of change?.attempts ?? []) this.#count(step);
      const entry = agentId !== undefined && isSeenBy(type) ? this.#entries.get(agentId) : undefined;
      if (entry) entry.lastSeenAt = receivedAt;
      if (type === "agent" && agentId !== undefined) this.#followStatus(agentId, frame);
      this.#position.moveTo(id);
    }
  }

  #followStatus(agentId: string, frame: string): void {
    const entry = this.#entries.get(agentId);
    const announced = entry && announcedBy(decodeFrame(frame));
    if (!announced) return;
    entry.announced = announced;
    entry.lastStatus = announced.status;
  }

  #followRecord(id: string, record: AgentRecord | null): void {
    const entry = this.#entries.get(id);
    if (!record) this.#entries.delete(id);
    else if (entry) entry.record = record;
    else this.#entries.set(id, newEntry(record));
  }

  #count({ before, after }: AttemptStep): void {
    const attempt = after ?? before;
    const entry = attempt && this.#entries.get(attempt.agentId);
    if (!entry) return;
    if (before?.state === "queued") entry.queued--;
    if (after?.state === "queued") entry.queued++;
    if (after && occupiesSlot(after)) entry.running.add(after.id);
    else entry.running.delete(attempt.id);
    entry.usage.remove(before?.usage);
    entry.usage.add(after?.usage);
  }
}

/** What the log has about an agent from before this node followed it. */
type Past = Pick<Entry, "lastSeenAt" | "announced">;

const NEVER_CALLED: Reachability = { status: "unknown", reason: "It has not been called yet." };
/** So many of an agent's latest events are searched for its status: edits stand among them. */
const STATUS_EVENTS = 20;
const STATUSES: readonly unknown[] = ["online", "offline", "unknown"] satisfies Reachability["status"][];

/** What an event announces of whether an agent can be reached; null for an event that does not. */
function announcedBy({ data, timestamp }: LogEvent): Reachability | null {
  const { change, status, reason } = data;
  if (change !== "status" || !STATUSES.includes(status)) return null;
  return {
    status: status as Reachability["status"],
    ...(typeof reason === "string" ? { reason } : {}),
    at: new Date(timestamp),
  };
}

const SEEN_BY = ["activity", "complete", "error", "permission"] as const;

function isSeenBy(type: string): boolean {
  return (SEEN_BY as readonly string[]).includes(type);
}

/** An agent as the gateways need to know it. */
export function targetOf(record: AgentRecord): AgentTarget {
  const { id, endpoint, secret, previousSecret } = record;
  return {
    agentId: id,
    endpoint,
    ...(secret === undefined ? {} : { secret }),
    ...(previousSecret ? { previousSecret } : {}),
  };
}

function newEntry(record: AgentRecord): Entry {
  return {
    record,
    running: new Set(),
    queued: 0,
    usage: new UsageSum(),
    lastSeenAt: null,
    announced: null,
    lastStatus: "unknown",
  };
}

function agentEvent(record: AgentRecord, now: string, data: JsonObject): NewEvent {
  return { type: "agent", agentId: record.id, message: record.name, data, timestamp: now, receivedAt: now };
}
