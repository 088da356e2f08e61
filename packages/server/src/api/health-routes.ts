import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { type ClientAddresses, isLoopback } from "../client-address.ts";
import type { Authenticator } from "../login/authenticator.ts";
import type { Metrics } from "../metrics.ts";
import { PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { ProblemError, unauthorized } from "./problems.ts";

export interface HealthRoutesParts {
  authenticator: Authenticator;
  metrics: Metrics;
  addresses: ClientAddresses;
  /** Why callbacks cannot be accepted now, in a sentence; null when they can. */
  unreadyReason: () => Promise<string | null>;
}

const tags = ["Health"];
const statusSchema = z.object({ status: z.literal("ok") });

/** For those who run the server: alive, ready, and what it counted. No log-in, but see `/metrics`. */
export function healthRoutes(
  app: HttpApp,
  { authenticator, metrics, addresses, unreadyReason }: HealthRoutesParts,
): void {
  const response = { 200: statusSchema, ...PROBLEM_RESPONSE };
  app.get(
    "/healthz",
    { schema: { tags, operationId: "getHealth", summary: "Alive", security: [], response } },
    async (_, reply) => {
      reply.header("Cache-Control", "no-store");
      return { status: "ok" as const };
    },
  );

  app.get(
    "/readyz",
    {
      schema: {
        tags,
        operationId: "getReadiness",
        summary: "Able to accept callbacks",
        security: [],
        response,
      },
    },
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
        operationId: "getMetrics",
        summary: "Prometheus metrics",
        description: "For the bearer token, or for a reader on the same machine that came through no proxy.",
        response: {
          200: { description: "Prometheus text format.", content: { "text/plain": { schema: z.string() } } },
        },
      },
    },
    async (request, reply) => {
      if (!isLocal(request.raw, addresses) && !(await authenticator.authenticate(request.raw))) {
        throw unauthorized(authenticator.refused(request.raw), "Send the bearer token.");
      }
      return reply
        .header("Cache-Control", "no-store")
        .type(metrics.contentType)
        .send(await metrics.text());
    },
  );
}

/** What proxies add to a request, or put in front of the names of what they add. */
const PROXY_FIELDS =
  /^(via|forwarded|x-forwarded-.*|x-real-ip|x-client-ip|x-original-.*|x-cluster-.*|x-envoy-.*|true-client-ip|client-ip|cf-.*|fly-.*|cdn-.*|x-amzn-.*|x-arr-.*)$/;
/** A loopback name or address, with or without a port, as somebody on this machine writes it. */
const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Whether a request came straight from this machine. One that a proxy here passed on comes from this machine too, but
 * says so: by a field that proxies add, by the name it was asked for, or by the older protocol many speak.
 */
function isLocal({ socket, headers, httpVersion }: IncomingMessage, addresses: ClientAddresses): boolean {
  return (
    isLoopback(socket.remoteAddress ?? "") &&
    !addresses.isProxy(socket.remoteAddress) &&
    httpVersion === "1.1" &&
    LOCAL_HOST.test(headers.host ?? "") &&
    !Object.keys(headers).some((name) => PROXY_FIELDS.test(name))
  );
}
