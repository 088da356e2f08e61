import { setTimeout as wait } from "node:timers/promises";
import {
  type AgentMessageBody,
  agentRequestId,
  type DispatchPayload,
  type ExchangeTry,
} from "@mission-control/protocol";
import type { ExchangeSink } from "../../exchanges/exchange-log.ts";
import { type Backoff, fullJitter } from "../backoff.ts";
import {
  type AgentMessage,
  type AgentTarget,
  AnswerRefusedError,
  CancelNotConfirmedError,
  type DispatchOutcome,
  type DispatchRef,
  type EarlierSend,
  type GatewayAdapter,
  type MessageOutcome,
  type PermissionAnswer,
  type Reachability,
  type SendContext,
} from "../gateway.ts";
import { type AgentRequest, agentExchange, tryOf } from "./agent-exchange.ts";
import { GONE, inWords, isSuccess, messageOutcomeOf, outcomeOf } from "./answers.ts";
import { isLinkLocal, LinkLocalAddressError, lookupOutsideLinkLocal } from "./link-local.ts";
import {
  type Answer,
  NoAnswerError,
  RequestSender,
  type RequestTimes,
  type SignedRequest,
  secretsAt,
} from "./signed-request.ts";

const TRIES = 3;
/** Of a dispatch: an agent may take a minute to say that it has it (docs/contract.md, section 3). */
const DISPATCH_TIMES: RequestTimes = { sendMs: 10_000, answerMs: 60_000, bodyMs: 2000 };
/** Of what is said about a dispatch, which may be said again. */
const COMMAND_TIMES: RequestTimes = { ...DISPATCH_TIMES, answerMs: 10_000 };
const PROBE_TIMES: RequestTimes = { sendMs: 5000, answerMs: 5000, bodyMs: 0 };
const BACKOFF: Backoff = { firstMs: 1000, longestMs: 10_000 };
/** An agent may not make a dispatch wait longer than this by its `Retry-After`. */
const LONGEST_RETRY_AFTER_MS = 10_000;
/** Refusals that are about now, not about the request. */
const PASSING_REFUSALS = [408, 425, 429];
/** Answers to a cancel that say nothing of the dispatch: an agent that has no way to cancel gives them as well. */
const NO_CANCEL_THERE = [404, 405, 501];
/** Answers to a permission's answer from an agent that has no such question any more. */
const NOT_KNOWN_THERE = [404, GONE];
/** Not Implemented: a 5xx that is final (RFC 9110, section 15.6.2), but for a dispatch, which every agent takes. */
const NOT_IMPLEMENTED = 501;
/** A proxy's word that the agent behind it cannot be reached (RFC 9110, sections 15.6.3 and 15.6.5). */
const NOBODY_BEHIND = [502, 504];

export interface HttpGatewayOptions {
  backoff?: Backoff;
  random?: () => number;
  /** Of one try of a dispatch; of what is said about it, as far as that is shorter. */
  times?: Partial<RequestTimes>;
  /** Whether link-local agents and metadata services may be called; default false. */
  allowLinkLocal?: boolean;
  /** Records every request that is over, before what came of it is answered. */
  exchanges?: ExchangeSink | undefined;
}

/** What is asked of an agent: the request, and the segments that its URL's path has more. */
type Asked = Omit<AgentRequest, "agentId"> & { path: readonly string[] };

/** An agent could not be told something, in all tries; it is certain that it has nothing of it. */
export class AgentUnreachableError extends Error {
  readonly code = "agent_unreachable";
  override name = "AgentUnreachableError";
}

/** Agents with a URL of their own: signed requests out, signed callbacks back (docs/contract.md, section 3). */
export class HttpGateway implements GatewayAdapter {
  readonly recordsExchanges = true;
  readonly #options: HttpGatewayOptions;
  readonly #sender: RequestSender;
  readonly #closed = new AbortController();
  /** Of each agent's last contact. */
  readonly #reachability = new Map<string, Reachability>();

  constructor(options: HttpGatewayOptions = {}) {
    this.#options = options;
    this.#sender = new RequestSender(options.allowLinkLocal ? {} : { lookup: lookupOutsideLinkLocal });
  }

  /**
   * Sends until the head of an answer comes, or it is certain that none of the tries was taken. One that went out whole
   * and was not answered may have been: that is the last one.
   */
  async dispatch(
    target: AgentTarget,
    payload: DispatchPayload,
    { signal }: SendContext,
  ): Promise<DispatchOutcome> {
    const { dispatchId, task, callback } = payload;
    const request: Asked = {
      what: "dispatch",
      dispatchId,
      taskId: task.id,
      method: "POST",
      id: dispatchId,
      path: [],
      body: JSON.stringify(payload),
      hidden: callback.secret,
    };
    try {
      return outcomeOf(await this.#request(target, request, { signal, repeat: "unless sent" }));
    } catch (error) {
      if (error instanceof AgentUnreachableError) return { kind: "unreachable", reason: error.message };
      if (error instanceof NoAnswerError && error.sent) {
        const { host } = urlOf(target, []);
        const reason = `The agent at ${host} was sent the dispatch, but did not answer (${error.message}): whether it works on it is not known.`;
        return { kind: "unknown", reason };
      }
      if (signal.aborted || this.#closed.signal.aborted) {
        return { kind: "unsent", reason: "The hand-over was stopped before anything went out." };
      }
      throw error;
    }
  }

  /** Nothing is sent again: an agent that had it may run it twice. */
  async resume(target: AgentTarget, _: DispatchPayload, { accepted }: EarlierSend): Promise<DispatchOutcome> {
    if (accepted) return { kind: "accepted" };
    const { host } = urlOf(target, []);
    const reason = `The server ended while it sent the dispatch to the agent at ${host}: whether that works on it is not known.`;
    return { kind: "unknown", reason };
  }

  async cancel(target: AgentTarget, { dispatchId, taskId }: DispatchRef, signal: AbortSignal): Promise<void> {
    const id = agentRequestId.cancel(dispatchId);
    const about = { what: "cancel", dispatchId, taskId } as const;
    const request: Asked = { ...about, method: "DELETE", id, path: [dispatchId], body: "" };
    const answer = await this.#request(target, request, { signal, repeat: "always" });
    if (isSuccess(answer) || answer.status === GONE) return;
    const { message } = refused("the cancel", answer);
    throw NO_CANCEL_THERE.includes(answer.status) ? new CancelNotConfirmedError(message) : new Error(message);
  }

  async answerPermission(
    target: AgentTarget,
    { dispatchId, task }: DispatchPayload,
    { requestId, optionId, values }: PermissionAnswer,
    { signal }: SendContext,
  ): Promise<void> {
    const request: Asked = {
      what: "answer",
      dispatchId,
      taskId: task.id,
      method: "POST",
      id: agentRequestId.permission(dispatchId, requestId),
      path: [dispatchId, "permissions", requestId],
      body: JSON.stringify({ optionId, values }),
    };
    const answer = await this.#request(target, request, { signal, repeat: "always" });
    if (isSuccess(answer)) return;
    throw new AnswerRefusedError(
      NOT_KNOWN_THERE.includes(answer.status)
        ? `The agent no longer knows this question (HTTP ${answer.status}${inWords(answer)}).`
        : refused("the permission's answer", answer).message,
    );
  }

  async sendMessage(
    target: AgentTarget,
    { dispatchId, task }: DispatchPayload,
    { id, text, mode, attachments }: AgentMessage,
    { signal }: SendContext,
  ): Promise<MessageOutcome> {
    const request: Asked = {
      what: "message",
      dispatchId,
      taskId: task.id,
      method: "POST",
      id: agentRequestId.message(dispatchId, id),
      path: [dispatchId, "messages"],
      body: JSON.stringify({ id, text, mode, attachments } satisfies AgentMessageBody),
    };
    const answer = await this.#request(target, request, { signal, repeat: "always" });
    return messageOutcomeOf(answer, attachments?.length ?? 0);
  }

  reachability({ agentId }: AgentTarget): Reachability | null {
    return this.#reachability.get(agentId) ?? null;
  }

  /** A signed `HEAD` of the agent's URL: whatever is answered, somebody is there. */
  async probe(target: AgentTarget, signal: AbortSignal): Promise<void> {
    const url = urlOf(target, []);
    try {
      const id = agentRequestId.probe(target.agentId);
      const { status } = await this.#try(target, { method: "HEAD", url, id, body: "" }, PROBE_TIMES, signal);
      if (!NOBODY_BEHIND.includes(status)) return this.#contact(target, "online");
      this.#contact(target, "offline", `A proxy at ${url.host} cannot reach the agent (HTTP ${status}).`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NoAnswerError && error.sent) {
        this.#contact(target, "unknown", `The agent at ${url.host} does not answer: ${error.message}.`);
      } else {
        const reason = error instanceof Error ? error.message : String(error);
        this.#contact(target, "offline", `The agent at ${url.host} cannot be reached: ${reason}.`);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error("The server stops."));
    this.#sender.close();
  }

  /**
   * Sends until an answer comes that says something about the request, and tells what came of it.
   * @param repeat whether to try again what went out whole and was not answered
   * @throws AgentUnreachableError after the last try; NoAnswerError as `repeat` says; the signal's reason
   */
  async #request(
    target: AgentTarget,
    { path, ...asked }: Asked,
    options: { signal: AbortSignal; repeat: "always" | "unless sent" },
  ): Promise<Answer> {
    const url = urlOf(target, path);
    const request = { ...asked, agentId: target.agentId };
    const tries: ExchangeTry[] = [];
    const record = (end: { answer: Answer } | { error: unknown }) => {
      // What never went out was no request.
      if (tries.length > 0) this.#options.exchanges?.record(agentExchange(request, url, tries, end));
    };
    try {
      const answer = await this.#answerTo(target, request, url, tries, options);
      record({ answer });
      return answer;
    } catch (error) {
      record({ error });
      throw error;
    }
  }

  /** @see #request. @param tries gets each try that is made */
  async #answerTo(
    target: AgentTarget,
    { method, id, body }: AgentRequest,
    url: URL,
    tries: ExchangeTry[],
    { signal: cancelled, repeat }: { signal: AbortSignal; repeat: "always" | "unless sent" },
  ): Promise<Answer> {
    const { backoff = BACKOFF, random = Math.random } = this.#options;
    const signal = AbortSignal.any([cancelled, this.#closed.signal]);
    const times = repeat === "always" ? COMMAND_TIMES : DISPATCH_TIMES;
    for (let failures = 0; ; failures++) {
      let reason: string;
      let retryAfterMs = 0;
      const at = new Date();
      const begun = performance.now();
      try {
        const answer = await this.#try(target, { method, id, body, url }, times, signal);
        tries.push(tryOf(at, begun, { answer }));
        const isFinal = answer.status === NOT_IMPLEMENTED && repeat === "always";
        if (isFinal || (answer.status < 500 && !PASSING_REFUSALS.includes(answer.status))) {
          this.#contact(target, "online");
          return answer;
        }
        reason = `it answered HTTP ${answer.status}${inWords(answer)}`;
        retryAfterMs = Math.min(answer.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        tries.push(tryOf(at, begun, { error: error.message }));
        if (error.sent && repeat === "unless sent") {
          this.#contact(target, "unknown", `The agent at ${url.host} did not answer: ${error.message}.`);
          throw error;
        }
        signal.throwIfAborted();
        reason = error.message;
      }
      if (failures + 1 >= TRIES) {
        const sentence = `The agent at ${url.host} could not be reached in ${TRIES} tries: ${reason}.`;
        this.#contact(target, "offline", sentence);
        throw new AgentUnreachableError(sentence);
      }
      await wait(retryAfterMs + fullJitter(backoff, failures, random), undefined, { signal });
    }
  }

  /** @throws NoAnswerError; AgentUnreachableError when the agent's address may not be called */
  async #try(
    target: AgentTarget,
    request: Omit<SignedRequest, "secret">,
    times: RequestTimes,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { allowLinkLocal = false, times: given = {} } = this.#options;
    if (!allowLinkLocal && isLinkLocal(request.url)) {
      const sentence = `The agent at ${request.url.host} is not called: ${new LinkLocalAddressError().message}.`;
      this.#contact(target, "offline", sentence);
      throw new AgentUnreachableError(sentence);
    }
    const limits = { ...times };
    for (const [part, ms] of Object.entries(given) as [keyof RequestTimes, number][]) {
      limits[part] = times === DISPATCH_TIMES ? ms : Math.min(ms, times[part]);
    }
    const { secret = "", previousSecret } = target;
    const secrets = secretsAt({ secret, ...(previousSecret ? { previousSecret } : {}) }, new Date());
    return this.#sender.send({ ...request, ...secrets }, limits, signal);
  }

  #contact({ agentId }: AgentTarget, status: Reachability["status"], reason?: string): void {
    this.#reachability.set(agentId, {
      status,
      at: new Date(),
      ...(reason === undefined ? {} : { reason }),
    });
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

function refused(what: string, answer: Answer): Error {
  return new Error(`The agent refused ${what} with HTTP ${answer.status}${inWords(answer)}.`);
}
