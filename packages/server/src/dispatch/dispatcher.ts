import type { DispatchPayload } from "@mission-control/protocol";
import {
  type AgentTarget,
  CancelNotConfirmedError,
  type GatewayAdapter,
  type RunEvent,
} from "../gateways/gateway.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { AttemptChange, ChangeResult, Commit, PendingCommand, Store } from "../store/store.ts";
import { type Attempt, isOver, occupiesSlot } from "../tasks/task.ts";
import type { CommandOutcome } from "./agent-commands.ts";
import { type AgentDirectory, targetOf } from "./agent-directory.ts";
import { AgentQueues } from "./agent-queues.ts";
import { CommandDelivery } from "./command-delivery.ts";
import { HandOvers } from "./hand-overs.ts";
import { InsistentWriter } from "./insistent-writer.ts";
import { dispatchPayload, type PayloadOptions, withoutSecret } from "./payload.ts";
import { RunWatch } from "./run-watch.ts";
import { sendContext } from "./send-context.ts";

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
 * unreachable, unknown, cancelled, silent, or interrupted by a restart.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #writer: InsistentWriter;
  readonly #handOvers: HandOvers;
  readonly #queues: AgentQueues;
  readonly #runs: RunWatch;
  readonly #commands: CommandDelivery;
  readonly #stopListening: () => void;
  /** Commands committed before {@link start} looked for what an earlier process left; null from then on. */
  #early: Map<number, PendingCommand> | null = new Map();

  constructor(options: DispatcherOptions) {
    const { store, agents, logger } = options;
    this.#options = options;
    this.#writer = new InsistentWriter({ store, logger, pauseMs: options.storePauseMs });
    this.#handOvers = new HandOvers({ ...options, writer: this.#writer });
    this.#queues = new AgentQueues({
      store,
      agents,
      logger,
      begin: (attempt) => this.#handOvers.begin(attempt),
      pause: () => this.#writer.pause(),
    });
    this.#runs = new RunWatch({ store, writer: this.#writer, graceMs: options.graceMs });
    this.#commands = new CommandDelivery({
      logger,
      tell: (pending, signal) => this.#tell(pending, signal),
      settle: (pending, outcome) => this.#settleCommand(pending, outcome),
    });
    this.#stopListening = store.onCommit((commit) => this.#follow(commit));
    agents.onEdit((agentId) => void this.#queues.claim(agentId));
  }

  /**
   * Takes up what an earlier process left: attempts under way, undelivered commands, queues. Until then nothing is
   * handed out or told: what is found is an earlier process's, and nothing of it is taken up twice.
   */
  async start(): Promise<void> {
    const { store } = this.#options;
    for (const attempt of await store.unfinishedAttempts()) {
      this.#runs.follow(attempt);
      if (isTakenUp(attempt)) void this.#resume(attempt);
    }
    const left = await store.pendingCommands();
    const early = this.#early ?? new Map<number, PendingCommand>();
    this.#early = null;
    for (const pending of left) early.set(pending.id, pending);
    for (const pending of early.values()) this.#commandReady(pending);
    this.#queues.open();
    for (const agentId of (await store.queueLengths()).keys()) void this.#queues.claim(agentId);
  }

  /**
   * Queues a new attempt. Resolves once the agent's side accepted it or will not, or nobody can say, or at once when
   * the agent has no free slot; the result's task and attempt say which.
   */
  async dispatch(taskId: string, agentId: string): Promise<ChangeResult> {
    const { store } = this.#options;
    const newDispatchId = newId("dispatch");
    const queued = await store.change({ kind: "dispatch", taskId, agentId, newDispatchId });
    if (queued.refusal) return queued;
    await this.#queues.claim(agentId);
    await this.#handOvers.done(newDispatchId);
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
    this.#runs.onRunEvent(event);
  }

  /** Stops sending. What is under way stays as it is, for the next start. */
  async close(): Promise<void> {
    this.#stopListening();
    this.#queues.close();
    this.#runs.close();
    await this.#handOvers.close();
    this.#writer.close();
    await this.#commands.close();
  }

  #follow(commit: Commit): void {
    for (const change of commit.attempts) this.#followAttempt(change);
    for (const pending of commit.commands) {
      if (this.#early) this.#early.set(pending.id, pending);
      else this.#commandReady(pending);
    }
  }

  #followAttempt({ before, after }: AttemptChange): void {
    const { id, agentId, state } = after;
    if (state === "queued") {
      if (!before) void this.#queues.claim(agentId);
      return;
    }
    this.#runs.follow(after);
    if (state === "cancelled") this.#handOvers.abort(id);
    if (isOver(after) && before && occupiesSlot(before)) void this.#queues.claim(agentId);
  }

  async #resume(attempt: Attempt): Promise<void> {
    await this.#handOvers.resume(attempt).catch((error: unknown) => this.#writer.failed(error, attempt.id));
  }

  /** What is said to an agent goes after the dispatch it is about. */
  #commandReady(pending: PendingCommand): void {
    this.#commands.deliver(pending, this.#handOvers.done(pending.dispatchId));
  }

  async #tell(pending: PendingCommand, signal: AbortSignal): Promise<CommandOutcome> {
    const { agentId, dispatchId, taskId, command } = pending;
    const { store, agents, adapterFor } = this.#options;
    const attempt = await store.attempt(dispatchId);
    if (command.kind === "cancel" && !isToStop(attempt)) return { kind: "withdrawn" };
    const task = await store.task(taskId);
    const agent = agents.record(agentId);
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
      const receipt = { scope: `command:${dispatchId}`, key: `cancel ${state}` };
      await store.change({ kind: "cancel_answered", taskId, dispatchId, reason }, receipt);
    }
    await store.commandDone(id);
  }
}

/** Whether an attempt that the last process left is to be taken up: not one whose end, or fate, is to come by itself. */
function isTakenUp({ state, runOutcome }: Attempt): boolean {
  return state !== "unknown" && !runOutcome;
}

/** Whether the agent is still to be told to stop: not when it has spoken since of an attempt that was unknown. */
function isToStop(attempt: Attempt | null): boolean {
  return !attempt || ["unknown", "cancelled", "lost"].includes(attempt.state);
}
