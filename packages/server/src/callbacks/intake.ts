import type { IncomingHttpHeaders } from "node:http";
import { CALLBACK_PATH } from "@mission-control/protocol";
import type { Logger } from "../logger.ts";
import type { CallbackResult, Metrics } from "../metrics.ts";
import type { ChangeResult, Store } from "../store/store.ts";
import { type Answer, type ProblemStatus, refused, stored } from "./answer.ts";
import { parseCallback } from "./parse.ts";
import type { SignatureVerifier } from "./signature.ts";

/** One sentence for all that is wrong with a signature: no hint which. */
const UNVERIFIED = "The callback's signature could not be verified.";

const RESULTS: Readonly<Record<Answer["status"], CallbackResult>> = {
  200: "stored",
  400: "invalid",
  401: "unauthorized",
  404: "not_found",
  405: "invalid",
  409: "conflict",
  413: "too_large",
  415: "unsupported_type",
  429: "limited",
  503: "unavailable",
};

/** A callback as it came, its body whole. */
export interface Delivery {
  /** Request target: path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface CallbackIntakeOptions {
  store: Pick<Store, "change">;
  verifier: SignatureVerifier;
  logger: Logger;
  metrics: Pick<Metrics, "callback">;
  now: () => Date;
}

/**
 * Takes callbacks (contract, section 4), whatever transport they come by: the raw bytes are verified, then parsed,
 * then stored together with the task they change; the answer is there after the commit.
 */
export class CallbackIntake {
  readonly #options: CallbackIntakeOptions;
  #stopping = false;

  constructor(options: CallbackIntakeOptions) {
    this.#options = options;
  }

  /** From now on every callback is sent away, to be tried again. */
  stop(): void {
    this.#stopping = true;
  }

  /** Never rejects: a store that fails is an answer too. */
  async take(delivery: Delivery): Promise<Answer> {
    if (this.#stopping) return this.refuse(503, "The server is stopping; try again.");
    try {
      return await this.#take(delivery);
    } catch (error) {
      this.#options.logger.error({ err: error }, "a callback could not be stored");
      return this.refuse(503, "The callback could not be stored now; try again.");
    }
  }

  /** An answer for what is no callback at all; counted like the others. */
  refuse(status: ProblemStatus, ...rest: [detail: string, more?: Parameters<typeof refused>[2]]): Answer {
    this.#options.metrics.callback(RESULTS[status]);
    return refused(status, ...rest);
  }

  async #take({ url, headers, body }: Delivery): Promise<Answer> {
    const { store, verifier, metrics } = this.#options;
    const now = this.#options.now();
    const dispatchId = dispatchIdOf(url);
    const verified = verifier.verify(headers, body, dispatchId, Math.floor(now.getTime() / 1000));
    if (!verified) return this.refuse(401, UNVERIFIED);
    const parsed = parseCallback(headers, body, dispatchId, verified, now);
    if ("status" in parsed) {
      return this.refuse(parsed.status, parsed.detail, parsed.errors ? { errors: parsed.errors } : {});
    }
    const { callback, at, receipt } = parsed;
    const { taskId } = callback;
    const result = await store.change(
      { kind: "callback", taskId, dispatchId: parsed.dispatchId, callback, at },
      receipt,
    );
    if (result.refusal) return this.#refused(result.refusal, result.duplicate);
    metrics.callback(result.duplicate ? "duplicate" : "stored");
    return stored(result.eventId ?? 0, result.duplicate, result.taskStatus ?? "pending");
  }

  #refused({ code, detail }: NonNullable<ChangeResult["refusal"]>, duplicate: boolean): Answer {
    if (code === "stale") return this.refuse(401, UNVERIFIED);
    return this.refuse(code === "conflict" ? 409 : 404, detail, { duplicate });
  }
}

/** The dispatch in a callback URL; null on the shared URL. */
function dispatchIdOf(url: string): string | null {
  const path = url.split("?", 1)[0] ?? "";
  const rest = path.slice(CALLBACK_PATH.length + 1);
  return rest === "" ? null : rest;
}
