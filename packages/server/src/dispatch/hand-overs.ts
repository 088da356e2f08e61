import { setTimeout as wait } from "node:timers/promises";
import type { AgentTarget, DispatchOutcome, EarlierSend, GatewayAdapter } from "../gateways/gateway.ts";
import type { Metrics } from "../metrics.ts";
import type { AgentRecord, Store } from "../store/store.ts";
import { type Attempt, isOver } from "../tasks/task.ts";
import { type AgentDirectory, targetOf } from "./agent-directory.ts";
import { HandOver } from "./hand-over.ts";
import type { InsistentWriter } from "./insistent-writer.ts";
import { dispatchPayload, type PayloadOptions } from "./payload.ts";
import { sendContext } from "./send-context.ts";

/** Between tries to take up a run again whose gateway cannot be reached; in milliseconds. */
const RESUME_PAUSE_MS = 5000;

export const AGENT_DELETED = "The agent was deleted.";

export interface HandOversOptions extends PayloadOptions {
  store: Store;
  agents: Pick<AgentDirectory, "record" | "announceReachability">;
  /** The adapter that reaches an agent; null when its gateway is gone. */
  adapterFor: (target: AgentTarget) => GatewayAdapter | null;
  metrics: Pick<Metrics, "dispatch">;
  writer: InsistentWriter;
  resumePauseMs?: number;
}

/** Every attempt on its way to its agent: each is handed over once, and what came of it is written. */
export class HandOvers {
  readonly #options: HandOversOptions;
  readonly #underWay = new Map<string, HandOver>();

  constructor(options: HandOversOptions) {
    this.#options = options;
  }

  /** Resolves when an attempt's hand-over is over; undefined when there is none. */
  done(dispatchId: string): Promise<void> | undefined {
    return this.#underWay.get(dispatchId)?.done;
  }

  /** Hands a queued attempt over, once the store has it as `sending`. Resolves then, before the agent's answer. */
  async begin({ id: dispatchId, taskId }: Attempt): Promise<void> {
    const handOver = new HandOver();
    this.#underWay.set(dispatchId, handOver);
    let sent: Attempt | null = null;
    try {
      const sending = await this.#options.store.change({ kind: "sending", taskId, dispatchId });
      if (!sending.refusal) sent = sending.attempt;
    } finally {
      if (sent) void this.#send(handOver, sent, null);
      else this.#drop(dispatchId);
    }
  }

  /** Takes up an attempt that an earlier process had begun to hand over. */
  async resume({ id }: Attempt): Promise<void> {
    const handOver = new HandOver();
    this.#underWay.set(id, handOver);
    // Read again under its hand-over: from here on a cancel aborts that, and before it the attempt is over.
    let attempt: Attempt | null = null;
    try {
      attempt = await this.#options.store.attempt(id);
    } finally {
      if (!attempt || isOver(attempt)) this.#drop(id);
    }
    if (attempt && !isOver(attempt))
      await this.#send(handOver, attempt, { accepted: attempt.state !== "sending", note: attempt.note });
  }

  /** The attempt was cancelled. */
  abort(dispatchId: string): void {
    this.#underWay.get(dispatchId)?.abort();
  }

  /** Stops sending. What is under way stays as it is, for the next start. */
  async close(): Promise<void> {
    const all = [...this.#underWay.values()];
    for (const handOver of all) handOver.abort();
    await Promise.allSettled(all.map(({ done }) => done));
  }

  #drop(dispatchId: string): void {
    this.#underWay.get(dispatchId)?.drop();
    this.#underWay.delete(dispatchId);
  }

  async #send(handOver: HandOver, attempt: Attempt, earlier: EarlierSend | null): Promise<void> {
    const { agents, writer } = this.#options;
    await handOver
      .run(
        ({ signal }) => this.#sendTo(attempt, earlier, signal),
        (outcome) => this.#settle(attempt, outcome),
      )
      .catch((error: unknown) => writer.failed(error, attempt.id));
    this.#underWay.delete(attempt.id);
    await agents
      .announceReachability(attempt.agentId)
      .catch((error: unknown) => writer.failed(error, attempt.id));
  }

  async #sendTo(
    attempt: Attempt,
    earlier: EarlierSend | null,
    signal: AbortSignal,
  ): Promise<DispatchOutcome> {
    const { store, agents, adapterFor } = this.#options;
    const agent = agents.record(attempt.agentId);
    const task = await store.task(attempt.taskId);
    const target = agent && targetOf(agent);
    const adapter = target && adapterFor(target);
    if (!agent || !task || !adapter) return gone(agent, earlier);
    const payload = dispatchPayload(this.#options, { task, attempt, agent });
    const context = sendContext(store, attempt, signal);
    if (!earlier) return adapter.dispatch(target, payload, context);
    for (;;) {
      const outcome = await adapter.resume(target, payload, earlier, context);
      if (outcome.kind !== "unreachable") return outcome;
      // The earlier process may have handed it over before it died: not reaching its agent now says nothing of that.
      if (!earlier.accepted) return { ...outcome, kind: "unknown" };
      // And a run that the agent's side had accepted goes on without us.
      await wait(this.#options.resumePauseMs ?? RESUME_PAUSE_MS, undefined, { signal });
    }
  }

  /** Writes what came of a hand-over. Waits for the first try alone: whoever asked for it need not wait for a disk. */
  #settle({ id: dispatchId, taskId }: Attempt, outcome: DispatchOutcome): Promise<void> {
    const { metrics, writer } = this.#options;
    metrics.dispatch(outcome.kind);
    switch (outcome.kind) {
      case "accepted":
      case "unsent":
        return writer.insist({ kind: outcome.kind, taskId, dispatchId });
      case "unknown":
        return writer.insist({ ...outcome, taskId, dispatchId });
      default: {
        const state = outcome.kind === "unreachable" ? "failed" : outcome.kind;
        return writer.insist({ kind: "undelivered", taskId, dispatchId, state, reason: outcome.reason });
      }
    }
  }
}

function gone(agent: AgentRecord | null, earlier: EarlierSend | null): DispatchOutcome {
  const reason = agent
    ? "The agent's gateway is not there any more: add it again, or point the agent to another one."
    : AGENT_DELETED;
  return { kind: earlier ? "lost" : "unreachable", reason };
}
