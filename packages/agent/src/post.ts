import { changeOf, type Upload } from "./artifact.ts";
import type { Message } from "./callback.ts";
import { anySignal, type Clock } from "./clock.ts";
import { isRetryable, parseHttpDate, parseRetryAfter } from "./retry.ts";
import { standardHeaders, TIMESTAMP_TOLERANCE_SECONDS } from "./signing.ts";
import type { Target } from "./target.ts";
import { timeoutSignal } from "./timers.ts";
import { isToBegin, offsetIn, offsetRequest, uploadMs, uploadRequest } from "./upload.ts";
import type { CallbackResponse } from "./wire.ts";

/** Of an answer, no more is read: Mission Control's are a few lines. */
const MAX_BODY_BYTES = 64 * 1024;

/** What one try came to. */
export type PostResult =
  | { kind: "stored"; answer: CallbackResponse }
  /** Final: trying again would be answered the same. */
  | { kind: "refused"; status?: number; reason: string }
  /** Worth another try. `reached` is false when no server in working order answered. */
  | { kind: "retry"; reason: string; status?: number; retryAfter: number | undefined; reached: boolean };

/** What one try needs. */
export interface PostOptions {
  fetch: typeof fetch;
  clock: Clock;
  /** How long the server may take to answer, in milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Sends a callback once, with a timestamp and signature of this moment.
 * @throws the signal's reason when it is aborted; every other failure is a result
 */
export async function postCallback(
  message: Message,
  target: Target,
  options: PostOptions,
): Promise<PostResult> {
  const { clock, signal } = options;
  signal?.throwIfAborted();
  const { upload } = message;
  const change = upload && changeOf(upload);
  if (change !== undefined) return { kind: "refused", reason: change };
  const timeoutMs = options.timeoutMs + (upload ? uploadMs(upload) : 0);
  const timeout = timeoutSignal(timeoutMs);
  const send = ({ url, init }: { url: string; init: RequestInit }) =>
    options.fetch(url, { ...init, redirect: "manual", signal: anySignal(signal, timeout) ?? timeout });
  try {
    const response = await (upload
      ? sendUpload(upload, target, send)
      : send(callbackRequest(message, target, clock.now())));
    return judge(response, await readBody(response), clock.now());
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const reason = timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : networkReason(error);
    return { kind: "retry", reason, retryAfter: undefined, reached: false };
  }
}

/** Uploads an artifact, from where an earlier try was cut off. */
async function sendUpload(
  upload: Upload,
  target: Target,
  send: (request: { url: string; init: RequestInit }) => Promise<Response>,
): Promise<Response> {
  const from = offsetIn(await send(offsetRequest(upload, target)), upload);
  const response = await send(uploadRequest(upload, target, from));
  if (from === 0 || !isToBegin(response)) return response;
  await response.body?.cancel();
  return send(uploadRequest(upload, target));
}

/** @param now the sender's clock, in milliseconds since the epoch */
function callbackRequest({ id, body }: Message, { url, secret }: Target, now: number) {
  const signed = standardHeaders(secret, { id, timestamp: Math.floor(now / 1000), body });
  return { url, init: { method: "POST", headers: { "content-type": "application/json", ...signed }, body } };
}

/**
 * The JSON object a server answered with, or an empty one. What it did was decided before it sent the head, so a body
 * that is late, broken off or endless changes nothing.
 */
async function readBody(response: Response): Promise<Record<string, unknown>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) return {};
      chunks.push(chunk);
    }
  } catch {
    return {};
  }
  return parseObject(Buffer.concat(chunks).toString("utf8"));
}

function judge(response: Response, answer: Record<string, unknown>, now: number): PostResult {
  const { status, headers } = response;
  const serverTime = parseHttpDate(headers.get("date"));
  if (response.ok) return { kind: "stored", answer: pickResponse(answer) };
  const detail = typeof answer.detail === "string" ? answer.detail : answer.title;
  const reason = `HTTP ${status}${typeof detail === "string" ? `: ${detail.replace(/\.$/, "")}` : ""}`;
  if (isRetryable(status)) {
    const retryAfter = parseRetryAfter(headers.get("retry-after"), serverTime ?? now);
    // Only a server that is neither asking for patience nor telling us why counts as down.
    const reached = status < 500 || retryAfter !== undefined;
    return { kind: "retry", reason, status, retryAfter, reached };
  }
  if (status >= 300 && status < 400) {
    const where = headers.get("location") ?? "elsewhere";
    const words = `${reason} (redirected to ${where}; callbacks follow no redirects)`;
    return { kind: "refused", status, reason: words };
  }
  const off = serverTime === undefined ? 0 : Math.round((now - serverTime) / 1000);
  if (status === 401 && Math.abs(off) > TIMESTAMP_TOLERANCE_SECONDS) {
    // One of the two clocks is wrong, and it may be the server's: worth waiting for it to be set right. To sign with
    // the server's time instead would hand whoever forges an answer a signature that is good at a time of his choice.
    const words = `${reason} (this machine's clock is ${Math.abs(off)} s ${off < 0 ? "behind" : "ahead of"} the server's: set right the one that is wrong)`;
    return { kind: "retry", reason: words, status, retryAfter: undefined, reached: true };
  }
  return { kind: "refused", status, reason };
}

function pickResponse(answer: Record<string, unknown>): CallbackResponse {
  const { eventId, duplicate, taskStatus } = answer;
  return {
    ...(typeof eventId === "number" && { eventId }),
    ...(typeof duplicate === "boolean" && { duplicate }),
    ...(typeof taskStatus === "string" && { taskStatus }),
  };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The cause that fetch hides inside "fetch failed", e.g. "connect ECONNREFUSED 127.0.0.1:4000". */
function networkReason(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  if (current instanceof AggregateError && current.errors[0] instanceof Error) current = current.errors[0];
  return current instanceof Error ? current.message : String(current);
}
