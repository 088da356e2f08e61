import type { Message } from "./callback.ts";
import { anySignal, type Clock } from "./clock.ts";
import { isRetryable, parseRetryAfter } from "./retry.ts";
import { standardHeaders, TIMESTAMP_TOLERANCE_SECONDS } from "./signing.ts";
import { timeoutSignal } from "./timers.ts";
import type { CallbackAnswer } from "./wire.ts";

/** Where callbacks go and how they are signed. */
export interface Target {
  url: string;
  /** `whsec_…` */
  secret: string;
}

/** What one try came to. */
export type AttemptResult =
  | { kind: "stored"; answer: CallbackAnswer }
  /** Final: trying again would be answered the same. */
  | { kind: "refused"; status: number; reason: string }
  /** Worth another try. `reached` is false when no server in working order answered. */
  | { kind: "retry"; reason: string; status?: number; retryAfter: number | undefined; reached: boolean };

export interface AttemptOptions {
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
export async function attemptDelivery(
  message: Message,
  target: Target,
  options: AttemptOptions,
): Promise<AttemptResult> {
  const { clock, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const timestamp = Math.floor(clock.now() / 1000);
  const timeout = timeoutSignal(timeoutMs);
  try {
    const response = await options.fetch(target.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...standardHeaders(target.secret, { id: message.id, timestamp, body: message.body }),
      },
      body: message.body,
      redirect: "manual",
      signal: anySignal(signal, timeout) ?? timeout,
    });
    const text = await response.text();
    return judge(response, text, clock.now());
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const reason = timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : networkReason(error);
    return { kind: "retry", reason, retryAfter: undefined, reached: false };
  }
}

function judge(response: Response, text: string, now: number): AttemptResult {
  const { status, headers } = response;
  const answer = parseObject(text);
  if (response.ok) return { kind: "stored", answer: pickAnswer(answer) };
  const detail = typeof answer.detail === "string" ? answer.detail : answer.title;
  const reason = `HTTP ${status}${typeof detail === "string" ? `: ${detail.replace(/\.$/, "")}` : ""}`;
  if (isRetryable(status)) {
    const retryAfter = parseRetryAfter(headers.get("retry-after"), now);
    // Only a server that is neither asking for patience nor telling us why counts as down.
    const reached = status < 500 || retryAfter !== undefined;
    return { kind: "retry", reason, status, retryAfter, reached };
  }
  return { kind: "refused", status, reason: reason + hint(status, headers, now) };
}

function hint(status: number, headers: Headers, now: number): string {
  if (status >= 300 && status < 400) {
    return ` (redirected to ${headers.get("location") ?? "elsewhere"}; callbacks follow no redirects)`;
  }
  if (status !== 401) return "";
  const serverTime = Date.parse(headers.get("date") ?? "");
  const off = Math.round((now - serverTime) / 1000);
  if (Number.isNaN(off) || Math.abs(off) <= TIMESTAMP_TOLERANCE_SECONDS) return "";
  return ` (this machine's clock is ${Math.abs(off)} s ${off < 0 ? "behind" : "ahead of"} the server's)`;
}

function pickAnswer(answer: Record<string, unknown>): CallbackAnswer {
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

/** The cause fetch hides inside "fetch failed", e.g. "connect ECONNREFUSED 127.0.0.1:4000". */
function networkReason(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  if (current instanceof AggregateError && current.errors[0] instanceof Error) current = current.errors[0];
  return current instanceof Error ? current.message : String(current);
}
