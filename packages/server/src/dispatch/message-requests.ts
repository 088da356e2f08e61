import type { SendMessage, TaskStatus } from "@mission-control/protocol";
import { targetOf } from "../agents/agent-target.ts";
import type { AgentTarget, GatewayAdapter } from "../gateways/gateway.ts";
import { newId } from "../ids.ts";
import type { ChangeResult } from "../store/operations.ts";
import type { IdempotencyKey } from "../store/receipt.ts";
import type { Store } from "../store/store.ts";
import type { BudgetGate } from "./budget-gate.ts";
import type { MessageFiles } from "./message-files.ts";

/** States in which a message begins a new attempt, where the agent goes on in the same conversation. */
const ENDED: ReadonlySet<TaskStatus> = new Set(["completed", "failed", "cancelled"]);

export interface MessageRequestsOptions {
  store: Pick<Store, "task" | "record" | "change">;
  /** The adapter that reaches an agent; null when its gateway is gone. */
  adapterFor: (target: AgentTarget) => GatewayAdapter | null;
  gate: BudgetGate;
  files: Pick<MessageFiles, "take">;
}

/** The calls that write to an agent. */
export class MessageRequests {
  readonly #options: MessageRequestsOptions;

  constructor(options: MessageRequestsOptions) {
    this.#options = options;
  }

  /** As {@link Dispatcher.sendMessage} says. */
  async send(
    taskId: string,
    { attachments, ...message }: SendMessage & { by: string },
    options?: { key?: IdempotencyKey },
  ): Promise<ChangeResult> {
    const { store, adapterFor, gate, files } = this.#options;
    const messageId = newId("message");
    const task = await store.task(taskId);
    const agent = task?.agentId ? await store.record("agent", task.agentId) : null;
    const goesOn = agent && adapterFor(targetOf(agent))?.keepsConversations;
    const newDispatchId = goesOn ? newId("dispatch") : undefined;
    const refused = goesOn && task && ENDED.has(task.status) && (await gate.refusal(taskId));
    if (refused) return refused;
    const taken = attachments?.length ? { attachments: await files.take(taskId, attachments) } : {};
    const change = { kind: "send_message", taskId, messageId, ...message, ...taken, newDispatchId } as const;
    return store.change(change, options);
  }
}
