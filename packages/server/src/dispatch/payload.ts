import {
  CALLBACK_PATH,
  type DispatchPayload,
  deriveDispatchSecret,
  type SigningKey,
} from "@mission-control/protocol";
import type { AgentRecord } from "../store/records.ts";
import type { SentPayload } from "../store/sent-payload.ts";
import type { Store } from "../store/store.ts";
import type { Attempt, Task } from "../tasks/task.ts";

/** What every payload of this server has in common. */
export interface PayloadOptions {
  /** Base URL that agents reach this server at. */
  publicUrl: () => string;
  serverKey: SigningKey;
}

/** What a payload is made of. */
export interface PayloadParts {
  task: Task;
  attempt: Attempt;
  agent: AgentRecord;
}

/** Stands for the secret wherever a payload is kept or shown, and not sent. */
const HIDDEN_SECRET = "whsec_••••••••";
/** A payload whose JSON is longer is kept without the task's context; in UTF-16 units. */
const MAX_KEPT_LENGTH = 256 * 1024;

/** The payload of one attempt (docs/contract.md, section 3), the same each time it is sent. */
export function dispatchPayload(options: PayloadOptions, parts: PayloadParts): DispatchPayload {
  return payloadWith(deriveDispatchSecret(options.serverKey, parts.attempt.id), options, parts);
}

/** The same payload as it is kept with the attempt: everything but the secret. */
export function keptPayload(options: Pick<PayloadOptions, "publicUrl">, parts: PayloadParts): SentPayload {
  const payload = payloadWith(HIDDEN_SECRET, options, parts);
  const { kind } = parts.agent.endpoint;
  const { context } = payload.task;
  // Everything else has limits of its own, which are below this one.
  if (Object.keys(context).length === 0 || JSON.stringify(context).length <= MAX_KEPT_LENGTH) {
    return { kind, payload };
  }
  return { kind, payload: { ...payload, task: { ...payload.task, context: {} } }, contextOmitted: true };
}

/**
 * The payload of an attempt that was sent before, by whichever process: as it was kept, or made again where it was not
 * kept whole.
 */
export async function payloadSentBefore(
  options: PayloadOptions & { store: Pick<Store, "sentPayload"> },
  parts: PayloadParts,
): Promise<DispatchPayload> {
  const { task, attempt } = parts;
  const kept = await options.store.sentPayload(task.id, attempt.id);
  if (!kept || kept.contextOmitted) return dispatchPayload(options, parts);
  const secret = deriveDispatchSecret(options.serverKey, attempt.id);
  return { ...kept.payload, callback: { ...kept.payload.callback, secret } };
}

/** What the agent of an attempt was sent, as {@link Dispatcher.payload} says. */
export async function readPayload(
  options: Pick<PayloadOptions, "publicUrl"> & {
    store: Pick<Store, "sentPayload" | "attempt" | "task" | "record">;
  },
  taskId: string,
  dispatchId: string,
): Promise<(SentPayload & { isKept: boolean }) | null> {
  const { store } = options;
  const kept = await store.sentPayload(taskId, dispatchId);
  const attempt = await store.attempt(dispatchId);
  // Back in the queue, it is sent again as it is then.
  if (kept && attempt?.state !== "queued") return { ...kept, isKept: true };
  const task = await store.task(taskId);
  const agent = attempt && (await store.record("agent", attempt.agentId));
  if (!task || !agent || attempt.taskId !== taskId) return null;
  return { ...keptPayload(options, { task, attempt, agent }), isKept: false };
}

function payloadWith(
  secret: string,
  { publicUrl }: Pick<PayloadOptions, "publicUrl">,
  { task, attempt, agent }: PayloadParts,
): DispatchPayload {
  const { id, title, description, priority, tags, context } = task;
  return {
    version: 1,
    dispatchId: attempt.id,
    attempt: attempt.number,
    task: { id, title, description, priority, tags: [...tags], context, feedback: attempt.feedback },
    agent: { id: agent.id, name: agent.name, capabilities: agent.capabilities },
    callback: {
      url: `${publicUrl().replace(/\/+$/, "")}${CALLBACK_PATH}/${attempt.id}`,
      secret,
      scheme: "standard-webhooks",
    },
    dispatchedAt: attempt.sentAt ?? attempt.queuedAt,
  };
}
