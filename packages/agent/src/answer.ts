import { isRetryable, parseHttpDate, parseRetryAfter } from "./retry.ts";
import { TIMESTAMP_TOLERANCE_SECONDS } from "./signing.ts";
import type { CallbackResponse } from "./wire.ts";

/** Of an answer, no more is read: Mission Control's are a few lines. */
const MAX_BODY_BYTES = 64 * 1024;
/** So much of an answer that is not Mission Control's is repeated, in UTF-16 units. */
const MAX_QUOTE = 80;

/** What one try came to. */
export type PostResult =
  | { kind: "stored"; answer: CallbackResponse }
  /** Final: trying again would be answered the same. */
  | { kind: "refused"; status?: number; reason: string }
  /** Worth another try. `reached` is false when no server in working order answered. */
  | { kind: "retry"; reason: string; status?: number; retryAfter: number | undefined; reached: boolean };

/**
 * What an answer says of the callback, or the upload, that it is to.
 * @param now the sender's clock, in milliseconds since the epoch
 */
export async function judge(response: Response, now: number): Promise<PostResult> {
  const text = await readText(response);
  const { status, headers } = response;
  if (response.ok) {
    const stored = readStored(text);
    return stored ? { kind: "stored", answer: stored } : foreign(status, describeBody(headers, text));
  }
  if (status >= 300 && status < 400) {
    const where = oneLine(headers.get("location") ?? "elsewhere");
    return foreign(status, `redirected to ${where}; callbacks follow no redirects`);
  }
  const serverTime = parseHttpDate(headers.get("date"));
  const answer = parseObject(text) ?? {};
  const detail = typeof answer.detail === "string" ? answer.detail : answer.title;
  const reason = `HTTP ${status}${typeof detail === "string" ? `: ${oneLine(detail).replace(/\.$/, "")}` : ""}`;
  if (isRetryable(status)) {
    const retryAfter = parseRetryAfter(headers.get("retry-after"), serverTime ?? now);
    // Only a server that is neither asking for patience nor telling us why counts as down.
    const reached = status < 500 || retryAfter !== undefined;
    return { kind: "retry", reason, status, retryAfter, reached };
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

/** Whether a server's `/healthz` answered, and nothing that stands between. */
export async function isHealthy(response: Response): Promise<boolean> {
  return parseObject(await readText(response))?.status === "ok";
}

/**
 * What a 2xx says of a callback that is stored. `undefined` where it comes from something else, such as a log-in page, or is
 * not whole; a 2xx alone, without a body, will do.
 */
function readStored(text: string): CallbackResponse | undefined {
  if (text.trim() === "") return {};
  const { ok = true, eventId, duplicate, taskStatus } = parseObject(text) ?? { ok: false };
  if (ok !== true) return undefined;
  return {
    ...(typeof eventId === "number" && { eventId }),
    ...(typeof duplicate === "boolean" && { duplicate }),
    ...(typeof taskStatus === "string" && { taskStatus }),
  };
}

/** An answer that Mission Control gives to no callback: of a proxy, or a network's log-in page. */
function foreign(status: number, what: string): PostResult {
  const reason = `HTTP ${status}, which is not Mission Control's word that it is stored (${what})`;
  return { kind: "retry", reason, status, retryAfter: undefined, reached: false };
}

/** A body's type and beginning, in words. */
function describeBody(headers: Headers, text: string): string {
  const type = oneLine(headers.get("content-type") ?? "") || "no content type";
  const words = oneLine(text);
  const quote = words.length > MAX_QUOTE ? `${words.slice(0, MAX_QUOTE).toWellFormed()}…` : words;
  return `${type}, ${quote === "" ? "empty" : `"${quote}"`}`;
}

/** A stranger's text as part of a line: characters that do something to a terminal are spaces. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

/** The beginning of a body, as far as it came. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BODY_BYTES) break;
    }
  } catch {
    // What came before it broke off says enough: an answer that is not whole is not JSON.
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The JSON object that a text holds, if it does. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
