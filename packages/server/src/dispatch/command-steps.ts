import type { DispatchPayload } from "@mission-control/protocol";
import { targetOf } from "../agents/agent-target.ts";
import type { ExchangeSink } from "../exchanges/exchange-log.ts";
import {
  type AgentTarget,
  AnswerRefusedError,
  CancelNotConfirmedError,
  type GatewayAdapter,
  type MessageOutcome,
} from "../gateways/gateway.ts";
import type { PendingCommand } from "../store/log-change.ts";
import type { Store } from "../store/store.ts";
import type { DeliveryChange } from "../tasks/change.ts";
import { type Attempt, isOver } from "../tasks/task.ts";
import type { CommandOutcome } from "./agent-commands.ts";
import { type AskedAgent, type ExchangeOutcome, recordingExchange } from "./exchange-recording.ts";
import type { MessageFiles } from "./message-files.ts";
import { type PayloadOptions, payloadSentBefore } from "./payload.ts";
import { sendContext } from "./send-context.ts";

export interface CommandStepsOptions extends PayloadOptions {
  store: Store;
  /** The adapter that reaches an agent; null when its gateway is gone. */
  adapterFor: (target: AgentTarget) => GatewayAdapter | null;
  /** The files that go with messages. */
  files: Pick<MessageFiles, "read" | "of">;
  /** ExchangeOutcome of everything that agents were told; absent where that is not kept. */
  exchanges?: ExchangeSink | undefined;
}

type Command<Kind extends PendingCommand["command"]["kind"]> = PendingCommand & {
  command: Extract<PendingCommand["command"], { kind: Kind }>;
};

/** What a command is delivered with. */
interface Route {
  adapter: GatewayAdapter;
  target: AgentTarget;
  attempt: Attempt | null;
  /** What the agent was sent; null where the task or the attempt is not there any more. */
  payload: DispatchPayload | null;
  signal: AbortSignal;
}

const WITHDRAWN: CommandOutcome = { kind: "withdrawn" };

/** The two steps of a command: what delivers it to its agent once, and what writes what came of that. */
export class CommandSteps {
  readonly #options: CommandStepsOptions;

  constructor(options: CommandStepsOptions) {
    this.#options = options;
  }

  /** @throws when the agent could not be told now */
  async deliver(pending: PendingCommand, signal: AbortSignal): Promise<CommandOutcome> {
    const { id, agentId, dispatchId, taskId, command } = pending;
    const { store, adapterFor } = this.#options;
    // Delivered before, by a node whose lease had not run out yet.
    if (!(await store.isCommandPending(id))) return WITHDRAWN;
    const attempt = await store.attempt(dispatchId);
    if (!isStillTrue(command, attempt)) return WITHDRAWN;
    const [task, agent] = await Promise.all([store.task(taskId), store.record("agent", agentId)]);
    const target = agent && targetOf(agent);
    const adapter = target && adapterFor(target);
    if (!agent || !adapter) {
      return { kind: "refused", reason: "There is no way to reach the agent any more." };
    }
    const payload = task && attempt && (await payloadSentBefore(this.#options, { task, attempt, agent }));
    const route = { adapter, target, attempt, payload, signal };
    const what = command.kind === "permission" ? "answer" : command.kind;
    const asked: AskedAgent = { what, agentId, dispatchId, taskId };
    return recordingExchange(
      this.#options.exchanges,
      adapter,
      asked,
      () => this.#perform(pending, route),
      exchangeOutcomeOf,
    );
  }

  #perform(pending: PendingCommand, route: Route): Promise<CommandOutcome> {
    const { kind } = pending.command;
    if (kind === "cancel") return this.#cancel(pending as Command<"cancel">, route);
    if (kind === "permission") return this.#answer(pending as Command<"permission">, route);
    return this.#send(pending as Command<"message">, route);
  }

  /** Writes what came of a command, and that it is not pending any more. */
  async settle(pending: PendingCommand, outcome: CommandOutcome): Promise<void> {
    const { store } = this.#options;
    const { id, dispatchId } = pending;
    const step = stepOf(pending, outcome);
    if (step?.kind === "cancel_answered") {
      // One that is delivered again after a crash is answered once for what the attempt is then.
      const { state = "gone" } = (await store.attempt(dispatchId)) ?? {};
      await store.change(step, { key: { scope: `command:${dispatchId}`, key: `cancel ${state}` } });
    } else if (step) await store.change(step);
    await store.commandDone(id);
  }

  async #cancel({ dispatchId, taskId }: Command<"cancel">, route: Route): Promise<CommandOutcome> {
    try {
      await route.adapter.cancel(route.target, { dispatchId, taskId }, route.signal);
      return { kind: "done" };
    } catch (error) {
      if (error instanceof CancelNotConfirmedError) return { kind: "refused", reason: error.message };
      throw error;
    }
  }

  async #answer({ command }: Command<"permission">, route: Route): Promise<CommandOutcome> {
    const { adapter, target, attempt, payload, signal } = route;
    if (!attempt || !payload) return WITHDRAWN;
    try {
      const context = sendContext(this.#options, attempt, { signal });
      await adapter.answerPermission(target, payload, command, context);
      return { kind: "done" };
    } catch (error) {
      if (error instanceof AnswerRefusedError) return { kind: "refused", reason: error.message };
      throw error;
    }
  }

  async #send({ command }: Command<"message">, route: Route): Promise<CommandOutcome> {
    const { store } = this.#options;
    const { adapter, target, attempt, payload, signal } = route;
    const message = await store.message(command.messageId);
    if (!attempt || !payload || !message) return WITHDRAWN;
    if (!adapter.sendMessage) return { kind: "refused", reason: "Agents of this kind take no messages." };
    const context = sendContext(this.#options, attempt, { signal });
    const { id, text, mode, attachments: files } = message;
    if (!files) return asOutcome(await adapter.sendMessage(target, payload, { id, text, mode }, context));
    const attachments = await this.#options.files.read(files);
    if (!attachments) return { kind: "refused", reason: "Its files are not kept any more." };
    return asOutcome(await adapter.sendMessage(target, payload, { id, text, mode, attachments }, context));
  }
}

function exchangeOutcomeOf(outcome: CommandOutcome): ExchangeOutcome | null {
  if (outcome.kind === "withdrawn") return null;
  return outcome.kind === "done" ? { result: "ok" } : { result: "refused", reason: outcome.reason };
}

function asOutcome({ state, reason }: MessageOutcome): CommandOutcome {
  if (state === "refused") return { kind: "refused", reason };
  return { kind: "done", message: { state, reason } };
}

/** Whether a command still is to be delivered. Nobody waits for an answer or a message to an attempt that is over. */
function isStillTrue({ kind }: PendingCommand["command"], attempt: Attempt | null): boolean {
  if (kind === "cancel") return isToStop(attempt);
  return attempt !== null && !isOver(attempt);
}

/** Whether the agent still has to stop: not when it has spoken since of an attempt that was unknown. */
function isToStop(attempt: Attempt | null): boolean {
  return !attempt || ["unknown", "cancelled", "lost"].includes(attempt.state);
}

/** A crash may have kept the agent's answer from being written: whether it has it, nobody knows then. */
const ENDED_FIRST = "The attempt ended before its agent confirmed that it has it.";

/** What an outcome changes about the attempt; null for nothing. */
function stepOf({ command, ...pending }: PendingCommand, outcome: CommandOutcome): DeliveryChange | null {
  const { dispatchId, taskId } = pending;
  const reason = outcome.kind === "refused" ? outcome.reason : undefined;
  const undelivered = outcome.kind === "withdrawn" ? ENDED_FIRST : reason;
  switch (command.kind) {
    case "cancel":
      return outcome.kind === "withdrawn" ? null : { kind: "cancel_answered", taskId, dispatchId, reason };
    case "permission": {
      const { requestId } = command;
      return { kind: "answer_delivered", taskId, dispatchId, requestId, reason: undelivered };
    }
    case "message": {
      const about = { kind: "message_moved", taskId, dispatchId, messageId: command.messageId } as const;
      if (undelivered !== undefined) return { ...about, state: "refused", reason: undelivered };
      return { ...about, state: "delivered", ...(outcome.kind === "done" ? outcome.message : {}) };
    }
  }
}
