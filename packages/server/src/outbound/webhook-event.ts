import type { JsonObject, NewEvent } from "@mission-control/protocol";
import type { WebhookRecord } from "../store/records.ts";

/** What an operator, or how it answers, changed about an endpoint. */
export type WebhookChange =
  | "created"
  | "edited"
  | "deleted"
  | "secret_rotated"
  | "replayed"
  | "resent"
  | "paused"
  | "resumed"
  | "switched_off"
  | "switched_on";

/** The event that something about an endpoint changed. Its URL may hold secrets: only its host is in the event. */
export function webhookEvent(
  { id, url, description }: WebhookRecord,
  change: WebhookChange,
  now: string,
  more: JsonObject = {},
): NewEvent {
  const { host, pathname } = new URL(url);
  // An e-mail's has no host.
  const message = description ?? (host || pathname);
  return {
    type: "webhook",
    message,
    data: { change, webhookId: id, ...more },
    timestamp: now,
    receivedAt: now,
  };
}
