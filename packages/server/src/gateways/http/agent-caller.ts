import { setTimeout as wait } from "node:timers/promises";
import { agentRequestId, type ExchangeTry } from "@mission-control/protocol";
import type { ExchangeSink } from "../../exchanges/exchange-log.ts";
import { type Backoff, fullJitter } from "../backoff.ts";
import type { AgentTarget, Reachability } from "../gateway.ts";
import { type AgentRequest, agentExchange, tryOf } from "./agent-exchange.ts";
import { type AgentUrl, AgentUrls } from "./agent-url.ts";
import { inWords } from "./answers.ts";
import { LinkLocalAddressError, lookupOutsideLinkLocal } from "./link-local.ts";
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
/** Not Implemented: a 5xx that is final (RFC 9110, section 15.6.2), but for a dispatch, which every agent takes. */
const NOT_IMPLEMENTED = 501;
/** A proxy's word that the agent behind it cannot be reached (RFC 9110, sections 15.6.3 and 15.6.5). */
const NOBODY_BEHIND = [502, 504];

export interface AgentCallerOptions {
  /** Between tries; default 1 s at first, 10 s at the most. */
  backoff?: Backoff;
  /** From 0 to 1; spreads the tries. */
  random?: () => number;
  /** Of one try of a dispatch; of what is said about it, as far as that is shorter. */
  times?: Partial<RequestTimes>;
  /** Whether link-local agents and metadata services may be called; default false. */
  allowLinkLocal?: boolean;
  /** Records every request that is over, before what came of it is answered. */
  exchanges?: ExchangeSink | undefined;
}

/** What is asked of an agent: the request, and the segments that its URL's path has more. */
export type Asked = Omit<AgentRequest, "agentId"> & { path: readonly string[] };

/** Whether a request that went out whole and was not answered is tried again: a dispatch is not, since its agent may have it. */
export type Repeat = "always" | "unless sent";

/** No try reached the agent; it is certain that it has nothing of the request. */
export class AgentUnreachableError extends Error {
  readonly code = "agent_unreachable";
  override name = "AgentUnreachableError";
}

/** Calls agents at their URLs, each request in a few tries, and knows of each agent what came of the last one. */
export class AgentCaller {
  readonly #options: AgentCallerOptions;
  readonly #sender: RequestSender;
  readonly #urls = new AgentUrls();
  readonly #times: Readonly<Record<"dispatch" | "command" | "probe", RequestTimes>>;
  readonly #closed = new AbortController();
  /** Of each agent's last contact. */
  readonly #reachability = new Map<string, Reachability>();

  constructor(options: AgentCallerOptions) {
    this.#options = options;
    this.#sender = new RequestSender(options.allowLinkLocal ? {} : { lookup: lookupOutsideLinkLocal });
    const { times = {} } = options;
    this.#times = {
      dispatch: { ...DISPATCH_TIMES, ...times },
      command: shorter(COMMAND_TIMES, times),
      probe: shorter(PROBE_TIMES, times),
    };
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /**
   * Sends until an answer comes that says something about the request, and records the request with its tries.
   * @param repeat whether to try again what went out whole and was not answered
   * @throws AgentUnreachableError after the last try; NoAnswerError as `repeat` says; the signal's reason
   */
  async request(
    target: AgentTarget,
    { path, ...asked }: Asked,
    options: { signal: AbortSignal; repeat: Repeat },
  ): Promise<Answer> {
    const agentUrl = this.#urls.of(target, path);
    const request = { ...asked, agentId: target.agentId };
    const tries: ExchangeTry[] = [];
    const record = (end: { answer: Answer } | { error: unknown }) => {
      // What never went out was no request.
      if (tries.length > 0)
        this.#options.exchanges?.record(agentExchange(request, agentUrl.shown, tries, end));
    };
    try {
      const answer = await this.#answerTo(target, request, agentUrl, tries, options);
      record({ answer });
      return answer;
    } catch (error) {
      record({ error });
      throw error;
    }
  }

  /** What came of the last contact with an agent; null before the first. */
  reachability({ agentId }: AgentTarget): Reachability | null {
    return this.#reachability.get(agentId) ?? null;
  }

  /** A signed `HEAD` of the agent's URL: whatever is answered, somebody is there. */
  async probe(target: AgentTarget, signal: AbortSignal): Promise<void> {
    const agentUrl = this.#urls.of(target, []);
    const { host } = agentUrl.url;
    try {
      const request = { method: "HEAD", id: agentRequestId.probe(target.agentId), body: "" } as const;
      const { status } = await this.#try(target, request, agentUrl, this.#times.probe, signal);
      if (!NOBODY_BEHIND.includes(status)) return this.#contact(target, "online");
      this.#contact(target, "offline", `A proxy at ${host} cannot reach the agent (HTTP ${status}).`);
    } catch (error) {
      this.#throwIfStopped(signal);
      if (error instanceof NoAnswerError && error.sent) {
        this.#contact(target, "unknown", `The agent at ${host} does not answer: ${error.message}.`);
      } else {
        const reason = error instanceof Error ? error.message : String(error);
        this.#contact(target, "offline", `The agent at ${host} cannot be reached: ${reason}.`);
      }
    }
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closed.abort(new Error("The server stops."));
    this.#sender.close();
  }

  /** @see request. @param tries gets each try that is made */
  async #answerTo(
    target: AgentTarget,
    { method, id, body }: AgentRequest,
    agentUrl: AgentUrl,
    tries: ExchangeTry[],
    { signal, repeat }: { signal: AbortSignal; repeat: Repeat },
  ): Promise<Answer> {
    const { backoff = BACKOFF, random = Math.random } = this.#options;
    const { host } = agentUrl.url;
    const times = repeat === "always" ? this.#times.command : this.#times.dispatch;
    for (let failures = 0; ; failures++) {
      let reason: string;
      let retryAfterMs = 0;
      const at = new Date();
      const begun = performance.now();
      try {
        const answer = await this.#try(target, { method, id, body }, agentUrl, times, signal);
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
          this.#contact(target, "unknown", `The agent at ${host} did not answer: ${error.message}.`);
          throw error;
        }
        this.#throwIfStopped(signal);
        reason = error.message;
      }
      if (failures + 1 >= TRIES) {
        const sentence = `The agent at ${host} could not be reached in ${TRIES} tries: ${reason}.`;
        this.#contact(target, "offline", sentence);
        throw new AgentUnreachableError(sentence);
      }
      const pauseMs = retryAfterMs + fullJitter(backoff, failures, random);
      await wait(pauseMs, undefined, { signal: AbortSignal.any([signal, this.#closed.signal]) });
    }
  }

  /** @throws NoAnswerError; AgentUnreachableError when the agent's address may not be called */
  async #try(
    target: AgentTarget,
    request: Omit<SignedRequest, "secret" | "url">,
    { url, isLinkLocal }: AgentUrl,
    times: RequestTimes,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (isLinkLocal && !this.#options.allowLinkLocal) {
      const sentence = `The agent at ${url.host} is not called: ${new LinkLocalAddressError().message}.`;
      this.#contact(target, "offline", sentence);
      throw new AgentUnreachableError(sentence);
    }
    const { secret = "", previousSecret } = target;
    const secrets = previousSecret ? secretsAt({ secret, previousSecret }, new Date()) : { secret };
    return this.#sender.send({ ...request, url, ...secrets }, times, signal);
  }

  /** @throws the reason, once the request was cancelled or this is closed */
  #throwIfStopped(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#closed.signal.throwIfAborted();
  }

  #contact({ agentId }: AgentTarget, status: Reachability["status"], reason?: string): void {
    this.#reachability.set(agentId, {
      status,
      at: new Date(),
      ...(reason === undefined ? {} : { reason }),
    });
  }
}

/** Times, as far as those given are not shorter. */
function shorter(times: RequestTimes, given: Partial<RequestTimes>): RequestTimes {
  const { sendMs = times.sendMs, answerMs = times.answerMs, bodyMs = times.bodyMs } = given;
  return {
    sendMs: Math.min(sendMs, times.sendMs),
    answerMs: Math.min(answerMs, times.answerMs),
    bodyMs: Math.min(bodyMs, times.bodyMs),
  };
}
