import type { LogEvent, WebhookFormat } from "@mission-control/protocol";

/** What is sent of an event. */
export interface Message {
  contentType: string;
  body: string;
}

/** The id of an event's delivery to an endpoint, which is the `webhook-id` of each try: the same after any restart. */
export function deliveryId(endpointId: string, eventId: number): string {
  return `${endpointId}.${eventId}`;
}

/**
 * Writes an event for an endpoint.
 * @param json the event as the stream sends it; it goes out as it is, and is not parsed and written again
 * @param source the server's public URL: with the event's id, it is what a CloudEvent is known by
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function messageOf(json: string, format: WebhookFormat, source: string): Message {
  if (format === "event") return { contentType: CONTENT_TYPES.event, body: json };
  const { id, type, taskId, receivedAt } = JSON.parse(json) as LogEvent;
  const attributes = {
    specversion: "1.0",
    id: String(id),
    source,
    type: `mission-control.${type}`,
    ...(taskId === undefined ? {} : { subject: taskId }),
    time: receivedAt,
    datacontenttype: "application/json",
  };
  const body = `${JSON.stringify(attributes).slice(0, -1)},"data":${json}}`;
  return { contentType: CONTENT_TYPES.cloudevents, body };
}

/** The media type of each format. */
export const CONTENT_TYPES: Readonly<Record<WebhookFormat, string>> = {
  event: "application/json",
  cloudevents: "application/cloudevents+json; charset=utf-8",
};
