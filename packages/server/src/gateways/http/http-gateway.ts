import { setTimeout as wait } from "node:timers/promises";
import type { DispatchPayload, JsonObject } from "@mission-control/protocol";
import { type Backoff, fullJitter } from "../backoff.ts";
import type {
  AgentTarget,
  DispatchOutcome,
  DispatchRef,
  EarlierSend,
  GatewayAdapter,
  Reachability,
  SendContext,
} from "../gateway.ts";
import { explainNetworkError } from "../network-errors.ts";
import { type Answer, RequestSender, type SignedRequest } from "./signed-request.ts";

const TRIES = 3;
const TRY_TIMEOUT_MS = 10_000;
const BACKOFF: Backoff = { firstMs: 1000, longestMs: 10_000 };
/** An agent may not make a dispatch wait longer than this by its `Retry-After`. */
const LONGEST_RETRY_AFTER_MS = 10_000;
/** Refusals that are about now, not about the request. */
const PASSING_REFUSALS = [408, 425, 429];
/** Answers to a cancel that say there is nothing to stop, or no way to. */
const NOTHING_TO_STOP = [404, 405, 410, 501];
const MAX_REASON_CHARACTERS = 500;

export interface HttpGatewayOptions {
  backoff?: Backoff;
  random?: () => number;
  /** Of one try, in milliseconds; default 10 s. */
  timeoutMs?: number;
}

/** An agent could not be told something, in all tries. */
export class AgentUnreachableError extends Error {
  readonly code = "agent_unreachable";
  override name = "AgentUnreachableError";
}

/** Agents with a URL of their own: signed requests out, signed callbacks back (contract, section 3). */
export class HttpGateway implements GatewayAdapter {
  readonly #options: HttpGatewayOptions;
  readonly #sender = new RequestSender();
  readonly #closed = new AbortController();
  /** Of each agent's last contact. */
  readonly #reachability = new Map<string, Reachability>();

  constructor(options: HttpGatewayOptions = {}) {
    this.#options = options;
  }

  async dispatch(
    target: AgentTarget,
    payload: DispatchPayload,
    { signal }: SendContext,
  ): Promise<DispatchOutcome> {
    const { dispatchId } = payload;
    const body = JSON.stringify(payload);
    try {
      const answer = await this.#request(target, { method: "POST", id: dispatchId, path: [], body }, signal);
      return outcomeOf(answer);
    } catch (error) {
      if (!(error instanceof AgentUnreachableError)) throw error;
      return { kind: "unreachable", reason: error.message };
    }
  }

  /** The same request again: the agent tells by the dispatch id that it has it already. */
  async resume(
    target: AgentTarget,
    payload: DispatchPayload,
    { accepted }: EarlierSend,
    context: SendContext,
  ): Promise<DispatchOutcome> {
    return accepted ? { kind: "accepted" } : this.dispatch(target, payload, context);
  }

  async cancel(target: AgentTarget, { dispatchId }: DispatchRef, signal: AbortSignal): Promise<void> {
    const request = { method: "DELETE", id: `${dispatchId}:cancel`, path: [dispatchId], body: "" } as const;
    const answer = await this.#request(target, request, signal);
    if (!isSuccess(answer) && !NOTHING_TO_STOP.includes(answer.status)) throw refused("the cancel", answer);
  }

  async answerPermission(
    target: AgentTarget,
    { dispatchId }: DispatchRef,
    { requestId, optionId }: { requestId: string; optionId: string },
    signal: AbortSignal,
  ): Promise<void> {
    const answer = await this.#request(
      target,
      {
        method: "POST",
        id: `${dispatchId}:permission:${requestId}`,
        path: [dispatchId, "permissions", requestId],
        body: JSON.stringify({ optionId }),
      },
      signal,
    );
    if (!isSuccess(answer)) throw refused("the permission's answer", answer);
  }

  reachability({ agentId }: AgentTarget): Reachability {
    return this.#reachability.get(agentId) ?? { status: "unknown" };
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error("The server stops."));
    this.#sender.close();
  }

  /**
   * Sends until an answer comes that says something about the request.
   * @throws AgentUnreachableError after the last try
   */
  async #request(
    target: AgentTarget,
    { path, ...request }: Pick<SignedRequest, "method" | "id" | "body"> & { path: readonly string[] },
    cancelled: AbortSignal,
  ): Promise<Answer> {
    const { backoff = BACKOFF, random = Math.random, timeoutMs = TRY_TIMEOUT_MS } = this.#options;
    const signal = AbortSignal.any([cancelled, this.#closed.signal]);
    const url = urlOf(target, path);
    const secret = target.secret ?? "";
    for (let failures = 0; ; failures++) {
      const timeout = AbortSignal.timeout(timeoutMs);
      let reason: string;
      let retryAfterMs = 0;
      try {
        const answer = await this.#sender.send(
          { ...request, url, secret },
          AbortSignal.any([signal, timeout]),
        );
        if (answer.status < 500 && !PASSING_REFUSALS.includes(answer.status)) {
          this.#reachability.set(target.agentId, { status: "online", at: new Date() });
          return answer;
        }
        reason = `it answered HTTP ${answer.status}${inWords(answer)}`;
        retryAfterMs = Math.min(answer.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
      } catch (error) {
        signal.throwIfAborted();
        reason = timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : explainNetworkError(error);
      }
      if (failures + 1 >= TRIES) {
        const sentence = `The agent at ${url.host} could not be reached in ${TRIES} tries: ${reason}.`;
        this.#reachability.set(target.agentId, { status: "offline", reason: sentence, at: new Date() });
        throw new AgentUnreachableError(sentence);
      }
      await wait(retryAfterMs + fullJitter(backoff, failures, random), undefined, { signal });
    }
  }
}

/** The agent's URL with segments added to its path; its query stays. */
function urlOf({ endpoint }: AgentTarget, path: readonly string[]): URL {
  if (endpoint.kind !== "http") throw new TypeError("This agent has no URL of its own.");
  const url = new URL(endpoint.url);
  if (path.length > 0) {
    url.pathname = [url.pathname.replace(/\/+$/, ""), ...path.map(encodeURIComponent)].join("/");
  }
  return url;
}

function outcomeOf(answer: Answer): DispatchOutcome {
  if (isSuccess(answer)) {
    const { accepted, reason } = jsonOf(answer);
    if (accepted !== false) return { kind: "accepted" };
    return {
      kind: "rejected",
      reason: typeof reason === "string" ? cut(reason) : "The agent gave no reason.",
    };
  }
  if (answer.status >= 300 && answer.status < 400) {
    return {
      kind: "rejected",
      reason: `The agent answered with a redirect (HTTP ${answer.status}), which is not followed: set its URL to where it leads.`,
    };
  }
  return { kind: "rejected", reason: `The agent answered HTTP ${answer.status}${inWords(answer)}.` };
}

function refused(what: string, answer: Answer): Error {
  return new Error(`The agent refused ${what} with HTTP ${answer.status}${inWords(answer)}.`);
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** The reason an agent put into its answer, by the names servers commonly give it; with a colon before. */
function inWords(answer: Answer): string {
  const json = jsonOf(answer);
  const reason = [json.reason, json.detail, json.error, json.message].find(
    (value) => typeof value === "string",
  );
  return reason ? `: ${cut(String(reason))}` : "";
}

function jsonOf({ body }: Answer): JsonObject {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}

function cut(text: string): string {
  return text.length <= MAX_REASON_CHARACTERS ? text : `${text.slice(0, MAX_REASON_CHARACTERS - 1)}…`;
}
