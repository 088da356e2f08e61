import type { DispatchPayload } from "@mission-control/protocol";
import { type AgentDirectory, targetOf } from "../agents/agent-directory.ts";
import {
  type AgentTarget,
  CancelNotConfirmedError,
  type GatewayAdapter,
  type RunEvent,
} from "../gateways/gateway.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { type AttemptStep, type PendingCommand, summaryOf } from "../store/log-change.ts";
import type { ChangeResult } from "../store/plan.ts";
import type { Follower, LogEntry, Store } from "../store/store.ts";
import { type Attempt, isOver, occupiesSlot } from "../tasks/task.ts";
import type { CommandOutcome } from "./agent-commands.ts";
import { AgentQueues } from "./agent-queues.ts";
import { CommandDelivery } from "./command-delivery.ts";
import { HandOvers } from "./hand-overs.ts";
import { OutcomeWriter } from "./outcome-writer.ts";
import { OwnedLeases } from "./owned-leases.ts";
import { dispatchPayload, type PayloadOptions, withoutSecret } from "./payload.ts";
import { RunWatch } from "./run-watch.ts";
import { sendContext } from "./send-context.ts";

export interface DispatcherOptions extends PayloadOptions {
  store: Store;
  agents: Pick<AgentDirectory, "announceReachability" | "hasQueue">;
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
 * unreachable, unknown, cancelled, silent, or interrupted by a restart.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #writer: OutcomeWriter;
  readonly #handOvers: HandOvers;
  readonly #queues: AgentQueues;
  readonly #runs: RunWatch;
  readonly #commands: CommandDelivery;
  readonly #leases: OwnedLeases;
  /** Whoever waits for an attempt to be handed over, here or elsewhere. */
  readonly #waiting = new Map<string, () => void>();
  #follower: Follower | null = null;

  constructor(options: DispatcherOptions) {
    const { store, logger } = options;
    this.#options = options;
    this.#writer = new OutcomeWriter({ store, logger, pauseMs: options.storePauseMs });
    this.#leases = new OwnedLeases(store);
    this.#handOvers = new HandOvers({
      ...options,
      writer: this.#writer,
      onSend: (attempt) => this.#runs.follow(summaryOf(attempt)),
      onEnd: (id) => this.#waiting.get(id)?.(),
    });
    this.#queues = new AgentQueues({
      store,
      leases: this.#leases,
      logger,
      begin: (claimed) => void this.#handOvers.begin(claimed),
      pause: () => this.#writer.pause(),
    });
    this.#runs = new RunWatch({ store, writer: this.#writer, graceMs: options.graceMs });
    this.#commands = new CommandDelivery({
      logger,
      tell: (pending, signal) => this.#tell(pending, signal),
      settle: (pending, outcome) => this.#settleCommand(pending, outcome),
    });
  }

  /**
   * Takes up what an earlier process left: attempts under way, undelivered commands, queues. Until then nothing is
   * handed out or told: what is found is an earlier process's, and nothing of it is taken up twice.
   */
  async start(): Promise<void> {
    const { store } = this.#options;
    const { lastEventId, underWay, commands, queueLengths } = await store.workInHand();
    for (const attempt of underWay) {
      this.#runs.follow(summaryOf(attempt));
      if (isTakenUp(attempt)) void this.#handOvers.resume(attempt);
    }
    for (const pending of commands) this.#commandReady(pending);
    this.#follower = store.follow(lastEventId, (entries) => this.#follow(entries));
    this.#queues.open();
    for (const agentId of queueLengths.keys()) void this.#queues.claim(agentId);
  }

  /**
   * Queues a new attempt. Resolves once the agent's side accepted it or will not, or nobody can say, or at once when
   * the agent has no free slot; the result's task and attempt say which.
   */
  async dispatch(taskId: string, agentId: string): Promise<ChangeResult> {
    const { store } = this.#options;
    const newDispatchId = newId("dispatch");
    // From before it can be handed over, by whichever claim.
    const handedOver = new Promise<void>((resolve) => this.#waiting.set(newDispatchId, resolve));
    try {
      const queueing = store.change({ kind: "dispatch", taskId, agentId, newDispatchId });
      // Asked for at the same time, so that queueing and claiming share a commit.
      const claiming = this.#queues.claim(agentId);
      const queued = await queueing;
      if (queued.refusal) return queued;
      await claiming;
      const written = await this.#handOvers.done(newDispatchId);
      if (written?.task && written.attempt?.id === newDispatchId) {
        return { ...queued, task: written.task, attempt: written.attempt };
      }
      // In the queue, or another claim has it.
      let attempt = await store.attempt(newDispatchId);
      if (attempt?.state === "sending") {
        await handedOver;
        attempt = await store.attempt(newDispatchId);
      }
      return { ...queued, task: await store.task(taskId), attempt };
    } finally {
      this.#waiting.delete(newDispatchId);
    }
  }

  /**
   * What the agent of an attempt is sent, made from the task and the agent as they are now, without the secret; null
   * when one of them is not there.
   */
  async payload(taskId: string, dispatchId: string): Promise<DispatchPayload | null> {
    const { store } = this.#options;
    const attempt = await store.attempt(dispatchId);
    const task = await store.task(taskId);
    const agent = attempt && (await store.record("agent", attempt.agentId));
    if (!task || !agent || attempt.taskId !== taskId) return null;
    return withoutSecret(dispatchPayload(this.#options, { task, attempt, agent }));
  }

  /**
   * A report is being stored that ends an attempt of this agent: what waits for the agent is claimed in the same
   * commit, where possible. Only a matter of speed: what the log says of the free slot leads to the same claim.
   */
  slotIsFreed(agentId: string): void {
    if (this.#options.agents.hasQueue(agentId)) void this.#queues.claim(agentId);
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
    this.#runs.onRunEvent(event);
  }

  /** Stops sending. What is under way stays as it is, for the next start. */
  async close(): Promise<void> {
    this.#follower?.close();
    this.#queues.close();
    this.#runs.close();
    await this.#handOvers.close();
    this.#writer.close();
    await this.#commands.close();
    for (const resolve of this.#waiting.values()) resolve();
    await this.#leases.close();
  }

  #follow(entries: readonly LogEntry[]): void {
    /** The agents whose queue may have something to hand out now, each with the last event that says so. */
    const ready = new Map<string, number>();
    for (const { id, change } of entries) {
      for (const step of change?.attempts ?? [])
        if (this.#followAttempt(step)) ready.set(agentIdOf(step), id);
      for (const { kind, id: agentId } of change?.records ?? []) if (kind === "agent") ready.set(agentId, id);
      for (const pending of change?.commands ?? []) this.#commandReady(pending);
    }
    for (const [agentId, eventId] of ready) void this.#queues.claimAfter(eventId, agentId);
  }

  /** @returns whether it left something to claim: an attempt in the queue, or a free slot */
  #followAttempt({ before, after }: AttemptStep): boolean {
    const { id, state } = (after ?? before) as NonNullable<typeof after>;
    const hadSlot = before !== null && occupiesSlot(before);
    if (!after || (state !== "queued" && state !== "sending")) this.#waiting.get(id)?.();
    if (!after) {
      this.#runs.forget(id);
      return hadSlot;
    }
    if (state === "queued") return true;
    this.#runs.follow(after);
    if (state === "cancelled") this.#handOvers.abort(id);
    return hadSlot && isOver(after);
  }

  /** What is said to an agent goes after the dispatch it is about. */
  #commandReady(pending: PendingCommand): void {
    this.#commands.deliver(pending, this.#handOvers.done(pending.dispatchId));
  }

  async #tell(pending: PendingCommand, signal: AbortSignal): Promise<CommandOutcome> {
    const { agentId, dispatchId, taskId, command } = pending;
    const { store, adapterFor } = this.#options;
    const attempt = await store.attempt(dispatchId);
    if (command.kind === "cancel" && !isToStop(attempt)) return { kind: "withdrawn" };
    const [task, agent] = await Promise.all([store.task(taskId), store.record("agent", agentId)]);
    const target = agent && targetOf(agent);
    const adapter = target && adapterFor(target);
    if (!agent || !adapter) {
      return { kind: "refused", reason: "There is no way to reach the agent any more." };
    }
    try {
      if (command.kind === "cancel") {
        await adapter.cancel(target, { dispatchId, taskId }, signal);
        return { kind: "done" };
      }
      // Nobody waits for an answer to an attempt that is over, and it could begin a turn nobody asked for.
      if (!task || !attempt || isOver(attempt)) return { kind: "withdrawn" };
      const payload = dispatchPayload(this.#options, { task, attempt, agent });
      await adapter.answerPermission(target, payload, command, sendContext(store, attempt, signal));
      return { kind: "done" };
    } catch (error) {
      if (error instanceof CancelNotConfirmedError) return { kind: "refused", reason: error.message };
      throw error;
    }
  }

  /** Writes what came of a command; of a cancel, whether the agent may still be at work. */
  async #settleCommand(pending: PendingCommand, outcome: CommandOutcome): Promise<void> {
    const { store } = this.#options;
    const { id, dispatchId, taskId, command } = pending;
    if (command.kind === "cancel" && outcome.kind !== "withdrawn") {
      const reason = outcome.kind === "refused" ? outcome.reason : undefined;
      // One that is told again after a crash is answered once for what the attempt is then.
      const { state = "gone" } = (await store.attempt(dispatchId)) ?? {};
      const key = { scope: `command:${dispatchId}`, key: `cancel ${state}` };
      await store.change({ kind: "cancel_answered", taskId, dispatchId, reason }, { key });
    }
    await store.commandDone(id);
  }
}

function agentIdOf({ before, after }: AttemptStep): string {
  return (after ?? before)?.agentId as string;
}

/** Whether an attempt that the last process left is to be taken up: not one whose end, or fate, is to come by itself. */
function isTakenUp({ state, runOutcome }: Attempt): boolean {
  return state !== "unknown" && !runOutcome;
}

/** Whether the agent is still to be told to stop: not when it has spoken since of an attempt that was unknown. */
function isToStop(attempt: Attempt | null): boolean {
  return !attempt || ["unknown", "cancelled", "lost"].includes(attempt.state);
}
