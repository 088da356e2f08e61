import { randomBytes } from "node:crypto";
import {
  type AgentView,
  type CreateAgent,
  type Endpoint,
  formatSecret,
  type JsonObject,
  type NewEvent,
  type PatchAgent,
} from "@mission-control/protocol";
import type { AgentTarget, Reachability } from "../gateways/gateway.ts";
import { newId } from "../ids.ts";
import type { AgentRecord, AttemptChange, Commit, Store } from "../store/store.ts";
import { occupiesSlot } from "../tasks/task.ts";
import { UsageSum } from "../tasks/usage.ts";
import { keptEndpoint, shownEndpoint } from "./agent-endpoint.ts";

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
  /** As it was last told in an event. */
  told: Reachability["status"];
  /** Ends with the last change to its record that was begun. */
  lastChange: Promise<unknown>;
  /** It is being removed, and takes no new dispatches. */
  leaving: boolean;
}

export interface AgentDirectoryOptions {
  store: Store;
  now: () => Date;
  /** Whether an agent can be reached, as its gateway knows. */
  reachability: (target: AgentTarget) => Reachability;
  /** Whether agents may have link-local addresses; default false. */
  allowLinkLocal?: boolean;
}

/** An agent that has work in hand, for who looks whether it is still there. */
export interface WorkingAgent {
  target: AgentTarget;
  /** When it last said something itself; null when never. */
  lastSeenAt: string | null;
}

/** The agents, and what they are doing: a view of the store kept up to date by its commits. */
export class AgentDirectory {
  readonly #options: AgentDirectoryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #editListeners = new Set<(agentId: string) => void>();
  readonly #stopListening: () => void;

  static async open(options: AgentDirectoryOptions): Promise<AgentDirectory> {
    const { store } = options;
    const directory = new AgentDirectory(options);
    const [records, queueLengths, unfinished, usage] = await Promise.all([
      store.records("agent"),
      store.queueLengths(),
      store.unfinishedAttempts(),
      store.usageByAgent(),
    ]);
    for (const record of records) {
      const entry = newEntry(record);
      entry.queued = queueLengths.get(record.id) ?? 0;
      entry.usage = usage.get(record.id) ?? entry.usage;
      const latest = await store.history(null, { agentId: record.id, types: SEEN_BY }, 1);
      entry.lastSeenAt = latest.items[0]?.receivedAt ?? null;
      directory.#entries.set(record.id, entry);
    }
    for (const attempt of unfinished) directory.#entries.get(attempt.agentId)?.running.add(attempt.id);
    return directory;
  }

  private constructor(options: AgentDirectoryOptions) {
    this.#options = options;
    this.#stopListening = options.store.onCommit((commit) => this.#follow(commit));
  }

  close(): void {
    this.#stopListening();
  }

  list(): AgentView[] {
    return [...this.#entries.values()].map((entry) => this.#view(entry));
  }

  get(id: string): AgentView | null {
    const entry = this.#entries.get(id);
    return entry ? this.#view(entry) : null;
  }

  /** The agents that have work in hand. */
  working(): WorkingAgent[] {
    return [...this.#entries.values()]
      .filter(({ running }) => running.size > 0)
      .map(({ record, lastSeenAt }) => ({ target: targetOf(record), lastSeenAt }));
  }

  /** The agent as it is kept, with its secret. */
  record(id: string): AgentRecord | null {
    return this.#entries.get(id)?.record ?? null;
  }

  /** How many more dispatches the agent takes now. */
  freeSlots(id: string): number {
    const entry = this.#entries.get(id);
    return entry && !entry.leaving ? Math.max(0, entry.record.concurrency - entry.running.size) : 0;
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
    await this.#options.store.put("agent", record, agentEvent(record, now, { change: "created" }));
    const entry = newEntry(record);
    this.#entries.set(record.id, entry);
    return { agent: this.#view(entry), ...(secret === undefined ? {} : { secret }) };
  }

  /**
   * Calls the listener after an agent was edited or removed: it may take more dispatches now, be reached elsewhere, or
   * never take what has been queued for it.
   */
  onEdit(listener: (agentId: string) => void): void {
    this.#editListeners.add(listener);
  }

  /**
   * @returns null when there is no such agent; `secret` is there, this once, when the edit made it an HTTP agent
   * @throws AgentEndpointError
   */
  async update(id: string, fields: PatchAgent): Promise<{ agent: AgentView; secret?: string } | null> {
    const entry = this.#entries.get(id);
    return entry ? this.#inTurn(entry, () => this.#update(entry, fields)) : null;
  }

  async #update(entry: Entry, fields: PatchAgent): Promise<{ agent: AgentView; secret?: string } | null> {
    const { id } = entry.record;
    if (this.#entries.get(id) !== entry) return null;
    const now = this.#options.now().toISOString();
    const changed = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const record: AgentRecord = { ...entry.record, ...changed, updatedAt: now };
    if (fields.endpoint) record.endpoint = this.#keptEndpoint(fields.endpoint, entry.record.endpoint);
    const needsSecret = record.endpoint.kind === "http" && record.secret === undefined;
    const secret = needsSecret ? formatSecret(randomBytes(32)) : undefined;
    if (secret !== undefined) record.secret = secret;
    const event = agentEvent(record, now, { change: "edited", fields: Object.keys(changed) });
    await this.#options.store.put("agent", record, event);
    entry.record = record;
    this.#tellEdited(id);
    return { agent: this.#view(entry), ...(secret === undefined ? {} : { secret }) };
  }

  /**
   * @returns whether there was such an agent
   * @throws AgentBusyError while it has work
   */
  async remove(id: string): Promise<boolean> {
    const entry = this.#entries.get(id);
    return entry ? this.#inTurn(entry, () => this.#remove(entry)) : false;
  }

  async #remove(entry: Entry): Promise<boolean> {
    const { id } = entry.record;
    if (this.#entries.get(id) !== entry) return false;
    if (entry.running.size + entry.queued > 0) {
      throw new AgentBusyError(
        `${entry.record.name} has ${entry.running.size} running and ${entry.queued} queued tasks: cancel them first.`,
      );
    }
    const now = this.#options.now().toISOString();
    entry.leaving = true;
    try {
      await this.#options.store.remove("agent", id, agentEvent(entry.record, now, { change: "deleted" }));
      this.#entries.delete(id);
      return true;
    } finally {
      entry.leaving = false;
      // Also for what was queued meanwhile.
      this.#tellEdited(id);
    }
  }

  /** Changes to one agent's record are made one after the other: each builds on what is stored by then. */
  #inTurn<Result>(entry: Entry, change: () => Promise<Result>): Promise<Result> {
    const result = entry.lastChange.then(change);
    entry.lastChange = result.catch(() => {});
    return result;
  }

  #tellEdited(id: string): void {
    for (const listener of this.#editListeners) listener(id);
  }

  /**
   * Tells in events which agents have become reachable, or no longer are.
   * @param agentId the one agent to look at; all, without it
   */
  async announceReachability(agentId?: string): Promise<void> {
    const now = this.#options.now().toISOString();
    const events: NewEvent[] = [];
    const one = agentId === undefined ? undefined : this.#entries.get(agentId);
    const entries = agentId === undefined ? this.#entries.values() : one ? [one] : [];
    for (const entry of entries) {
      if (entry.leaving) continue;
      const { status, reason } = this.#reachability(entry);
      if (status === entry.told) continue;
      entry.told = status;
      const data: JsonObject = { change: "status", status };
      if (reason !== undefined) data.reason = reason;
      events.push(agentEvent(entry.record, now, data));
    }
    if (events.length > 0) await this.#options.store.append(events);
  }

  #keptEndpoint(given: Endpoint, current?: Endpoint): Endpoint {
    return keptEndpoint(given, current, { allowLinkLocal: this.#options.allowLinkLocal ?? false });
  }

  /** What its gateway knows, unless the agent has said something itself since it was last not reached. */
  #reachability({ record, lastSeenAt }: Entry): Reachability {
    const known = this.#options.reachability(targetOf(record));
    const isHeard = known.at && lastSeenAt !== null && Date.parse(lastSeenAt) > known.at.getTime();
    return known.status !== "online" && isHeard ? { status: "online" } : known;
  }

  #view(entry: Entry): AgentView {
    const { id, name, capabilities, concurrency, endpoint, createdAt, updatedAt } = entry.record;
    const { status, reason } = this.#reachability(entry);
    const usage = entry.usage.total;
    const busy = status === "online" && entry.running.size >= concurrency;
    return {
      id,
      name,
      capabilities,
      concurrency,
      endpoint: shownEndpoint(endpoint),
      status: busy ? "busy" : status,
      ...(reason === undefined ? {} : { statusReason: reason }),
      running: entry.running.size,
      queued: entry.queued,
      ...(usage ? { usage } : {}),
      lastSeenAt: entry.lastSeenAt,
      createdAt,
      updatedAt,
    };
  }

  #follow(commit: Commit): void {
    for (const change of commit.attempts) this.#count(change);
    for (const { agentId, usage } of commit.deleted) this.#entries.get(agentId)?.usage.remove(usage);
    const now = commit.events.length > 0 ? this.#options.now().toISOString() : "";
    for (const { type, agentId } of commit.events) {
      const entry = agentId !== undefined && isSeenBy(type) ? this.#entries.get(agentId) : undefined;
      if (entry) entry.lastSeenAt = now;
    }
  }

  #count({ before, after }: AttemptChange): void {
    const entry = this.#entries.get(after.agentId);
    if (!entry) return;
    if (before?.state === "queued") entry.queued--;
    if (after.state === "queued") entry.queued++;
    if (occupiesSlot(after)) entry.running.add(after.id);
    else entry.running.delete(after.id);
    entry.usage.remove(before?.usage);
    entry.usage.add(after.usage);
  }
}

const SEEN_BY = ["activity", "complete", "error", "permission"] as const;

function isSeenBy(type: string): boolean {
  return (SEEN_BY as readonly string[]).includes(type);
}

/** An agent as the gateways need to know it. */
export function targetOf(record: AgentRecord): AgentTarget {
  const { id, endpoint, secret } = record;
  return { agentId: id, endpoint, ...(secret === undefined ? {} : { secret }) };
}

function newEntry(record: AgentRecord): Entry {
  return {
    record,
    running: new Set(),
    queued: 0,
    usage: new UsageSum(),
    lastSeenAt: null,
    told: "unknown",
    lastChange: Promise.resolve(),
    leaving: false,
  };
}

function agentEvent(record: AgentRecord, now: string, data: JsonObject): NewEvent {
  return { type: "agent", agentId: record.id, message: record.name, data, timestamp: now, receivedAt: now };
}
