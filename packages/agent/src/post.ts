import { judge, type PostResult } from "./answer.ts";
import { changeOf, type Upload } from "./artifact.ts";
import type { Message } from "./callback.ts";
import { anySignal, type Clock } from "./clock.ts";
import { standardHeaders } from "./signing.ts";
import type { Target } from "./target.ts";
import { timeoutSignal } from "./timers.ts";
import { isToBegin, offsetIn, offsetRequest, uploadMs, uploadRequest } from "./upload.ts";

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
    return await judge(response, clock.now());
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

/** The cause that fetch hides inside "fetch failed", e.g. "connect ECONNREFUSED 127.0.0.1:4000". */
function networkReason(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  if (current instanceof AggregateError && current.errors[0] instanceof Error) current = current.errors[0];
  return current instanceof Error ? current.message : String(current);
}
