import type { ExchangeResult, ExchangeTry } from "@mission-control/protocol";
import { HIDDEN, shownBody, shownHeaders } from "../../exchanges/shown.ts";
import { type ExchangeRecord, newExchangeId } from "../../store/exchanges.ts";
import { refusalIn } from "./answers.ts";
import { type Answer, fixedHeaders, NoAnswerError, type SignedRequest } from "./signed-request.ts";

/** So much of an answer's body is kept, in UTF-16 units. */
const EXCERPT_LENGTH = 1024;

/** What an agent is sent, and what about. */
export interface AgentRequest extends Pick<SignedRequest, "method" | "id" | "body"> {
  what: "dispatch" | "cancel" | "answer" | "message";
  agentId: string;
  dispatchId: string;
  taskId: string;
  /** What stands in the body and must not be shown. */
  hidden?: string;
}

/** What one try came to: an answer, or an error. */
export function tryOf(at: Date, begun: number, outcome: { answer: Answer } | { error: string }): ExchangeTry {
  const made = { at: at.toISOString(), durationMs: Math.round(performance.now() - begun) };
  if ("error" in outcome) return { ...made, error: outcome.error };
  const { status, headers, body } = outcome.answer;
  const response = body.slice(0, EXCERPT_LENGTH);
  return { ...made, status, headers: shownHeaders(headers), ...(response === "" ? {} : { response }) };
}

/**
 * A request to an agent that is over, as it is kept.
 * @param url as it is shown
 * @param end the last answer, or why there is none
 */
export function agentExchange(
  { what, agentId, dispatchId, taskId, method, id, body, hidden }: AgentRequest,
  url: string,
  tries: ExchangeTry[],
  end: { answer: Answer } | { error: unknown },
): ExchangeRecord {
  const { result, reason } = resultOf(what, end);
  const { status, durationMs = 0 } = tries.at(-1) ?? {};
  const at = new Date();
  return {
    id: newExchangeId("request", at),
    direction: "dispatch",
    what,
    at: at.toISOString(),
    result,
    ...(status === undefined ? {} : { status }),
    durationMs,
    tryCount: tries.length,
    agentId,
    taskId,
    dispatchId,
    ...(reason === undefined ? {} : { reason }),
    request: {
      method,
      url,
      headers: { "webhook-id": id, "webhook-signature": HIDDEN, ...fixedHeaders({ body }) },
      body: shownBody(body, hidden),
      bodyBytes: Buffer.byteLength(body),
    },
    tries,
  };
}

function resultOf(
  what: AgentRequest["what"],
  end: { answer: Answer } | { error: unknown },
): { result: ExchangeResult; reason?: string } {
  if ("error" in end) {
    const reason = end.error instanceof Error ? end.error.message : String(end.error);
    const isUnknown = end.error instanceof NoAnswerError && end.error.sent;
    return { result: isUnknown ? "unknown" : "failed", reason };
  }
  const reason = refusalIn(end.answer, what);
  return reason === undefined ? { result: "ok" } : { result: "refused", reason };
}
