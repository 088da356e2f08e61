import { setImmediate as nextTurn } from "node:timers/promises";
import type { Logger } from "../logger.ts";
import type { PendingCommand } from "../store/log-change.ts";
import type { LeaseToken } from "../store/operations.ts";
import type { Lease, Store } from "../store/store.ts";
import type { Attempt } from "../tasks/task.ts";

/** What an agent has to be done for at the moment that this node takes it over. */
export interface AgentWork {
  /** Its attempts that are neither queued nor over: whatever node began them does not see to them any more. */
  underWay: readonly Attempt[];
  /** Its pending commands, oldest first. */
  commands: readonly PendingCommand[];
}

export interface AgentOwnershipOptions {
  store: Pick<Store, "lease" | "workInHand">;
  logger: Pick<Logger, "error">;
  /** Whether this node is one that can do an agent's work: not where another one holds the connection to its gateway. */
  mayOwn: (agentId: string) => Promise<boolean>;
  /** The agent's work is this node's from now on. Waits for nothing. */
  takeUp: (agentId: string, work: AgentWork, under: LeaseToken) => void;
  /** Begins to deliver a command, after all of the agent's before it. Waits for nothing. */
  deliver: (pending: PendingCommand) => void;
  /** The agent's work is this node's no more: resolves when nothing of it is done here. */
  letGo: (agentId: string) => Promise<void>;
  /** Waits before a lease that could not be asked for is asked for again; rejects when it will not be. */
  pause: () => Promise<void>;
}

/** An agent that this node does the work of, or would if no other one did. */
interface Candidacy {
  /** While the work is this node's: the lease, and the position of the log up to which its commands were taken up. */
  owned: { token: LeaseToken; commandsUpTo: number } | null;
  /** While the work is being taken up: the commands that came meanwhile. */
  arrived: PendingCommand[] | null;
  /** Aborted when it may have changed who can do the work. */
  review: AbortController;
  /** Whoever waits for that to be known and done. */
  reviewing: (() => void)[];
}

/**
 * Whose work this node does: the queue, the hand-overs and the commands of an agent are one node's at a time, the holder
 * of its lease. A node asks for the lease of each agent that has work, as long as it is one that can do it, and keeps it.
 * Who is granted a lease takes up what whoever had it before has left.
 */
export class AgentOwnership {
  readonly #options: AgentOwnershipOptions;
  readonly #agents = new Map<string, Candidacy>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #isOpen = false;
  /** The work of all agents, being read for those that were granted since the last reading. */
  #reading: Promise<Work> | null = null;

  constructor(options: AgentOwnershipOptions) {
    this.#options = options;
  }

  /** Nothing is asked for before. */
  open(): void {
    this.#isOpen = true;
    for (const agentId of this.#agents.keys()) this.#start(agentId);
  }

  /** The lease of an agent's work, while it is this node's; else null, and it is asked for from now on. */
  tokenOf(agentId: string): LeaseToken | null {
    return this.#candidacyOf(agentId).owned?.token ?? null;
  }

  /** Whether an agent's work is this node's now. */
  owns(agentId: string): boolean {
    return (this.#agents.get(agentId)?.owned ?? null) !== null;
  }

  /** Whether an agent's work is this node's under this lease: not under one that it was granted since. */
  holds(agentId: string, { fence }: LeaseToken): boolean {
    return this.#agents.get(agentId)?.owned?.token.fence === fence;
  }

  /** Takes a command from the log. Whoever takes up an agent's work later finds it in the store. */
  follow(pending: PendingCommand): void {
    const { owned, arrived } = this.#candidacyOf(pending.agentId);
    if (arrived) arrived.push(pending);
    else if (owned && pending.id > owned.commandsUpTo) this.#options.deliver(pending);
  }

  /**
   * It may have changed which node can do the work. Resolves when nothing is done here any more of what cannot be.
   * @param agentId of this agent; of all, without it
   */
  async review(agentId?: string): Promise<void> {
    const named = agentId === undefined ? [...this.#agents.values()] : [this.#agents.get(agentId)];
    const reviewed: Promise<void>[] = [];
    for (const candidacy of named) {
      if (candidacy?.owned) reviewed.push(new Promise((resolve) => candidacy.reviewing.push(resolve)));
      candidacy?.review.abort();
    }
    await Promise.all(reviewed);
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #candidacyOf(agentId: string): Candidacy {
    const known = this.#agents.get(agentId);
    if (known) return known;
    const candidacy: Candidacy = { owned: null, arrived: null, review: new AbortController(), reviewing: [] };
    this.#agents.set(agentId, candidacy);
    if (this.#isOpen) this.#start(agentId);
    return candidacy;
  }

  #start(agentId: string): void {
    const running = this.#run(agentId, this.#candidacyOf(agentId)).finally(() =>
      this.#running.delete(running),
    );
    this.#running.add(running);
  }

  async #run(agentId: string, candidacy: Candidacy): Promise<void> {
    const { store, logger, mayOwn, pause } = this.#options;
    const stop = this.#stop.signal;
    while (!stop.aborted) {
      candidacy.review = new AbortController();
      const reviewed = AbortSignal.any([stop, candidacy.review.signal]);
      try {
        if (await mayOwn(agentId)) {
          const lease = await store.lease(leaseOf(agentId), reviewed);
          await this.#hold(agentId, candidacy, lease).finally(() => lease.release());
        } else await aborted(reviewed);
      } catch (error) {
        if (reviewed.aborted) continue;
        logger.error({ err: error, agentId }, "an agent's work could not be taken over");
        await pause().catch(() => {});
      }
    }
  }

  /** Has the agent's work done here for as long as the lease is held and this node can do it. */
  async #hold(agentId: string, candidacy: Candidacy, { token, lost }: Lease): Promise<void> {
    const { mayOwn, takeUp, deliver, letGo } = this.#options;
    const ended = AbortSignal.any([this.#stop.signal, lost]);
    candidacy.arrived = [];
    try {
      // Read under the lease: nobody else changes it any more.
      const work = await this.#read();
      if (ended.aborted) return;
      const commandsUpTo = work.upTo;
      candidacy.owned = { token, commandsUpTo };
      takeUp(agentId, work.of(agentId), token);
      for (const pending of candidacy.arrived) if (pending.id > commandsUpTo) deliver(pending);
      candidacy.arrived = null;
      while (!ended.aborted) {
        await aborted(AbortSignal.any([ended, candidacy.review.signal]));
        if (ended.aborted) break;
        candidacy.review = new AbortController();
        const reviewing = candidacy.reviewing.splice(0);
        if (await mayOwn(agentId)) for (const resolve of reviewing) resolve();
        else {
          candidacy.reviewing.unshift(...reviewing);
          break;
        }
      }
    } finally {
      candidacy.owned = null;
      candidacy.arrived = null;
      await letGo(agentId);
      for (const resolve of candidacy.reviewing.splice(0)) resolve();
    }
  }

  /** The work in hand as it is now; read once for all who ask in the same turn, such as at a start. */
  #read(): Promise<Work> {
    this.#reading ??= nextTurn().then(async () => {
      this.#reading = null;
      return new Work(await this.#options.store.workInHand());
    });
    return this.#reading;
  }
}

/** The work in hand, by agent. */
class Work {
  readonly upTo: number;
  readonly #byAgent = new Map<string, { underWay: Attempt[]; commands: PendingCommand[] }>();

  constructor({ lastEventId, underWay, commands }: Awaited<ReturnType<Store["workInHand"]>>) {
    this.upTo = lastEventId;
    for (const attempt of underWay) this.#entry(attempt.agentId).underWay.push(attempt);
    for (const pending of commands) this.#entry(pending.agentId).commands.push(pending);
  }

  of(agentId: string): AgentWork {
    return this.#byAgent.get(agentId) ?? { underWay: [], commands: [] };
  }

  #entry(agentId: string) {
    const known = this.#byAgent.get(agentId);
    if (known) return known;
    const entry = { underWay: [], commands: [] };
    this.#byAgent.set(agentId, entry);
    return entry;
  }
}

/** The lease under which an agent's work is done. */
function leaseOf(agentId: string): string {
  return `agent:${agentId}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
