import type { IncomingMessage } from "node:http";
import { z } from "zod";
import type { Metrics } from "../metrics.ts";
import type { Authenticator } from "./authenticator.ts";
import { PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { ProblemError } from "./problems.ts";

export interface HealthRoutesParts {
  authenticator: Authenticator;
  metrics: Metrics;
  /** Why callbacks cannot be accepted now, in a sentence; null when they can. */
  unreadyReason: () => Promise<string | null>;
}

const tags = ["Health"];
const statusSchema = z.object({ status: z.literal("ok") });

/** For those who run the server: alive, ready, and what it counted. No log-in, but see `/metrics`. */
export function healthRoutes(
  app: HttpApp,
  { authenticator, metrics, unreadyReason }: HealthRoutesParts,
): void {
  const response = { 200: statusSchema, ...PROBLEM_RESPONSE };
  app.get("/healthz", { schema: { tags, summary: "Alive", security: [], response } }, async (_, reply) => {
    reply.header("Cache-Control", "no-store");
    return { status: "ok" as const };
  });

  app.get(
    "/readyz",
    { schema: { tags, summary: "Able to accept callbacks", security: [], response } },
    async (_, reply) => {
      reply.header("Cache-Control", "no-store");
      const reason = await unreadyReason();
      if (reason !== null) throw new ProblemError(503, reason, { headers: { "Retry-After": "1" } });
      return { status: "ok" as const };
    },
  );

  app.get(
    "/metrics",
    {
      schema: {
        tags,
        summary: "Prometheus metrics",
        description: "For the bearer token, or for a reader on the same machine that came through no proxy.",
        response: {
          200: { description: "Prometheus text format.", content: { "text/plain": { schema: z.string() } } },
        },
      },
    },
    async (request, reply) => {
      if (!isLocal(request.raw) && !authenticator.authenticate(request.raw)) {
        throw new ProblemError(401, "Send the bearer token.", { headers: { "WWW-Authenticate": "Bearer" } });
      }
      return reply
        .header("Cache-Control", "no-store")
        .type(metrics.contentType)
        .send(await metrics.text());
    },
  );
}

/** Whether a request came straight from this machine: one that a proxy here passed on says so. */
function isLocal({ socket, headers }: IncomingMessage): boolean {
  const address = socket.remoteAddress ?? "";
  const loopback = address === "::1" || /^(::ffff:)?127\./.test(address);
  return loopback && !headers.forwarded && !headers["x-forwarded-for"] && !headers.via;
}
