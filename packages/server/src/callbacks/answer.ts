import { PROBLEM_TYPE, type Problem } from "@mission-control/protocol";

/** How long an agent should wait where it is told to try again and nothing says how long, in seconds. */
const RETRY_AFTER_SECONDS = 1;

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

export type ProblemStatus = keyof typeof TITLES;

/** What a callback is answered, whatever carries it. */
export interface Answer {
  status: 200 | ProblemStatus;
  /** Reason phrase of the status. */
  title: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: string;
}

const JSON_HEADERS = [["Content-Type", "application/json"]] as const;
const PROBLEM_HEADERS = [["Content-Type", PROBLEM_TYPE]] as const;
const METHOD_HEADERS = [...PROBLEM_HEADERS, ["Allow", "POST"]] as const;

/** A callback that was stored. */
export function stored(eventId: number, duplicate: boolean, taskStatus: string): Answer {
  // All four are numbers, booleans and words of our own: nothing to escape.
  const body = `{"ok":true,"eventId":${eventId},"duplicate":${duplicate},"taskStatus":"${taskStatus}"}`;
  return { status: 200, title: "OK", headers: JSON_HEADERS, body };
}

/**
 * A callback that changed nothing (RFC 9457).
 * @param retryAfter seconds until it may be tried again, where it may
 */
export function refused(
  status: ProblemStatus,
  detail: string,
  more: { errors?: Problem["errors"]; duplicate?: boolean } = {},
  retryAfter = RETRY_AFTER_SECONDS,
): Answer {
  const title = TITLES[status];
  return {
    status,
    title,
    headers: headersOf(status, retryAfter),
    body: JSON.stringify({ type: "about:blank", title, status, detail, ...more }),
  };
}

function headersOf(status: ProblemStatus, retryAfter: number): Answer["headers"] {
  if (status === 405) return METHOD_HEADERS;
  const mayTryAgain = status === 408 || status === 429 || status === 503;
  return mayTryAgain ? [...PROBLEM_HEADERS, ["Retry-After", String(retryAfter)]] : PROBLEM_HEADERS;
}
