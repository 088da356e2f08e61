import type { IncomingMessage, ServerResponse } from "node:http";
import { MAX_CALLBACK_BYTES } from "@mission-control/protocol";
import type { Logger } from "../logger.ts";
import type { ChangeResult, Store } from "../store/store.ts";
import { answerProblem, answerStored } from "./answer.ts";
import { type BodyError, BodyReader } from "./body.ts";
import { parseCallback } from "./parse.ts";
import type { SignatureVerifier } from "./signature.ts";

/** Path of the shared callback URL; a dispatch's own URL has its id as one more segment. */
export const CALLBACK_PATH = "/api/webhooks/callback";

/** Bodies in memory at one time; more is answered with 429. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

const BODY_STATUS: Readonly<Record<BodyError["code"], number>> = {
  too_large: 413,
  over_limit: 429,
  aborted: 400,
};

export interface CallbackEndpointOptions {
  store: Pick<Store, "change">;
  verifier: SignatureVerifier;
  logger: Logger;
  now: () => Date;
  /** Told how each callback was answered: an HTTP status, or "duplicate". */
  counted: (result: number | "duplicate") => void;
  /** Whether the server is about to stop. */
  stopping: () => boolean;
}

/**
 * `POST /api/webhooks/callback[/<dispatchId>]` (contract, section 4): the raw bytes are verified, then parsed, then
 * stored together with the task they change; the answer leaves after the commit.
 */
export function callbackEndpoint(options: CallbackEndpointOptions) {
  const bodies = new BodyReader({ maxBytes: MAX_CALLBACK_BYTES, maxTotalBytes: MAX_TOTAL_BYTES });
  const problem = (
    response: ServerResponse,
    status: number,
    ...rest: [string, Parameters<typeof answerProblem>[3]?]
  ) => {
    options.counted(status);
    answerProblem(response, status, ...rest);
  };

  const take = async (request: IncomingMessage, response: ServerResponse, body: Buffer) => {
    const { headers } = request;
    const now = options.now();
    const dispatchId = dispatchIdOf(request.url ?? "");
    const verified = options.verifier.verify(headers, body, dispatchId, Math.floor(now.getTime() / 1000));
    if (!verified) return problem(response, 401, UNVERIFIED);
    const parsed = parseCallback(headers, body, dispatchId, verified, now);
    if ("status" in parsed) {
      return problem(response, parsed.status, parsed.detail, parsed.errors ? { errors: parsed.errors } : {});
    }
    const { callback, at, receipt } = parsed;
    const result = await options.store.change(
      { kind: "callback", taskId: callback.taskId, dispatchId: parsed.dispatchId, callback, at },
      receipt,
    );
    if (result.refusal) return refused(response, result);
    options.counted(result.duplicate ? "duplicate" : 200);
    answerStored(response, {
      ok: true,
      eventId: result.eventId ?? 0,
      duplicate: result.duplicate,
      taskStatus: result.taskStatus ?? "pending",
    });
  };

  const refused = (response: ServerResponse, { refusal, duplicate }: ChangeResult) => {
    if (refusal?.code === "stale") return problem(response, 401, UNVERIFIED);
    const status = refusal?.code === "conflict" ? 409 : 404;
    problem(response, status, refusal?.detail ?? "", { duplicate });
  };

  return (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== "POST")
      return problem(response, 405, "Callbacks are sent with POST.", { close: true });
    if (options.stopping()) {
      return problem(response, 503, "The server is stopping; try again.", { close: true });
    }
    bodies.read(request, (error, body) => {
      if (error) return problem(response, BODY_STATUS[error.code], error.message, { close: true });
      take(request, response, body).catch((failure: unknown) => {
        options.logger.error({ err: failure }, "a callback could not be stored");
        problem(response, 503, "The callback could not be stored now; try again.");
      });
    });
  };
}

/** One sentence for all that is wrong with a signature: no hint which. */
const UNVERIFIED = "The callback's signature could not be verified.";

/** The dispatch in a callback URL; null on the shared URL. */
function dispatchIdOf(url: string): string | null {
  const path = url.split("?", 1)[0] ?? "";
  const rest = path.slice(CALLBACK_PATH.length + 1);
  return rest === "" ? null : rest;
}
