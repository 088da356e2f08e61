import type { JsonObject } from "@mission-control/protocol";
import type { WebhookRecord } from "../store/records.ts";
import type { Message } from "./message.ts";
import type { Post, TryResult, WebhookSender } from "./sender.ts";

/** What a service made of a call. */
export interface ServiceAnswer {
  /** Delivered only where the service itself says so. */
  result: TryResult;
  /** What it answered; empty where that is no JSON object. */
  json: JsonObject;
  /** Its own word for what went wrong; absent where it gave none. */
  refusal?: string;
}

export type ServiceSender = Pick<WebhookSender, "post">;

/**
 * Calls a method of a service whose answers say in `ok` what they are worth, as those of Slack and Telegram do, and in
 * `error` or `description` why. Telegram tells how long to wait in the body, Slack in `Retry-After`.
 * @see https://docs.slack.dev/apis/web-api/#responses
 * @see https://core.telegram.org/bots/api#making-requests
 */
export async function callService(
  sender: ServiceSender,
  endpoint: WebhookRecord,
  id: string,
  post: Omit<Post, "contentType" | "body" | "isAnswerRead"> & { body: JsonObject },
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const { result, answer } = await sender.post(
    endpoint,
    id,
    {
      ...post,
      contentType: "application/json; charset=utf-8",
      body: JSON.stringify(post.body),
      isAnswerRead: true,
    },
    signal,
  );
  const json = objectOf(answer);
  const told = json.error ?? json.description;
  const seconds = objectIn(json, "parameters").retry_after;
  const retryAfterMs = typeof seconds === "number" ? seconds * 1000 : result.retryAfterMs;
  const isDelivered = result.isDelivered && json.ok === true;
  if (isDelivered) return { result: { ...result, retryAfterMs }, json };
  const refusal = typeof told === "string" ? told : undefined;
  const error =
    refusal === undefined ? (result.made.error ?? "It did not answer as it should.") : `Refused: ${refusal}.`;
  return {
    result: { ...result, made: { ...result.made, error }, isDelivered, isGone: false, retryAfterMs },
    json,
    ...(refusal === undefined ? {} : { refusal }),
  };
}

/** The address that a service's methods have in common, by that of one of them. */
export function methodsBeside(methodUrl: string): string {
  const { origin, pathname } = new URL(methodUrl);
  return new URL(".", `${origin}${pathname}`).href;
}

/** A message that is a call of a method. */
export function callMessage(url: string, body: JsonObject): Message {
  return { contentType: "application/json", body: JSON.stringify(body), url };
}

function objectOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}

/** The object at a place in what a service says; empty where there is none. */
export function objectIn(json: JsonObject, name: string): JsonObject {
  const value = json[name];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

/** The text at a place in what a service says, a number as its digits; empty where there is none. */
export function textIn(json: JsonObject, name: string): string {
  const value = json[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
