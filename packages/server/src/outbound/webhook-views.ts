import type { DeliveryView, WebhookEndpointView, WebhookFormat } from "@mission-control/protocol";
import { HIDDEN } from "../exchanges/shown.ts";
import { shownUrl } from "../gateways/http/shown-url.ts";
import type { DeliveryRecord } from "../store/deliveries.ts";
import { eventsBetween } from "../store/log-gaps.ts";
import type { WebhookRecord } from "../store/records.ts";
import type { LogRange } from "../store/store.ts";
import { agentsOf, tagsOf } from "./endpoint-filters.ts";
import { isForPeople } from "./notice.ts";

/** A URL as it is shown. Of services for people, the path is the secret that lets one write there. */
export function shownWebhookUrl(url: string, format: WebhookFormat): string {
  // Neither an address nor a channel's id is a secret: the token stands elsewhere.
  if (format === "email" || format === "slack_app") return url;
  return isForPeople(format) ? `${new URL(url).origin}/${HIDDEN}` : shownUrl(url);
}

/**
 * An endpoint as it is shown.
 * @param waiting how many of its deliveries wait
 * @param log what the log holds
 */
export function viewOf(
  record: WebhookRecord,
  waiting: number,
  { newest, gaps }: LogRange,
): WebhookEndpointView {
  const { id, url, types, notices, description, format, status, statusReason } = record;
  const { answers, answersError, rules } = record;
  const { position, skipped, failingSince, lastDeliveredAt, previousSecret, createdAt, updatedAt } = record;
  const agentIds = agentsOf(record);
  const tags = tagsOf(record);
  return {
    id,
    url: shownWebhookUrl(url, format),
    ...(types ? { types } : {}),
    ...(agentIds?.length === 1 ? { agentId: agentIds[0] } : {}),
    ...(agentIds ? { agentIds } : {}),
    ...(tags?.length === 1 ? { tag: tags[0] } : {}),
    ...(tags ? { tags } : {}),
    ...(notices ? { notices } : {}),
    ...(description === undefined ? {} : { description }),
    format,
    ...rules,
    ...(answers ? { answers } : {}),
    ...(answersError === undefined ? {} : { answersError }),
    status,
    ...(statusReason === undefined ? {} : { statusReason }),
    position,
    behind: eventsBetween(position, newest, gaps),
    waiting,
    skipped,
    failingSince,
    lastDeliveredAt,
    previousSecretUntil: previousSecret?.until ?? null,
    createdAt,
    updatedAt,
  };
}

/**
 * A delivery as it is shown: without what is the server's own.
 * @param isOff whether its endpoint is switched off: then nothing is tried
 */
export function shownDelivery(delivery: DeliveryRecord, isOff: boolean): DeliveryView {
  const { failures: _, bytes: __, lane: ___, shown: ____, nextTryAt, ...view } = delivery;
  return isOff || nextTryAt === undefined ? view : { ...view, nextTryAt };
}
