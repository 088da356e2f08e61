import { DOCTOR_USER_AGENT } from "@mission-control/protocol";
import type { RefusalFindings, RefusedCallbacks, RefusedRequest } from "../exchanges/refused-callbacks.ts";
import type { WholeRequest } from "../ingress/exchange.ts";
import type { Logger } from "../logger.ts";
import type { CallbackResult, Metrics } from "../metrics.ts";
import { detailOf } from "../problem.ts";
import { ContentError } from "../store/contents.ts";
import type { ChangeResult } from "../store/operations.ts";
import { type Store, StoreUnavailableError } from "../store/store.ts";
import { type Answer, type ProblemStatus, refused, stored } from "./answer.ts";
import type { ArtifactKeeping } from "./artifact-keeping.ts";
import type { CallbackLimits, OverLimit } from "./callback-limits.ts";
import { HeldAnswers } from "./held-answers.ts";
import { parseCallback } from "./parse.ts";
import { findingsOf, segmentOf, uploadFindingsOf } from "./refusal-findings.ts";
import type { SignatureVerifier } from "./signature.ts";

/** One sentence for all that is wrong with a signature: no hint which. */
export const UNVERIFIED = "The callback's signature could not be verified.";

/** Room is made by people: no reason to ask for it every second. */
const NO_ROOM_SECONDS = 60;

/** What only the dispatch's agent, its operator or time can change is worth no quick retry. */
const RETRY_AFTER_SECONDS = { open_permissions: 5, late_callbacks: 60, artifacts: 60 } as const;

const RESULTS: Readonly<Record<200 | ProblemStatus, CallbackResult>> = {
  200: "stored",
  400: "invalid",
  401: "unauthorized",
  404: "not_found",
  405: "invalid",
  408: "too_slow",
  409: "conflict",
  413: "too_large",
  415: "unsupported_type",
  429: "limited",
  500: "failed",
  503: "unavailable",
  507: "no_room",
};

export interface CallbackIntakeOptions {
  store: Pick<Store, "change">;
  verifier: SignatureVerifier;
  logger: Logger;
  metrics: Pick<Metrics, "callback" | "limited">;
  limits: CallbackLimits;
  artifacts: ArtifactKeeping;
  /** Keeps those that are refused, for the operator; absent where nobody does. */
  refused?: Pick<RefusedCallbacks, "refused">;
  now: () => Date;
  /** Called when a report that ends an attempt goes into a commit, before that is made. */
  slotIsFreed?: (agentId: string) => void;
}

/** A request that may have been refused; a POST where it does not say. */
type Noted = Omit<RefusedRequest, "method"> & Partial<Pick<RefusedRequest, "method">>;

/**
 * Takes callbacks (docs/contract.md, section 4), whatever transport they come by: the raw bytes are verified, then
 * parsed, then stored together with the task they change; the answer is there after the commit.
 */
export class CallbackIntake {
  readonly #options: CallbackIntakeOptions;
  readonly #held = new HeldAnswers();
  #stopping = false;

  constructor(options: CallbackIntakeOptions) {
    this.#options = options;
  }

  /** From now on every callback is sent away, to be tried again. */
  stop(): void {
    this.#stopping = true;
    this.#held.release();
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  /** Never rejects: a store that fails is an answer too. */
  take(request: WholeRequest): Promise<Answer> {
    const { url, headers, address } = request;
    if (this.#stopping) {
      return Promise.resolve(this.refuseUnread(request, 503, "The server is stopping; try again."));
    }
    // Not awaited here, and not `request` itself: an answer that is held must not keep the request's body.
    return this.#take(request).catch((error: unknown) =>
      this.#note({ url, headers, body: null, address }, this.failed(error)),
    );
  }

  /** An answer for what is no callback at all; counted like the others. */
  refuse(...refusal: Parameters<typeof refused>): Answer {
    this.#options.metrics.callback(RESULTS[refusal[0]]);
    return refused(...refusal);
  }

  /** An answer for a callback whose body was not read, which is noted. */
  refuseUnread(head: Omit<Noted, "body">, ...refusal: Parameters<typeof refused>): Answer {
    return this.#note({ ...head, body: null }, this.refuse(...refusal));
  }

  /** Has an upload noted, where it was refused. */
  noteUpload(head: Omit<RefusedRequest, "body">, answer: Answer): void {
    this.#noteRefusal({ ...head, body: null }, answer, uploadFindingsOf);
  }

  async #take(request: WholeRequest): Promise<Answer> {
    const { url, headers, body, address } = request;
    const { store, verifier, limits, artifacts, slotIsFreed } = this.#options;
    const fromAddress = limits.fromAddress(address);
    if (fromAddress) return this.#overLimit(request, fromAddress);
    const now = this.#options.now();
    const dispatchId = segmentOf(url);
    const verified = verifier.verify(headers, body, dispatchId, Math.floor(now.getTime() / 1000));
    if (!verified) {
      const refusal = this.refuse(401, UNVERIFIED);
      return isDoctorsQuestion(request) ? refusal : this.#note(request, refusal);
    }
    const forDispatch = dispatchId === null ? null : limits.forDispatch(dispatchId);
    if (forDispatch) return this.#overLimit(request, forDispatch);
    const parsed = parseCallback(headers, body, dispatchId, verified, now);
    if ("status" in parsed) {
      const { status, detail, errors } = parsed;
      return this.#note(request, this.refuse(status, detail, errors ? { errors } : {}));
    }
    const { callback, at, key } = parsed;
    const { taskId } = callback;
    const forTask = dispatchId === null ? limits.forDispatch(parsed.dispatchId ?? taskId) : null;
    if (forTask) return this.#overLimit(request, forTask);
    const named = { kind: "callback", taskId, dispatchId: parsed.dispatchId, at } as const;
    if (callback.type === "artifact") {
      const artifact = await artifacts.keep(callback.artifact);
      if ("errors" in artifact) {
        const detail = detailOf(artifact.errors, "The artifact is not what its callback tells of it");
        return this.#note(request, this.refuse(400, detail, artifact));
      }
      const kept = await store.change({ ...named, callback: { ...callback, artifact } }, { key });
      return this.#note(request, this.answerTo(kept));
    }
    const storing = store.change({ ...named, callback }, { key });
    if (callback.type === "complete" || callback.type === "error") slotIsFreed?.(callback.agentId);
    return this.#note(request, this.answerTo(await storing));
  }

  /** What a callback is answered that came to this. */
  answerTo({ refusal, duplicate, eventId, taskStatus }: ChangeResult): Answer {
    if (refusal) return this.#refused(refusal, duplicate);
    this.#options.metrics.callback(duplicate ? "duplicate" : "stored");
    return stored(eventId ?? 0, duplicate, taskStatus ?? "pending");
  }

  /** The first that is too much is answered at once; one that comes before its `Retry-After` is over, when that is over. */
  overLimit(over: OverLimit): Answer | Promise<Answer> {
    return this.#hold(this.#limited(over), over);
  }

  /** The same for a callback, which is noted. */
  #overLimit(request: Noted, over: OverLimit): Answer | Promise<Answer> {
    return this.#hold(this.#note(request, this.#limited(over)), over);
  }

  #limited({ limit, detail, retryAfter }: OverLimit): Answer {
    this.#options.metrics.limited(limit);
    return this.refuse(429, detail, {}, retryAfter);
  }

  #hold(answer: Answer, { repeated, retryAfter }: OverLimit): Answer | Promise<Answer> {
    return repeated ? this.#held.hold(answer, retryAfter) : answer;
  }

  /** What a callback is answered that made the server fail. */
  failed(error: unknown): Answer {
    if (error instanceof ContentError && error.code === "no_room") {
      this.#options.metrics.limited("artifact_bytes");
      return this.refuse(507, error.message, {}, NO_ROOM_SECONDS);
    }
    // The store logs its own outages: a line for each callback would be too many.
    if (error instanceof StoreUnavailableError) {
      return this.refuse(503, "The callback could not be stored now; try again.");
    }
    this.#options.logger.error({ err: error }, "a callback made the server fail");
    return this.refuse(500, "The server failed at this callback, and would again; its log tells why.");
  }

  /** Has a callback noted that was refused. @returns its answer */
  #note(request: Noted, answer: Answer): Answer {
    this.#noteRefusal(request, answer, this.#findings);
    return answer;
  }

  readonly #findings = (request: RefusedRequest, answer: Answer): RefusalFindings => {
    const { verifier, now } = this.#options;
    return findingsOf(request, answer, verifier, Math.floor(now().getTime() / 1000));
  };

  /** The one place that tells what was refused from what was taken, of which nothing is made here: most are. */
  #noteRefusal(
    noted: Noted,
    answer: Answer,
    find: (request: RefusedRequest, answer: Answer) => RefusalFindings,
  ): void {
    if (answer.status < 400) return;
    const request = { method: "POST", ...noted };
    this.#options.refused?.refused(request, answer.status, () => find(request, answer));
  }

  #refused(refusal: NonNullable<ChangeResult["refusal"]>, duplicate: boolean): Answer {
    const { code, detail } = refusal;
    if (code === "stale") return this.refuse(401, UNVERIFIED);
    if (code === "limited" && refusal.limit) {
      this.#options.metrics.limited(refusal.limit);
      return this.refuse(429, detail, {}, RETRY_AFTER_SECONDS[refusal.limit]);
    }
    return this.refuse(code === "conflict" ? 409 : 404, detail, { duplicate });
  }
}

/** Whether it is `mission-control doctor`, which asks by it whether callbacks arrive. */
function isDoctorsQuestion({ headers, body }: WholeRequest): boolean {
  return headers["user-agent"] === DOCTOR_USER_AGENT && body.equals(Buffer.from("{}"));
}
