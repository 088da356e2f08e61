import { PROBLEM_TYPE, type Problem } from "@mission-control/protocol";
import type { WholeAnswer } from "../ingress/exchange.ts";
import { problemBody, reasonPhrase } from "../problem.ts";

/** How long an agent should wait where it is told to try again and nothing says how long, in seconds. */
const RETRY_AFTER_SECONDS = 1;

export type ProblemStatus = 400 | 401 | 404 | 405 | 408 | 409 | 413 | 415 | 429 | 500 | 503 | 507;

/** What a callback is answered, whatever carries it. */
export interface Answer extends WholeAnswer {
  status: 200 | 204 | ProblemStatus;
}

const JSON_HEADERS = [["Content-Type", "application/json"]] as const;
const PROBLEM_HEADERS = [["Content-Type", PROBLEM_TYPE]] as const;
const NOT_STORED = ["Cache-Control", "no-store"] as const;
const METHOD_HEADERS = [...PROBLEM_HEADERS, ["Allow", "POST"]] as const;

/** A callback that was stored. */
export function stored(eventId: number, duplicate: boolean, taskStatus: string): Answer {
  // All four are numbers, booleans and words of our own: nothing to escape.
  const body = `{"ok":true,"eventId":${eventId},"duplicate":${duplicate},"taskStatus":"${taskStatus}"}`;
  return { status: 200, title: "OK", headers: JSON_HEADERS, body };
}

/** How much of an upload is there, in bytes. */
export function uploadOffset(offset: number): Answer {
  const headers = [["Upload-Offset", String(offset)], ["Upload-Complete", "?0"], NOT_STORED] as const;
  return { status: 204, title: "No Content", headers, body: "" };
}

/** The refusal of an upload that goes on elsewhere than where it stopped, with where that is. */
export function wrongOffset(refusal: Answer, offset: number): Answer {
  return { ...refusal, headers: [...refusal.headers, ["Upload-Offset", String(offset)]] };
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
