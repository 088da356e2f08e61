import { abortable } from "../abortable.ts";
import type { AgentDirectory } from "../agents/agent-directory.ts";
import { newId } from "../ids.ts";
import type { ChangeResult } from "../store/operations.ts";
import type { Store } from "../store/store.ts";
import type { AgentOwnership } from "./agent-ownership.ts";
import type { AgentQueues } from "./agent-queues.ts";
import type { HandOvers } from "./hand-overs.ts";

export interface DispatchRequestsOptions {
  store: Pick<Store, "change" | "attempt" | "task">;
  agents: Pick<AgentDirectory, "hasFreeSlot" | "reachedInTime">;
  ownership: Pick<AgentOwnership, "owns">;
  queues: Pick<AgentQueues, "claim">;
  handOvers: Pick<HandOvers, "done">;
}

/**
 * How long a request waits for another node, which does the agent's work, to take it from the queue; in milliseconds. One
 * that died is replaced in about that time; then the attempt is answered as what it is, queued.
 */
const TAKE_UP_MS = 15_000;
/** How long it waits for another hand-over than one of its own to end, in milliseconds: longer than any takes. */
const HANDED_OVER_MS = 120_000;

/**
 * The calls that ask for a dispatch: each queues an attempt and waits until it is known what came of it, whichever node
 * hands it over. What happens meanwhile is announced by whoever follows the log.
 */
export class DispatchRequests {
  readonly #options: DispatchRequestsOptions;
  /** Whoever waits for the next step of an agent's work, here or as the log tells; with its position there. */
  readonly #nextSteps = new Map<string, PromiseWithResolvers<number | null>>();
  /** Whoever waits for an attempt to be handed over, here or elsewhere. */
  readonly #waiting = new Map<string, () => void>();
  #isClosed = false;

  constructor(options: DispatchRequestsOptions) {
    this.#options = options;
  }

  /** Queues a new attempt, and resolves once it is known what came of it: as {@link Dispatcher.dispatch} says. */
  async dispatch(taskId: string, agentId: string): Promise<ChangeResult> {
    const { store, queues, handOvers, ownership } = this.#options;
    const newDispatchId = newId("dispatch");
    // From before it can be handed over, by whichever claim.
    let handedOver = this.#handedOver(newDispatchId);
    try {
      const queueing = store.change({ kind: "dispatch", taskId, agentId, newDispatchId });
      // Asked for at the same time, so that queueing and claiming share a commit.
      const claiming = queues.claim(agentId);
      const queued = await queueing;
      if (queued.refusal) return queued;
      if (!(await claiming)) await this.#takenUp(newDispatchId, agentId, queued.eventId);
      const written = await handOvers.done(newDispatchId);
      if (written?.task && written.attempt?.id === newDispatchId) {
        return { ...queued, task: written.task, attempt: written.attempt };
      }
      // In the queue, or another claim has it.
      let attempt = await store.attempt(newDispatchId);
      const limit = AbortSignal.timeout(HANDED_OVER_MS);
      while (attempt?.state === "sending") {
        await abortable(handedOver, limit).catch(() => {});
        // One whose hand-over ended here because the work went to another node is handed over there.
        handedOver = this.#handedOver(newDispatchId);
        attempt = await store.attempt(newDispatchId);
        if (this.#isClosed || limit.aborted || ownership.owns(agentId)) break;
      }
      return { ...queued, task: await store.task(taskId), attempt };
    } finally {
      this.#waiting.delete(newDispatchId);
    }
  }

  /** The hand-over of an attempt is over, here or as the log tells. */
  handedOver(dispatchId: string): void {
    this.#waiting.get(dispatchId)?.();
  }

  /** Something became of an agent's work. @param eventId the event that says so, if one does */
  stepped(agentId: string, eventId: number | null): void {
    this.#nextSteps.get(agentId)?.resolve(eventId);
    this.#nextSteps.delete(agentId);
  }

  /** Lets no request wait for another step; those that wait for a hand-over go on until {@link close}. */
  stopWaitingForSteps(): void {
    this.#isClosed = true;
    for (const { resolve } of this.#nextSteps.values()) resolve(null);
  }

  close(): void {
    this.stopWaitingForSteps();
    for (const resolve of this.#waiting.values()) resolve();
  }

  #handedOver(dispatchId: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(dispatchId, resolve));
  }

  /**
   * Resolves when an attempt was taken from its queue, or its agent has no free slot for it: another node does the agent's
   * work, or this one has just begun to. Waits no longer than a node takes to replace another.
   * @param eventId position of the event that queued it
   */
  async #takenUp(dispatchId: string, agentId: string, eventId: number | null): Promise<void> {
    const { store, agents, queues } = this.#options;
    const limit = AbortSignal.timeout(TAKE_UP_MS);
    for (let seen = eventId; !limit.aborted && !this.#isClosed; ) {
      const next = this.#nextSteps.get(agentId) ?? Promise.withResolvers<number | null>();
      this.#nextSteps.set(agentId, next);
      if (!(await agents.reachedInTime(seen))) return;
      // It is this node's by now: what the claim leaves in the queue has to wait there.
      if (await queues.claim(agentId)) return;
      const attempt = await store.attempt(dispatchId);
      if (attempt?.state !== "queued" || !agents.hasFreeSlot(agentId)) return;
      seen = await abortable(next.promise, limit).catch(() => null);
    }
  }
}
