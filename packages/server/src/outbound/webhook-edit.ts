import type { JsonObject } from "@mission-control/protocol";
import type { RecordEdit, WebhookRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { type WebhookChange, webhookEvent } from "./webhook-event.ts";

/** What is asked for does not go with how things are; the message says why. */
export class WebhookConflictError extends Error {
  readonly code = "webhook_conflict";
  override name = "WebhookConflictError";
}

/** The endpoint is not any more as whoever edits it has seen it. */
export class WebhookChangedError extends Error {
  readonly code = "webhook_changed";
  override name = "WebhookChangedError";

  constructor() {
    super(
      "The endpoint was edited meanwhile: look at it again, and then change what is still to be changed.",
    );
  }
}

export interface WebhookEdit {
  id: string;
  change: WebhookChange;
  /** When it is made, ISO 8601. */
  at: string;
  /** What its event says beside the change. */
  more?: JsonObject;
  /** The edited record, or why it cannot be edited. */
  make: (before: WebhookRecord) => WebhookRecord | WebhookConflictError | WebhookChangedError;
}

/**
 * Has an endpoint changed by an operator, and told.
 * @returns null when there is no such endpoint
 * @throws WebhookConflictError, WebhookChangedError
 */
export async function editWebhook(
  store: Pick<Store, "edit">,
  { id, change, at, more = {}, make }: WebhookEdit,
): Promise<WebhookRecord | null> {
  let refused: Error | null = null;
  const { record, refusal } = await store.edit("webhook", id, (current): RecordEdit<WebhookRecord> => {
    if (!current) return { record: null };
    const edited = make(current);
    if (edited instanceof Error) {
      refused = edited;
      return { refusal: { code: "conflict", detail: edited.message } };
    }
    return { record: { ...edited, updatedAt: at }, event: webhookEvent(edited, change, at, more) };
  });
  if (refusal) throw refused ?? new WebhookConflictError(refusal.detail);
  return record;
}
