import type { Logger } from "../logger.ts";
import { type Claimed, FencedError, type KeepPayload, type LeaseToken } from "../store/operations.ts";
import type { Store } from "../store/store.ts";
import type { AgentOwnership } from "./agent-ownership.ts";

export interface AgentQueuesOptions {
  store: Pick<Store, "claim" | "change">;
  ownership: Pick<AgentOwnership, "tokenOf" | "holds">;
  logger: Logger;
  /** What is kept of the payload that an attempt is sent with. */
  keep: KeepPayload;
  /** Begins to hand over what was claimed under a lease. Waits for nothing. */
  begin: (claimed: Claimed, under: LeaseToken) => void;
  /** Waits before a queue that could not be served is tried again; rejects when it will not be. */
  pause: () => Promise<void>;
}

/**
 * Hands out what waits for each agent whose work is this node's, as far as it has free slots: the store says what that is,
 * in one step.
 */
export class AgentQueues {
  readonly #options: AgentQueuesOptions;
  /** The claims of each agent's queue that are under way. */
  readonly #claims = new Map<string, Set<Promise<boolean>>>();
  /** Up to which position of the log each agent's queue is known to have been served. */
  readonly #servedTo = new Map<string, number>();
  /** Agents whose queue will be tried again after a pause. */
  readonly #retries = new Set<string>();
  #isClosed = false;

  constructor(options: AgentQueuesOptions) {
    this.#options = options;
  }

  /**
   * Claims what an agent has slots for, if its work is this node's. Resolves when it was claimed and its hand-over has
   * begun, by this claim or by another one that was under way here; never rejects.
   * @returns false when nothing was claimed because the work is, for all this node knows, another one's
   */
  async claim(agentId: string): Promise<boolean> {
    const underWay = this.#claims.get(agentId) ?? new Set();
    this.#claims.set(agentId, underWay);
    const own = this.#claim(agentId);
    underWay.add(own);
    const isOurs = await own;
    underWay.delete(own);
    await Promise.all(underWay);
    if (underWay.size === 0 && this.#claims.get(agentId) === underWay) this.#claims.delete(agentId);
    return isOurs;
  }

  /**
   * Claims what an event may have left to claim, unless a claim that is under way here, or the last one, knew of that
   * event already. Never rejects.
   * @param eventId the event's position
   */
  async claimAfter(eventId: number, agentId: string): Promise<void> {
    await Promise.all(this.#claims.get(agentId) ?? []);
    if ((this.#servedTo.get(agentId) ?? 0) < eventId) await this.claim(agentId);
  }

  async #claim(agentId: string): Promise<boolean> {
    const { store, ownership, logger, begin, keep } = this.#options;
    if (this.#isClosed) return false;
    const lease = ownership.tokenOf(agentId);
    if (!lease) return false;
    try {
      const { claimed, asOf } = await store.claim(agentId, lease, keep);
      this.#servedTo.set(agentId, Math.max(asOf, this.#servedTo.get(agentId) ?? 0));
      const isOurs = !this.#isClosed && ownership.holds(agentId, lease);
      if (!isOurs) await this.#putBack(claimed, lease);
      else for (const one of claimed) begin(one, lease);
      return true;
    } catch (error) {
      // Whoever has the lease by now serves the queue.
      if (error instanceof FencedError) return false;
      if (this.#isClosed) return true;
      logger.error({ err: error, agentId }, "a queue could not be served");
      this.#claimLater(agentId);
      return true;
    }
  }

  /** Resolves when no claim of an agent's queue is under way here. */
  async letGo(agentId: string): Promise<void> {
    await Promise.all(this.#claims.get(agentId) ?? []);
  }

  /** Claims nothing any more. */
  close(): void {
    this.#isClosed = true;
  }

  #claimLater(agentId: string): void {
    if (this.#retries.has(agentId)) return;
    this.#retries.add(agentId);
    void this.#options.pause().then(
      () => {
        this.#retries.delete(agentId);
        void this.claim(agentId);
      },
      () => {},
    );
  }

  /** What was claimed while the server began to stop, or lost the lease: nothing of it went out from here. */
  async #putBack(claimed: readonly Claimed[], under: LeaseToken): Promise<void> {
    const { store } = this.#options;
    await Promise.all(
      claimed.map(({ attempt: { id: dispatchId, taskId } }) =>
        store.change({ kind: "unsent", taskId, dispatchId }, { under }),
      ),
    );
  }
}
