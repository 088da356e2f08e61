import type { Logger } from "../logger.ts";
import type { Claimed } from "../store/plan.ts";
import type { Store } from "../store/store.ts";
import type { OwnedLeases } from "./owned-leases.ts";

export interface AgentQueuesOptions {
  store: Pick<Store, "claim" | "change">;
  leases: OwnedLeases;
  logger: Logger;
  /** Begins to hand over what was claimed. Waits for nothing. */
  begin: (claimed: Claimed) => void;
  /** Waits before a queue that could not be served is tried again; rejects when it will not be. */
  pause: () => Promise<void>;
}

/**
 * Hands out what waits for each agent, as far as it has free slots: the store says what that is, in one step. Nothing is
 * handed out before {@link open}.
 */
export class AgentQueues {
  readonly #options: AgentQueuesOptions;
  readonly #opened = Promise.withResolvers<void>();
  /** The claims of each agent's queue that are under way. */
  readonly #claims = new Map<string, Set<Promise<void>>>();
  /** Up to which position of the log each agent's queue is known to have been served. */
  readonly #servedTo = new Map<string, number>();
  /** Agents whose queue will be tried again after a pause. */
  readonly #retries = new Set<string>();
  #isClosed = false;

  constructor(options: AgentQueuesOptions) {
    this.#options = options;
  }

  open(): void {
    this.#opened.resolve();
  }

  /**
   * Claims what an agent has slots for. Resolves when it was claimed and its hand-over has begun, by this claim or by
   * another one that was under way here; never rejects.
   */
  async claim(agentId: string): Promise<void> {
    const underWay = this.#claims.get(agentId) ?? new Set();
    this.#claims.set(agentId, underWay);
    const own = this.#claim(agentId);
    underWay.add(own);
    await own;
    underWay.delete(own);
    await Promise.all(underWay);
    if (underWay.size === 0 && this.#claims.get(agentId) === underWay) this.#claims.delete(agentId);
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

  async #claim(agentId: string): Promise<void> {
    const { store, leases, logger, begin } = this.#options;
    try {
      await this.#opened.promise;
      if (this.#isClosed) return;
      const lease = await leases.own(queueOf(agentId));
      const { claimed, asOf } = await store.claim(agentId, lease);
      this.#servedTo.set(agentId, Math.max(asOf, this.#servedTo.get(agentId) ?? 0));
      if (this.#isClosed) await this.#putBack(claimed);
      else for (const one of claimed) begin(one);
    } catch (error) {
      if (this.#isClosed) return;
      logger.error({ err: error, agentId }, "a queue could not be served");
      this.#claimLater(agentId);
    }
  }

  /** Claims nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#opened.resolve();
  }

  #claimLater(agentId: string): void {
    if (this.#retries.has(agentId)) return;
    this.#retries.add(agentId);
    void this.#options.pause().then(
      () => {
        this.#retries.delete(agentId);
        return this.claim(agentId);
      },
      () => {},
    );
  }

  /** What was claimed while the server began to stop: nothing of it went out. */
  async #putBack(claimed: readonly Claimed[]): Promise<void> {
    const { store } = this.#options;
    await Promise.all(
      claimed.map(({ attempt: { id: dispatchId, taskId } }) =>
        store.change({ kind: "unsent", taskId, dispatchId }),
      ),
    );
  }
}

/** The lease under which an agent's queue is handed out. */
function queueOf(agentId: string): string {
  return `queue:${agentId}`;
}
