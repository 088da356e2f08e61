import { PROBLEM_TYPE, type Problem } from "@mission-control/protocol";
import type { WholeAnswer } from "../ingress/exchange.ts";
import { problemBody, reasonPhrase } from "../problem.ts";

/** How long an agent should wait where it is told to try again and nothing says how long, in seconds. */
const RETRY_AFTER_SECONDS = 1;

export type ProblemStatus = 400 | 401 | 404 | 405 | 408 | 409 | 413 | 415 | 429 | 500 | 503 | 507;

/** What a callback is answered, whatever carries it. */
export interface Answer extends WholeAnswer {
  status: 200 | ProblemStatus;
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
  return {
    status,
    title: reasonPhrase(status),
    headers: headersOf(status, retryAfter),
    body: problemBody(status, detail, more),
  };
}

function headersOf(status: ProblemStatus, retryAfter: number): Answer["headers"] {
  if (status === 405) return METHOD_HEADERS;
  const mayTryAgain = status === 408 || status === 429 || status === 503 || status === 507;
  return mayTryAgain ? [...PROBLEM_HEADERS, ["Retry-After", String(retryAfter)]] : PROBLEM_HEADERS;
}
