import type { Logger } from "../logger.ts";
import type { Store } from "../store/store.ts";
import type { Attempt } from "../tasks/task.ts";
import type { AgentDirectory } from "./agent-directory.ts";
import { AGENT_DELETED } from "./hand-overs.ts";

export interface AgentQueuesOptions {
  store: Pick<Store, "queuedAttempts" | "change">;
  agents: Pick<AgentDirectory, "record" | "freeSlots">;
  logger: Logger;
  /** Begins to hand an attempt over; resolves when it takes up its slot. */
  begin: (attempt: Attempt) => Promise<void>;
  /** Waits before a queue that could not be served is tried again; rejects when it will not be. */
  pause: () => Promise<void>;
}

/** Hands out what waits for each agent, as far as it has free slots. Nothing is handed out before {@link open}. */
export class AgentQueues {
  readonly #options: AgentQueuesOptions;
  readonly #opened = Promise.withResolvers<void>();
  /** The claims of each agent's queue, one after the other. */
  readonly #claims = new Map<string, Promise<void>>();
  /** Agents whose queue will be tried again after a pause. */
  readonly #claimsToCome = new Set<string>();
  #isClosed = false;

  constructor(options: AgentQueuesOptions) {
    this.#options = options;
  }

  open(): void {
    this.#opened.resolve();
  }

  /** Claims what an agent has slots for. One claim of an agent runs at a time. */
  claim(agentId: string): Promise<void> {
    const earlier = this.#claims.get(agentId) ?? this.#opened.promise;
    const settled = earlier
      .then(() => this.#claimFree(agentId))
      .catch((error: unknown) => {
        this.#options.logger.error({ err: error, agentId }, "a queue could not be served");
        this.#claimLater(agentId);
      });
    this.#claims.set(agentId, settled);
    void settled.finally(() => {
      if (this.#claims.get(agentId) === settled) this.#claims.delete(agentId);
    });
    return settled;
  }

  /** Claims nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#opened.resolve();
  }

  #claimLater(agentId: string): void {
    if (this.#claimsToCome.has(agentId)) return;
    this.#claimsToCome.add(agentId);
    void this.#options.pause().then(
      () => {
        this.#claimsToCome.delete(agentId);
        return this.claim(agentId);
      },
      () => {},
    );
  }

  async #claimFree(agentId: string): Promise<void> {
    const { store, agents, begin } = this.#options;
    while (!this.#isClosed) {
      if (!agents.record(agentId)) return this.#failQueue(agentId);
      const free = agents.freeSlots(agentId);
      if (free === 0) return;
      const queued = await store.queuedAttempts(agentId, free);
      if (queued.length === 0 || this.#isClosed) return;
      await Promise.all(queued.map(begin));
    }
  }

  /** What waits for an agent that was deleted would wait for ever. */
  async #failQueue(agentId: string): Promise<void> {
    const { store } = this.#options;
    const queued = await store.queuedAttempts(agentId, Number.MAX_SAFE_INTEGER);
    await Promise.all(
      queued.map(({ id: dispatchId, taskId }) =>
        store.change({ kind: "undelivered", taskId, dispatchId, state: "failed", reason: AGENT_DELETED }),
      ),
    );
  }
}
