import "../issue-words.ts";
import { PROBLEM_TYPE, type Problem } from "@mission-control/protocol";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { BODY_STATUS, BodyError } from "../ingress/body-reader.ts";
import { answerEarly } from "../ingress/early-answer.ts";
import type { Logger } from "../logger.ts";
import { WebhookFieldError } from "../outbound/endpoint-url.ts";
import { WebhookChangedError } from "../outbound/webhook-edit.ts";
import { detailOf, type ProblemMembers, problemBody } from "../problem.ts";
import { BehindLogError } from "../store/position.ts";
import { InvalidCursorError, StoreUnavailableError } from "../store/store.ts";

/** How long to wait before trying again where the store cannot commit, a view is late or memory is short, in seconds. */
const RETRY_AFTER_SECONDS = "1";

/** Codes of the errors that say that the state of a thing does not allow what is asked. */
const CONFLICTS: ReadonlySet<unknown> = new Set([
  "agent_busy",
  "gateway_in_use",
  "no_agent_secret",
  "too_many_budgets",
  "too_many_views",
  "webhook_conflict",
]);

type FieldErrors = NonNullable<Problem["errors"]>;

/** A request that is refused: thrown by a route, answered as problem details. */
export class ProblemError extends Error {
  override name = "ProblemError";
  readonly status: number;
  readonly errors: FieldErrors | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    detail: string,
    more: { errors?: FieldErrors; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.status = status;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

/** The refusal of a thing that is not there, such as `notFound("task")`. */
export function notFound(what: string): ProblemError {
  return new ProblemError(404, `There is no such ${what}.`);
}

/**
 * The refusal of somebody who is not known.
 * @param retryAfter seconds to wait before the next try, for somebody who tries too often; 0 for none
 */
export function unauthorized(retryAfter: number, detail: string): ProblemError {
  if (retryAfter > 0) {
    const detail = `Too many wrong tokens or codes came from this address: try again in ${retryAfter} s.`;
    return new ProblemError(429, detail, { headers: { "Retry-After": String(retryAfter) } });
  }
  return new ProblemError(401, detail, { headers: { "WWW-Authenticate": "Bearer" } });
}

/** Answers any error a route or the framework raised; only real faults are 5xx, and those are logged. */
export function errorHandler(logger: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    if (error instanceof BodyError) {
      refuseBody(error, request, reply);
      return;
    }
    const refusal = refusalOf(error);
    if (refusal) {
      const { errors } = refusal;
      send(reply.headers(refusal.headers), refusal.status, refusal.message, errors ? { errors } : {});
      return;
    }
    const requestId = request.id;
    logger.error(
      { err: error, requestId, method: request.method, route: request.routeOptions.url },
      "request failed",
    );
    send(reply, 500, "The server failed to answer; its log tells why, under the request id.", { requestId });
  };
}

/** A body that was not read whole: its client may still be sending it. */
function refuseBody({ code, message }: BodyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = BODY_STATUS[code];
  const headers: [string, string][] = [["Content-Type", PROBLEM_TYPE]];
  if (code === "over_limit" || code === "too_slow") headers.push(["Retry-After", RETRY_AFTER_SECONDS]);
  reply.hijack();
  answerEarly(request.raw, reply.raw, { status, headers, body: problemBody(status, message) });
}

function send(reply: FastifyReply, status: number, detail: string, more: ProblemMembers): void {
  // As bytes: the framework would add a charset to a text's media type, and this one has none.
  reply
    .code(status)
    .header("Content-Type", PROBLEM_TYPE)
    .send(Buffer.from(problemBody(status, detail, more)));
}

function refusalOf(error: unknown): ProblemError | null {
  if (error instanceof ProblemError) return error;
  if (error instanceof StoreUnavailableError || error instanceof BehindLogError) {
    return new ProblemError(503, error.message, { headers: { "Retry-After": RETRY_AFTER_SECONDS } });
  }
  if (error instanceof InvalidCursorError) return invalid([{ path: "cursor", message: error.message }]);
  if (hasZodFastifySchemaValidationErrors(error)) {
    return invalid(
      error.validation.map(({ instancePath, message }) => ({
        path: instancePath.slice(1).replaceAll("/", "."),
        message: message ?? "is wrong",
      })),
    );
  }
  if (error instanceof WebhookFieldError) {
    return invalid([{ path: error.field, message: error.message }]);
  }
  if (error instanceof Error && "code" in error && error.code === "agent_endpoint") {
    return invalid([{ path: "endpoint.url", message: error.message }]);
  }
  if (error instanceof WebhookChangedError) return new ProblemError(412, error.message);
  if (error instanceof Error && "code" in error && CONFLICTS.has(error.code)) {
    return new ProblemError(409, error.message);
  }
  return frameworkRefusal(error);
}

/** The refusal of a request whose fields, or parameters, are wrong. */
export function invalid(errors: FieldErrors): ProblemError {
  return new ProblemError(400, detailOf(errors), { errors });
}

/** What Fastify itself refuses: bodies, media types, addresses. */
function frameworkRefusal(error: unknown): ProblemError | null {
  if (!(error instanceof Error) || !("statusCode" in error)) return null;
  const { statusCode = 500, code } = error as FastifyError;
  if (statusCode < 400 || statusCode > 499) return null;
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new ProblemError(415, "The body must be JSON, sent as application/json.");
  }
  if (code === "FST_ERR_BAD_URL") {
    return new ProblemError(400, "The address holds a percent sign that starts no valid encoding.");
  }
  if (code === "FST_ERR_MAX_PARAM_LENGTH") return new ProblemError(404, "There is nothing at this address.");
  return new ProblemError(statusCode, error.message);
}
