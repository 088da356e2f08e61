import type { AnswerPermission, SendMessage } from "@mission-control/protocol";
import type { AgentDirectory } from "../agents/agent-directory.ts";
import { targetOf } from "../agents/agent-target.ts";
import type { Budgets } from "../budgets/budgets.ts";
import type { ExchangeSink } from "../exchanges/exchange-log.ts";
import type { AgentTarget, GatewayAdapter, RunEvent } from "../gateways/gateway.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { Contents } from "../store/contents.ts";
import { type AttemptStep, type PendingCommand, summaryOf } from "../store/log-change.ts";
import type { ChangeResult, LeaseToken } from "../store/operations.ts";
import type { IdempotencyKey } from "../store/receipt.ts";
import type { SentPayload } from "../store/sent-payload.ts";
import type { Follower, LogEntry, Store } from "../store/store.ts";
import type { GivenElsewhere } from "../tasks/change.ts";
import { type Attempt, isOver, occupiesSlot } from "../tasks/task.ts";
import { AgentOwnership, type AgentWork } from "./agent-ownership.ts";
import { AgentQueues } from "./agent-queues.ts";
import { BudgetGate } from "./budget-gate.ts";
import { CommandDelivery } from "./command-delivery.ts";
import { CommandSteps } from "./command-steps.ts";
import { DispatchRequests } from "./dispatch-requests.ts";
import { HandOvers } from "./hand-overs.ts";
import { MessageFiles } from "./message-files.ts";
import { MessageRequests } from "./message-requests.ts";
import { OutcomeWriter } from "./outcome-writer.ts";
import { keptPayload, type PayloadOptions, readPayload } from "./payload.ts";
import { RequestExpiry } from "./request-expiry.ts";
import { RunWatch } from "./run-watch.ts";

export interface DispatcherOptions extends PayloadOptions {
  store: Store;
  agents: Pick<AgentDirectory, "announceReachability" | "hasQueue" | "hasFreeSlot" | "reachedInTime">;
  /** The adapter that reaches an agent; null when its gateway is gone. */
  adapterFor: (target: AgentTarget) => GatewayAdapter | null;
  /**
   * Whether an agent can be reached from this node: not through a gateway that another one is connected to. Where that
   * may have changed, {@link Dispatcher.review} is to be called. Default: every one can.
   */
  reachesHere?: (target: AgentTarget) => Promise<boolean>;
  /** Where the files of messages are kept. */
  contents: Pick<Contents, "keep" | "read">;
  logger: Logger;
  metrics: Pick<Metrics, "dispatch">;
  /** Whether a new attempt may be begun; absent where one always may. */
  budgets?: Pick<Budgets, "refusal">;
  /** Records what agents were sent; absent where that is not kept. */
  exchanges?: ExchangeSink;
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
  readonly #expiry: RequestExpiry;
  readonly #commands: CommandDelivery;
  readonly #gate: BudgetGate;
  readonly #messages: MessageRequests;
  readonly #ownership: AgentOwnership;
  readonly #requests: DispatchRequests;
  #follower: Follower | null = null;

  constructor(options: DispatcherOptions) {
    const { store, logger } = options;
    this.#options = options;
    this.#writer = new OutcomeWriter({ store, logger, pauseMs: options.storePauseMs });
    this.#ownership = new AgentOwnership({
      store,
      logger,
      mayOwn: (agentId) => this.#mayOwn(agentId),
      takeUp: (agentId, work, under) => this.#takeUp(agentId, work, under),
      deliver: (pending) => this.#commandReady(pending),
      letGo: async (agentId) => {
        // What a claim brings now goes back under the lease, before that does.
        await this.#queues.letGo(agentId);
        await Promise.all([this.#handOvers.letGo(agentId), this.#commands.letGo(agentId)]);
      },
      pause: () => this.#writer.pause(),
    });
    const files = new MessageFiles(options);
    this.#gate = new BudgetGate(options);
    this.#messages = new MessageRequests({ ...options, gate: this.#gate, files });
    this.#handOvers = new HandOvers({
      ...options,
      writer: this.#writer,
      files,
      holds: (agentId, under) => this.#ownership.holds(agentId, under),
      onSend: (attempt) => this.#runs.follow(summaryOf(attempt)),
      onEnd: (id) => this.#requests.handedOver(id),
    });
    this.#queues = new AgentQueues({
      store,
      ownership: this.#ownership,
      logger,
      keep: (claimed) => keptPayload(options, claimed),
      begin: (claimed, under) => void this.#handOvers.begin(claimed, under),
      pause: () => this.#writer.pause(),
    });
    this.#requests = new DispatchRequests({
      ...options,
      ownership: this.#ownership,
      queues: this.#queues,
      handOvers: this.#handOvers,
    });
    this.#runs = new RunWatch({ store, writer: this.#writer, graceMs: options.graceMs });
    this.#expiry = new RequestExpiry(this.#writer);
    const steps = new CommandSteps({ ...options, files });
    this.#commands = new CommandDelivery({
      logger,
      deliver: (pending, signal) => steps.deliver(pending, signal),
      settle: (pending, outcome) => steps.settle(pending, outcome),
    });
  }

  /**
   * Asks for the work of every agent that has some: attempts under way, undelivered commands, queues. Until then nothing
   * is handed out or delivered: what is found is an earlier process's, and nothing of it is taken up twice.
   */
  async start(): Promise<void> {
    const { store } = this.#options;
    const { lastEventId, underWay, commands, queueLengths } = await store.workInHand();
    for (const attempt of underWay) {
      const summary = summaryOf(attempt);
      this.#runs.follow(summary);
      this.#expiry.follow(summary);
    }
    this.#follower = store.follow(lastEventId, (entries) => this.#follow(entries));
    const withWork = [...underWay, ...commands].map(({ agentId }) => agentId);
    for (const agentId of new Set([...withWork, ...queueLengths.keys()])) this.#ownership.tokenOf(agentId);
    this.#ownership.open();
  }

  /**
   * It may have changed which agents can be reached from here: a gateway's connection came to this node, or is to go.
   * Resolves when nothing is under way any more to those that cannot.
   */
  review(): Promise<void> {
    return this.#ownership.review();
  }

  /** Whether this node does an agent's work. */
  owns(agentId: string): boolean {
    return this.#ownership.owns(agentId);
  }

  /**
   * Queues a new attempt. Resolves once the agent's side accepted it or will not, or nobody can say, or at once when
   * the agent has no free slot, or no node takes it up for a while; the result's task and attempt say which.
   */
  async dispatch(taskId: string, agentId: string): Promise<ChangeResult> {
    return (await this.#gate.refusal(taskId, agentId)) ?? this.#requests.dispatch(taskId, agentId);
  }

  /**
   * What the agent of an attempt was sent, without the secret. `isKept` is false where it was not sent yet, or by a version
   * that did not keep it: then it is made from the task and the agent as they are now. Null when one of them is not there.
   */
  payload(taskId: string, dispatchId: string): Promise<(SentPayload & { isKept: boolean }) | null> {
    return readPayload(this.#options, taskId, dispatchId);
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

  /** Ends an attempt without knowing what became of it; its agent is told to stop, where it can be. */
  forceEnd(taskId: string): Promise<ChangeResult> {
    return this.#options.store.change({ kind: "force_end", taskId });
  }

  approve(taskId: string, given: GivenElsewhere = {}): Promise<ChangeResult> {
    return this.#options.store.change({ kind: "approve", taskId, ...given });
  }

  /** Sends a task in review back to its agent with feedback, as a new attempt. */
  async reject(taskId: string, feedback: string, given: GivenElsewhere = {}): Promise<ChangeResult> {
    const newDispatchId = newId("dispatch");
    const { store } = this.#options;
    const refused = (await store.task(taskId))?.status === "review" && (await this.#gate.refusal(taskId));
    if (refused) return refused;
    return store.change({ kind: "reject", taskId, feedback, newDispatchId, ...given });
  }

  answerPermission(
    taskId: string,
    requestId: string,
    answer: AnswerPermission,
    given: GivenElsewhere = {},
  ): Promise<ChangeResult> {
    return this.#options.store.change({ kind: "answer_permission", taskId, requestId, ...answer, ...given });
  }

  /**
   * Writes to the agent that works on a task: kept until its side has answered. Where it has ended and its agent goes on
   * in the same conversation, the message begins a new attempt.
   * @throws AttachmentError; ContentError `no_room`, where there is none for its files
   */
  sendMessage(
    taskId: string,
    message: SendMessage & { by: string },
    options?: { key?: IdempotencyKey },
  ): Promise<ChangeResult> {
    return this.#messages.send(taskId, message, options);
  }

  /** Takes what a gateway saw of a run. */
  onRunEvent(event: RunEvent): void {
    this.#runs.onRunEvent(event);
  }

  /** Stops sending. What is under way stays as it is, for the next start. */
  async close(): Promise<void> {
    this.#follower?.close();
    this.#queues.close();
    this.#requests.stopWaitingForSteps();
    this.#runs.close();
    this.#expiry.close();
    await this.#handOvers.letGo();
    this.#writer.close();
    await this.#commands.close();
    this.#requests.close();
    await this.#ownership.close();
  }

  #follow(entries: readonly LogEntry[]): void {
    /** The agents whose queue may have something to hand out now, each with the last event that says so. */
    const ready = new Map<string, number>();
    for (const { id, change } of entries) {
      // Most events only tell how an attempt goes on.
      if (!change) continue;
      for (const step of change.attempts ?? []) {
        if (this.#followAttempt(step)) ready.set(agentIdOf(step), id);
        this.#requests.stepped(agentIdOf(step), id);
      }
      for (const { kind, id: agentId } of change.records ?? []) {
        if (kind !== "agent") continue;
        ready.set(agentId, id);
        // It may be reached by another way now.
        void this.#ownership.review(agentId);
      }
      for (const pending of change.commands ?? []) this.#ownership.follow(pending);
    }
    for (const [agentId, eventId] of ready) void this.#queues.claimAfter(eventId, agentId);
  }

  /** @returns whether it left something to claim: an attempt in the queue, or a free slot */
  #followAttempt({ before, after }: AttemptStep): boolean {
    const { id, state } = (after ?? before) as NonNullable<typeof after>;
    const hadSlot = before !== null && occupiesSlot(before);
    if (!after || (state !== "queued" && state !== "sending")) this.#requests.handedOver(id);
    if (!after) {
      this.#runs.forget(id);
      this.#expiry.forget(id);
      return hadSlot;
    }
    if (state === "queued") return true;
    this.#runs.follow(after);
    this.#expiry.follow(after);
    if (state === "cancelled" || state === "lost") this.#handOvers.abort(id);
    return hadSlot && isOver(after);
  }

  /** Whether this node can do an agent's work; any can say of one that is not there any more what became of its attempts. */
  async #mayOwn(agentId: string): Promise<boolean> {
    const { store, reachesHere } = this.#options;
    const agent = await store.record("agent", agentId);
    return !agent || !reachesHere || (await reachesHere(targetOf(agent)));
  }

  #takeUp(agentId: string, { underWay, commands }: AgentWork, under: LeaseToken): void {
    for (const attempt of underWay) if (isTakenUp(attempt)) void this.#handOvers.resume(attempt, under);
    for (const pending of commands) this.#commandReady(pending);
    void this.#queues.claim(agentId);
    this.#requests.stepped(agentId, null);
  }

  /** What is said to an agent goes after the dispatch it is about. */
  #commandReady(pending: PendingCommand): void {
    this.#commands.deliver(pending, this.#handOvers.done(pending.dispatchId));
  }
}

function agentIdOf({ before, after }: AttemptStep): string {
  return (after ?? before)?.agentId as string;
}

/** Whether an attempt that whoever did the agent's work before has left is to be taken up: not one whose end, or fate, is to come by itself. */
function isTakenUp({ state, runOutcome }: Attempt): boolean {
  return state !== "unknown" && !runOutcome;
}
