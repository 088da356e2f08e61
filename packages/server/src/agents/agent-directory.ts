import type { AgentView, LogEvent } from "@mission-control/protocol";
import type { AgentTarget, Reachability } from "../gateways/gateway.ts";
import { decodeFrame } from "../store/event-frame.ts";
import type { LogChange } from "../store/log-change.ts";
import { Position } from "../store/position.ts";
import type { AgentRecord } from "../store/records.ts";
import type { Follower, LogEntry, Snapshot, Store } from "../store/store.ts";
import { AgentState, type Announcing } from "./agent-state.ts";
import { announcedBy, reachabilityBy, statusEvent } from "./agent-status.ts";
import { targetOf } from "./agent-target.ts";

export interface AgentDirectoryOptions {
  store: Pick<Store, "snapshot" | "history" | "follow" | "range" | "append">;
  now: () => Date;
  /** Whether an agent can be reached, as this node or its gateway's knows; null for nothing. */
  reachability: (target: AgentTarget) => Reachability | null;
}

/** An agent that has work in hand, for who looks whether it is still there. */
export interface WorkingAgent {
  target: AgentTarget;
  /** When it last said something itself; null when never. */
  lastSeenAt: string | null;
}

/** What the log has about an agent from before this node followed it: its last words, and what was last announced of it. */
type Past = readonly LogEvent[];

/** So many of an agent's latest events are searched for its status: edits stand among them. */
const STATUS_EVENTS = 20;
/** The events by which an agent is heard of: what it says itself. */
const SAID_BY_AGENTS = ["activity", "complete", "error", "permission"] as const;

/**
 * The agents, and what they are doing: a view of the store, built from a snapshot and changed by nothing but the log.
 */
export class AgentDirectory {
  readonly #options: AgentDirectoryOptions;
  readonly #agents = new Map<string, AgentState>();
  readonly #position: Position;
  readonly #follower: Follower;

  static async open(options: AgentDirectoryOptions): Promise<AgentDirectory> {
    const { store } = options;
    const snapshot = await store.snapshot();
    const past = new Map<string, Past>();
    for (const { id } of snapshot.agents) past.set(id, await readPast(store, id));
    return new AgentDirectory(options, snapshot, past);
  }

  private constructor(options: AgentDirectoryOptions, snapshot: Snapshot, past: ReadonlyMap<string, Past>) {
    this.#options = options;
    for (const record of snapshot.agents) {
      const { id } = record;
      const agent = new AgentState(record);
      for (const event of past.get(id) ?? []) takeIn(agent, event);
      agent.queued = snapshot.queueLengths.get(id) ?? 0;
      agent.usage = snapshot.usageByAgent.get(id) ?? agent.usage;
      this.#agents.set(id, agent);
    }
    for (const { id, agentId } of snapshot.underWay) this.#agents.get(agentId)?.running.add(id);
    this.#position = new Position(snapshot.lastEventId, (isUrgent) => this.#follower.setUrgent(isUrgent));
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
    return [...this.#agents.values()].map((agent) => this.#view(agent));
  }

  get(id: string): AgentView | null {
    const agent = this.#agents.get(id);
    return agent ? this.#view(agent) : null;
  }

  /** The agent of a record as it is shown; also when it was removed again since. */
  show(record: AgentRecord): AgentView {
    return this.#view(this.#agents.get(record.id) ?? new AgentState(record));
  }

  /** Whether something waits for an agent, as far as this view has come. */
  hasQueue(id: string): boolean {
    return (this.#agents.get(id)?.queued ?? 0) > 0;
  }

  /** Whether an agent takes one more attempt now, as far as this view has come. */
  hasFreeSlot(id: string): boolean {
    return this.#agents.get(id)?.hasFreeSlot ?? false;
  }

  /** The agents that have work in hand. */
  working(): WorkingAgent[] {
    return [...this.#agents.values()]
      .filter(({ running }) => running.size > 0)
      .map(({ record, lastSeenAt }) => ({ target: targetOf(record), lastSeenAt }));
  }

  /**
   * Announces in events which agents have become reachable, or no longer are.
   * @param agentId the one agent to look at; all, without it
   * @throws StoreUnavailableError; the next look announces it then
   */
  async announceReachability(agentId?: string): Promise<void> {
    const announcements: { agent: AgentState; reachability: Reachability; announcing: Announcing }[] = [];
    const named = agentId === undefined ? [...this.#agents.values()] : [this.#agents.get(agentId)];
    for (const agent of named) {
      if (!agent) continue;
      const reachability = this.#reachability(agent);
      const { status, at } = reachability;
      // A connection that is being made for the first time says nothing of an agent.
      if (status === agent.lastStatus || (status === "unknown" && !at)) continue;
      announcements.push({ agent, reachability, announcing: agent.announcing(status) });
    }
    if (announcements.length === 0) return;
    const now = this.#options.now().toISOString();
    const events = announcements.map(({ agent, reachability }) =>
      statusEvent(agent.record, now, reachability),
    );
    try {
      const last = await this.#options.store.append(events);
      // They stand side by side: nothing that another node announced is among them.
      for (const { announcing } of announcements) announcing.stored(last ?? 0);
    } catch (error) {
      for (const { announcing } of announcements) announcing.failed();
      throw error;
    }
  }

  #reachability(agent: AgentState): Reachability {
    const { announced, lastSeenAt, hasSpokenSince } = agent;
    const own = this.#options.reachability(targetOf(agent.record));
    return reachabilityBy({ own, announced, lastSeenAt, hasSpokenSince, now: this.#options.now() });
  }

  #view(agent: AgentState): AgentView {
    return agent.view(this.#reachability(agent), this.#options.now());
  }

  #follow(entries: readonly LogEntry[]): void {
    for (const { id, type, agentId, receivedAt, frame, change } of entries) {
      if (change) this.#followChange(change);
      const agent = agentId === undefined ? undefined : this.#agents.get(agentId);
      if (agent && isSaidByAgents(type)) agent.hear(receivedAt);
      else if (agent && type === "agent") takeIn(agent, decodeFrame(frame));
      this.#position.moveTo(id);
    }
  }

  #followChange({ records = [], attempts = [] }: LogChange): void {
    for (const { kind, id, record } of records) {
      if (kind === "agent") this.#followRecord(id, record as AgentRecord | null);
    }
    for (const step of attempts) {
      const attempt = step.after ?? step.before;
      if (attempt) this.#agents.get(attempt.agentId)?.count(step);
    }
  }

  #followRecord(id: string, record: AgentRecord | null): void {
    const agent = this.#agents.get(id);
    if (!record) this.#agents.delete(id);
    else if (agent) agent.record = record;
    else this.#agents.set(id, new AgentState(record));
  }
}

async function readPast(store: Pick<Store, "history">, agentId: string): Promise<Past> {
  const said = await store.history(null, { agentId, types: SAID_BY_AGENTS }, 1);
  const told = await store.history(null, { agentId, types: ["agent"] }, STATUS_EVENTS);
  const status = told.items.find((event) => announcedBy(event) !== null);
  return [...said.items, ...(status ? [status] : [])].sort((one, other) => one.id - other.id);
}

function takeIn(agent: AgentState, event: LogEvent): void {
  const announced = announcedBy(event);
  if (announced) agent.announce(announced, event.id);
  else if (isSaidByAgents(event.type)) agent.hear(event.receivedAt);
}

function isSaidByAgents(type: string): boolean {
  return (SAID_BY_AGENTS as readonly string[]).includes(type);
}
