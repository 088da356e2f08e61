import { CALLBACK_PATH, type DispatchPayload, deriveDispatchSecret } from "@mission-control/protocol";
import type { AgentRecord } from "../store/records.ts";
import type { Attempt, Task } from "../tasks/task.ts";

/** What every payload of this server has in common. */
export interface PayloadOptions {
  /** Base URL that agents reach this server at. */
  publicUrl: () => string;
  serverKey: Uint8Array;
}

/** Stands for the secret wherever a payload is shown and not sent. */
const HIDDEN_SECRET = "whsec_••••••••";

/** The same payload for people to read: everything but the secret. */
export function withoutSecret(payload: DispatchPayload): DispatchPayload {
  return { ...payload, callback: { ...payload.callback, secret: HIDDEN_SECRET } };
}

/** The payload of one attempt (docs/contract.md, section 3), the same each time it is sent. */
export function dispatchPayload(
  { publicUrl, serverKey }: PayloadOptions,
  { task, attempt, agent }: { task: Task; attempt: Attempt; agent: AgentRecord },
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
      secret: deriveDispatchSecret(serverKey, attempt.id),
      scheme: "standard-webhooks",
    },
    dispatchedAt: attempt.sentAt ?? attempt.queuedAt,
  };
}
