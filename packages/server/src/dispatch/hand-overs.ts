import { setTimeout as wait } from "node:timers/promises";
import type { AgentDirectory } from "../agents/agent-directory.ts";
import { targetOf } from "../agents/agent-target.ts";
import type { ExchangeSink } from "../exchanges/exchange-log.ts";
import type { AgentTarget, DispatchOutcome, EarlierSend, GatewayAdapter } from "../gateways/gateway.ts";
import type { Metrics } from "../metrics.ts";
import type { ChangeResult, Claimed, LeaseToken } from "../store/operations.ts";
import type { AgentRecord } from "../store/records.ts";
import { type Store, StoreUnavailableError } from "../store/store.ts";
import { type Attempt, isOver, type Task } from "../tasks/task.ts";
import { type ExchangeOutcome, RESULT_OF, recordingExchange } from "./exchange-recording.ts";
import { HandOver } from "./hand-over.ts";
import type { MessageFiles } from "./message-files.ts";
import type { OutcomeWriter } from "./outcome-writer.ts";
import { dispatchPayload, type PayloadOptions, payloadSentBefore } from "./payload.ts";
import { sendContext } from "./send-context.ts";

/** Between tries to take up a run again whose gateway cannot be reached; in milliseconds. */
const RESUME_PAUSE_MS = 5000;

export interface HandOversOptions extends PayloadOptions {
  store: Store;
  agents: Pick<AgentDirectory, "announceReachability">;
  /** The adapter that reaches an agent; null when its gateway is gone. */
  adapterFor: (target: AgentTarget) => GatewayAdapter | null;
  metrics: Pick<Metrics, "dispatch">;
  /** ExchangeOutcome of every dispatch that went out; absent where that is not kept. */
  exchanges?: ExchangeSink | undefined;
  writer: OutcomeWriter;
  /** The files that went with messages. */
  files: Pick<MessageFiles, "of">;
  /** Whether this node has an agent's work under this lease still, as far as it knows. */
  holds: (agentId: string, under: LeaseToken) => boolean;
  /** Called before an attempt goes out, or is taken up again. */
  onSend: (attempt: Attempt) => void;
  /** Called when its hand-over is over, whether what came of it could be written or not. */
  onEnd: (dispatchId: string) => void;
  resumePauseMs?: number;
}

/** An attempt, what its payload is made of, and the lease that it is handed over under. */
interface Parcel {
  attempt: Attempt;
  under: LeaseToken;
  task: Task | null;
  agent: AgentRecord | null;
}

/**
 * Every attempt on its way to its agent: each is handed over once, and what came of it is written, under the lease that
 * it was handed over under. A node that hung meanwhile says nothing of what another has taken up.
 */
export class HandOvers {
  readonly #options: HandOversOptions;
  readonly #underWay = new Map<string, HandOver>();

  constructor(options: HandOversOptions) {
    this.#options = options;
  }

  /**
   * Resolves when an attempt's hand-over is over, with what was written of it, if anything was; undefined when there is
   * none.
   */
  done(dispatchId: string): Promise<ChangeResult | null> | undefined {
    return this.#underWay.get(dispatchId)?.done;
  }

  /** Hands over an attempt that was claimed under a lease; one that cannot be read again goes back to its queue. */
  async begin({ attempt: claimed, task, agent }: Claimed, under: LeaseToken): Promise<void> {
    const { id, taskId } = claimed;
    const taken = await this.#take(claimed, (handOver, attempt) => {
      // Cancelled since, or taken by its agent's own word: there is nothing to hand over.
      if (attempt.state !== "sending") return Promise.resolve();
      return this.#send(handOver, { attempt, under, task, agent }, null);
    });
    const unsent = { kind: "unsent", taskId, dispatchId: id } as const;
    if (!taken) await this.#options.writer.retryUntilStored(unsent, under);
  }

  /** Takes up an attempt that an earlier process, or another node, had begun to hand over, as soon as it can be read. */
  async resume(left: Attempt, under: LeaseToken): Promise<void> {
    const { agentId, taskId } = left;
    if (!this.#options.holds(agentId, under)) return;
    const taken = await this.#take(left, async (handOver, attempt) => {
      const { store } = this.#options;
      const [agent, task] = await Promise.all([store.record("agent", agentId), store.task(taskId)]);
      const earlier = { accepted: attempt.state !== "sending", note: attempt.note };
      await this.#send(handOver, { attempt, under, task, agent }, earlier);
    });
    if (taken) return;
    await this.#options.writer.pause().then(
      () => this.resume(left, under),
      () => {},
    );
  }

  /** The attempt was cancelled. */
  abort(dispatchId: string): void {
    this.#underWay.get(dispatchId)?.abort();
  }

  /**
   * Stops sending what goes to an agent, to all without it. What is under way stays as it is, for whoever takes it up;
   * resolves when nobody here is at it.
   */
  async letGo(agentId?: string): Promise<void> {
    const all = [...this.#underWay.values()].filter(
      (one) => agentId === undefined || one.agentId === agentId,
    );
    for (const handOver of all) handOver.abort();
    await Promise.allSettled(all.map(({ done }) => done));
  }

  /**
   * Reads an attempt again under its hand-over: from here on a cancel aborts that, and one from before shows in the
   * attempt, in whatever order the log and the answers of the store arrive.
   * @returns false when the store could not be read now, and nothing was sent
   */
  async #take(
    { id, agentId }: Pick<Attempt, "id" | "agentId">,
    send: (handOver: HandOver, attempt: Attempt) => Promise<void>,
  ): Promise<boolean> {
    const handOver = new HandOver(agentId);
    this.#underWay.set(id, handOver);
    try {
      const attempt = await this.#options.store.attempt(id);
      if (attempt && !isOver(attempt)) await send(handOver, attempt);
      return true;
    } catch (error) {
      this.#options.writer.failed(error, id);
      return !(error instanceof StoreUnavailableError);
    } finally {
      this.#end(id, handOver);
    }
  }

  /** Nobody waits for it any more, whether it was sent or not. */
  #end(dispatchId: string, handOver: HandOver): void {
    handOver.drop();
    this.#options.onEnd(dispatchId);
    if (this.#underWay.get(dispatchId) === handOver) this.#underWay.delete(dispatchId);
  }

  async #send(handOver: HandOver, parcel: Parcel, earlier: EarlierSend | null): Promise<void> {
    const { agents, writer, onSend } = this.#options;
    const { id, agentId } = parcel.attempt;
    onSend(parcel.attempt);
    await handOver
      .run(
        ({ signal }) => this.#sendTo(parcel, earlier, signal),
        (outcome) => this.#settle(parcel, outcome),
      )
      .catch((error: unknown) => writer.failed(error, id));
    this.#end(id, handOver);
    await agents.announceReachability(agentId).catch((error: unknown) => writer.failed(error, id));
  }

  async #sendTo(
    { attempt, under, task, agent }: Parcel,
    earlier: EarlierSend | null,
    signal: AbortSignal,
  ): Promise<DispatchOutcome> {
    const { adapterFor } = this.#options;
    const target = agent && targetOf(agent);
    const adapter = target && adapterFor(target);
    if (!agent || !task || !adapter) return withoutAdapter(agent, earlier);
    const parts = { task, attempt, agent };
    const context = sendContext(this.#options, attempt, { signal, under });
    if (!earlier) {
      const { id: dispatchId, taskId, agentId } = attempt;
      const payload = dispatchPayload(this.#options, parts);
      return recordingExchange(
        this.#options.exchanges,
        adapter,
        { what: "dispatch", agentId, dispatchId, taskId },
        () => adapter.dispatch(target, payload, context),
        exchangeOutcomeOf,
      );
    }
    const payload = await payloadSentBefore(this.#options, parts);
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
  #settle({ attempt, under }: Parcel, outcome: DispatchOutcome): Promise<ChangeResult | null> {
    const { metrics, writer } = this.#options;
    const { id: dispatchId, taskId } = attempt;
    metrics.dispatch(outcome.kind);
    switch (outcome.kind) {
      case "accepted":
      case "unsent":
        return writer.retryUntilStored({ kind: outcome.kind, taskId, dispatchId }, under);
      case "unknown":
        return writer.retryUntilStored({ ...outcome, taskId, dispatchId }, under);
      default: {
        const state = outcome.kind === "unreachable" ? "failed" : outcome.kind;
        const { reason } = outcome;
        return writer.retryUntilStored({ kind: "undelivered", taskId, dispatchId, state, reason }, under);
      }
    }
  }
}

function exchangeOutcomeOf(outcome: DispatchOutcome): ExchangeOutcome | null {
  const result = RESULT_OF[outcome.kind];
  return result && { result, ...("reason" in outcome ? { reason: outcome.reason } : {}) };
}

function withoutAdapter(agent: AgentRecord | null, earlier: EarlierSend | null): DispatchOutcome {
  const reason = agent
    ? "The agent's gateway is not there any more: add it again, or point the agent to another one."
    : "The agent was deleted.";
  return { kind: earlier ? "lost" : "unreachable", reason };
}
