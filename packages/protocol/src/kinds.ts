/** Types of the log's events. */
export const EVENT_TYPES = [
  "dispatch",
  "activity",
  "status_change",
  "complete",
  "error",
  "permission",
  "message",
  "artifact",
  "task",
  "agent",
  "gateway",
  "webhook",
  "view",
  "budget",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/**
 * How an event is written in the body of a webhook: as the stream sends it, as a CloudEvent in structured mode, or as a
 * notice for people: in the form that a service's own address for messages takes, or as an e-mail.
 */
export const WEBHOOK_FORMATS = [
  "event",
  "cloudevents",
  "ntfy",
  "slack",
  "discord",
  "telegram",
  "email",
  "slack_app",
] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

/**
 * What people are told of: an agent asks, it did not get an answer or a message, a result waits for review, a task failed,
 * an agent is not heard of, a budget is nearly or wholly used up, a task is completed.
 */
export const NOTICE_KINDS = [
  "question",
  "undelivered",
  "review",
  "failure",
  "silent",
  "budget",
  "complete",
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];
