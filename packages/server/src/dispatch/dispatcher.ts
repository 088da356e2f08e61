import { setTimeout as wait } from "node:timers/promises";
import type { DispatchPayload } from "@mission-control/protocol";
import type {
  AgentTarget,
  DispatchOutcome,
  GatewayAdapter,
  RunEvent,
  SendContext,
} from "../gateways/gateway.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type {
  AgentRecord,
  AttemptChange,
  ChangeResult,
  Commit,
  PendingCommand,
  Store,
} from "../store/store.ts";
import type { TaskChange } from "../tasks/change.ts";
import { type Attempt, isOver, occupiesSlot } from "../tasks/task.ts";
import { type AgentDirectory, targetOf } from "./agent-directory.ts";
import { CommandDelivery } from "./command-delivery.ts";
import { HandOver } from "./hand-over.ts";
import { dispatchPayload, type PayloadOptions, withoutSecret } from "./payload.ts";

/** How long an agent has, after its run ended, to say so itself; in milliseconds. */
const GRACE_MS = 10_000;
/** Between tries to take up a run again whose gateway cannot be reached; in milliseconds. */
const RESUME_PAUSE_MS = 5000;
/** Between tries to write what the store would not take; in milliseconds. */
const STORE_PAUSE_MS = 2000;

const AGENT_DELETED = "The agent was deleted.";

export interface DispatcherOptions extends PayloadOptions {
  store: Store;
  agents: AgentDirectory;
  /** The adapter that reaches an agent; null when its gateway is gone. */
  adapterFor: (target: AgentTarget) => GatewayAdapter | null;
  logger: Logger;
  metrics: Pick<Metrics, "dispatch">;
  graceMs?: number;
  resumePauseMs?: number;
  storePauseMs?: number;
}

/**
 * Gives queued attempts to their agents, as many at a time as each takes, and sees every one through: refused,
 * unreachable, cancelled, silent, or interrupted by a restart.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #commands: CommandDelivery;
  readonly #stopListening: () => void;
  /** Attempts on their way out. */
  readonly #handOvers = new Map<string, HandOver>();
  /** Task of each attempt an agent may be working on, for what its gateway tells. */
  readonly #taskOf = new Map<string, string>();
  readonly #graceTimers = new Map<string, NodeJS.Timeout>();
  /** The claims of each agent's queue, one after the other. */
  readonly #claims = new Map<string, Promise<void>>();
  /** Agents whose queue will be tried again after a pause. */
  readonly #claimsToCome = new Set<string>();
  readonly #stop = new AbortController();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#commands = new CommandDelivery({
      store: options.store,
      logger: options.logger,
      tell: (agentId, dispatch, command, signal) => {
        const target = this.#targetOf(agentId);
        const adapter = target && options.adapterFor(target);
        if (!target || !adapter) return Promise.resolve();
        if (command.kind === "cancel") return adapter.cancel(target, dispatch, signal);
        return adapter.answerPermission(target, dispatch, command, signal);
      },
    });
    this.#stopListening = options.store.onCommit((commit) => this.#follow(commit));
    options.agents.onEdit((agentId) => void this.#claim(agentId));
  }

  /** Takes up what an earlier process left: attempts under way, undelivered commands, queues. */
  async start(): Promise<void> {
    const { store } = this.#options;
    for (const attempt of await store.unfinishedAttempts()) {
      this.#taskOf.set(attempt.id, attempt.taskId);
      if (attempt.runOutcome) this.#settleAfterGrace(attempt);
      else void this.#resume(attempt);
    }
    for (const pending of await store.pendingCommands()) this.#commandReady(pending);
    for (const agentId of (await store.queueLengths()).keys()) void this.#claim(agentId);
  }

  /**
   * Queues a new attempt. Resolves once the agent's side accepted it or will not, or at once when the agent has
   * no free slot; the result's task says which.
   */
  async dispatch(taskId: string, agentId: string): Promise<ChangeResult> {
    const { store } = this.#options;
    const newDispatchId = newId("dispatch");
    const queued = await store.change({ kind: "dispatch", taskId, agentId, newDispatchId });
    if (queued.refusal) return queued;
    await this.#claim(agentId);
    await this.#handOvers.get(newDispatchId)?.done;
    return { ...queued, task: await store.task(taskId), attempt: await store.attempt(newDispatchId) };
  }

  /**
   * What the agent of an attempt is sent, made from the task and the agent as they are now, without the secret; null
   * when one of them is not there.
   */
  async payload(taskId: string, dispatchId: string): Promise<DispatchPayload | null> {
    const { store, agents } = this.#options;
    const attempt = await store.attempt(dispatchId);
    const task = await store.task(taskId);
    const agent = attempt && agents.record(attempt.agentId);
    if (!task || !agent || attempt.taskId !== taskId) return null;
    return withoutSecret(dispatchPayload(this.#options, { task, attempt, agent }));
  }

  cancel(taskId: string): Promise<ChangeResult> {
    return this.#options.store.change({ kind: "cancel", taskId });
  }

  approve(taskId: string): Promise<ChangeResult> {
    return this.#options.store.change({ kind: "approve", taskId });
  }

  /** Sends a task in review back to its agent with feedback, as a new attempt. */
  async reject(taskId: string, feedback: string): Promise<ChangeResult> {
    const newDispatchId = newId("dispatch");
    return this.#options.store.change({ kind: "reject", taskId, feedback, newDispatchId });
  }

  answerPermission(taskId: string, requestId: string, optionId: string): Promise<ChangeResult> {
    return this.#options.store.change({ kind: "answer_permission", taskId, requestId, optionId });
  }

  /** Takes what a gateway saw of a run. */
  onRunEvent(event: RunEvent): void {
    const { dispatchId } = event;
    const taskId = this.#taskOf.get(dispatchId);
    if (taskId === undefined) return;
    const at = event.at.toISOString();
    if (event.kind === "activity") {
      this.#options.store
        .change({ ...event, kind: "run_activity", taskId, at })
        .catch((error: unknown) => this.#unstored(error, dispatchId));
    } else if (event.kind === "ended") {
      const run = { outcome: event.outcome, text: event.text, at };
      void this.#insist({ kind: "run_ended", taskId, dispatchId, run });
    } else {
      const { reason } = event;
      void this.#insist({ kind: "undelivered", taskId, dispatchId, state: "lost", reason });
    }
  }

  /** Stops sending. What is under way stays as it is, for the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#stopListening();
    for (const timer of this.#graceTimers.values()) clearTimeout(timer);
    for (const handOver of this.#handOvers.values()) handOver.abort();
    await Promise.allSettled([...this.#handOvers.values()].map(({ done }) => done));
    await this.#commands.close();
  }

  #follow(commit: Commit): void {
    for (const change of commit.attempts) this.#followAttempt(change);
    for (const pending of commit.commands) this.#commandReady(pending);
  }

  #followAttempt({ before, after }: AttemptChange): void {
    const { id, agentId } = after;
    if (after.state === "queued") {
      if (!before) void this.#claim(agentId);
      return;
    }
    if (!isOver(after)) {
      this.#taskOf.set(id, after.taskId);
      if (after.runOutcome && !before?.runOutcome) this.#settleAfterGrace(after);
      return;
    }
    this.#taskOf.delete(id);
    clearTimeout(this.#graceTimers.get(id));
    this.#graceTimers.delete(id);
    if (after.state === "cancelled") this.#handOvers.get(id)?.abort();
    if (before && occupiesSlot(before)) void this.#claim(agentId);
  }

  /** What is said to an agent goes after the dispatch it is about. */
  #commandReady(pending: PendingCommand): void {
    this.#commands.deliver(pending, this.#handOvers.get(pending.dispatchId)?.done);
  }

  /** Hands out what the agent has slots for. One claim of an agent runs at a time. */
  #claim(agentId: string): Promise<void> {
    const claim = (this.#claims.get(agentId) ?? Promise.resolve()).then(() => this.#claimFree(agentId));
    const settled = claim.catch((error: unknown) => {
      this.#options.logger.error({ err: error, agentId }, "a queue could not be served");
      this.#claimLater(agentId);
    });
    this.#claims.set(agentId, settled);
    void settled.finally(() => {
      if (this.#claims.get(agentId) === settled) this.#claims.delete(agentId);
    });
    return settled;
  }

  #claimLater(agentId: string): void {
    if (this.#claimsToCome.has(agentId)) return;
    this.#claimsToCome.add(agentId);
    void this.#pause().then(
      () => {
        this.#claimsToCome.delete(agentId);
        return this.#claim(agentId);
      },
      () => {},
    );
  }

  async #claimFree(agentId: string): Promise<void> {
    const { store, agents } = this.#options;
    while (!this.#stop.signal.aborted) {
      if (!agents.record(agentId)) return this.#failQueue(agentId);
      const free = agents.freeSlots(agentId);
      if (free === 0) return;
      const queued = await store.queuedAttempts(agentId, free);
      if (queued.length === 0) return;
      await Promise.all(
        queued.map(async (attempt) => {
          const handOver = new HandOver();
          this.#handOvers.set(attempt.id, handOver);
          const { id: dispatchId, taskId } = attempt;
          let sent: Attempt | null = null;
          try {
            const sending = await store.change({ kind: "sending", taskId, dispatchId });
            if (!sending.refusal) sent = sending.attempt;
          } finally {
            if (sent) void this.#send(handOver, sent, null);
            else this.#handOvers.delete(dispatchId);
          }
        }),
      );
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

  /** Takes up an attempt that an earlier process had begun to hand over. */
  async #resume(attempt: Attempt): Promise<void> {
    const handOver = new HandOver();
    this.#handOvers.set(attempt.id, handOver);
    await this.#send(handOver, attempt, { accepted: attempt.state !== "sending" });
  }

  async #send(handOver: HandOver, attempt: Attempt, earlier: { accepted: boolean } | null): Promise<void> {
    await handOver
      .run(
        ({ signal }) => this.#sendTo(attempt, earlier, signal),
        (outcome) => this.#settle(attempt, outcome),
      )
      .catch((error: unknown) => this.#unstored(error, attempt.id));
    this.#handOvers.delete(attempt.id);
    await this.#options.agents
      .announceReachability(attempt.agentId)
      .catch((error: unknown) => this.#unstored(error, attempt.id));
  }

  async #sendTo(
    attempt: Attempt,
    earlier: { accepted: boolean } | null,
    signal: AbortSignal,
  ): Promise<DispatchOutcome> {
    const { store, agents, adapterFor } = this.#options;
    const { id: dispatchId, taskId, note } = attempt;
    const agent = agents.record(attempt.agentId);
    const task = await store.task(taskId);
    const target = agent && targetOf(agent);
    const adapter = target && adapterFor(target);
    if (!agent || !task || !adapter) return gone(agent, earlier);
    const payload: DispatchPayload = dispatchPayload(this.#options, { task, attempt, agent });
    const context: SendContext = {
      signal,
      remember: async (newNote) => {
        await store.change({ kind: "note", taskId, dispatchId, note: newNote });
      },
    };
    if (!earlier) return adapter.dispatch(target, payload, context);
    for (;;) {
      const outcome = await adapter.resume(target, payload, { ...earlier, note }, context);
      // A run the agent's side had accepted goes on without us: not reaching it says nothing about it.
      if (outcome.kind !== "unreachable" || !earlier.accepted) return outcome;
      await wait(this.#options.resumePauseMs ?? RESUME_PAUSE_MS, undefined, { signal });
    }
  }

  /** Writes what came of a hand-over. Waits for the first try alone: whoever asked for it need not wait for a disk. */
  async #settle({ id: dispatchId, taskId }: Attempt, outcome: DispatchOutcome): Promise<void> {
    this.#options.metrics.dispatch(outcome.kind);
    if (outcome.kind === "accepted") return this.#insist({ kind: "accepted", taskId, dispatchId });
    const state = outcome.kind === "unreachable" ? "failed" : outcome.kind;
    return this.#insist({ kind: "undelivered", taskId, dispatchId, state, reason: outcome.reason });
  }

  /**
   * Writes what nobody will tell again, in the end: until the store takes it, or the server stops, and the next start
   * asks. Resolves after the first try. The rules refuse what is not true of the attempt any more.
   */
  async #insist(change: TaskChange & { dispatchId: string }): Promise<void> {
    try {
      await this.#options.store.change(change);
    } catch (error) {
      this.#unstored(error, change.dispatchId);
      void this.#pause().then(
        () => this.#insist(change),
        () => {},
      );
    }
  }

  /** @throws once the server stops */
  #pause(): Promise<void> {
    return wait(this.#options.storePauseMs ?? STORE_PAUSE_MS, undefined, { signal: this.#stop.signal });
  }

  #settleAfterGrace({ id: dispatchId, taskId }: Attempt): void {
    const timer = setTimeout(() => {
      this.#graceTimers.delete(dispatchId);
      void this.#insist({ kind: "run_settled", taskId, dispatchId });
    }, this.#options.graceMs ?? GRACE_MS);
    timer.unref();
    this.#graceTimers.set(dispatchId, timer);
  }

  #targetOf(agentId: string): AgentTarget | null {
    const record = this.#options.agents.record(agentId);
    return record && targetOf(record);
  }

  #unstored(error: unknown, dispatchId: string): void {
    if (this.#stop.signal.aborted) return;
    this.#options.logger.error({ err: error, dispatchId }, "what became of a dispatch could not be stored");
  }
}

function gone(agent: AgentRecord | null, earlier: { accepted: boolean } | null): DispatchOutcome {
  const reason = agent
    ? "The agent's gateway is not there any more: add it again, or point the agent to another one."
    : AGENT_DELETED;
  return earlier?.accepted ? { kind: "lost", reason } : { kind: "unreachable", reason };
}
