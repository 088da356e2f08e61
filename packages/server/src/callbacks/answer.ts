import type { ServerResponse } from "node:http";
import { type CallbackAnswer, PROBLEM_TYPE, type Problem } from "@mission-control/protocol";

/** How long an agent should wait where it is told to try again, in seconds. */
const RETRY_AFTER_SECONDS = 1;

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  503: "Service Unavailable",
};

/** Answers a callback that was stored. */
export function answerStored(response: ServerResponse, answer: CallbackAnswer): void {
  const body = JSON.stringify(answer);
  response.writeHead(200, [
    "Content-Type",
    "application/json",
    "Content-Length",
    String(Buffer.byteLength(body)),
  ]);
  response.end(body);
}

/** Answers a callback that changed nothing. */
export function answerProblem(
  response: ServerResponse,
  status: number,
  detail: string,
  more: { errors?: Problem["errors"]; duplicate?: boolean; close?: boolean } = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const { close, ...members } = more;
  const problem = { type: "about:blank", title: TITLES[status] ?? "Error", status, detail, ...members };
  const body = JSON.stringify(problem);
  const headers: Record<string, string | number> = {
    "Content-Type": PROBLEM_TYPE,
    "Content-Length": Buffer.byteLength(body),
  };
  if (status === 429 || status === 503) headers["Retry-After"] = RETRY_AFTER_SECONDS;
  if (status === 405) headers.Allow = "POST";
  if (close) headers.Connection = "close";
  response.writeHead(status, headers).end(body);
}
