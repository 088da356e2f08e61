import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { SessionRecord } from "../store/store.ts";
import { type Authenticator, type Identity, SESSION_COOKIE } from "./authenticator.ts";
import { listOf, NO_CONTENT, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import type { LogInCodes } from "./log-in-codes.ts";
import { LogInThrottle } from "./log-in-throttle.ts";
import { notFound, ProblemError } from "./problems.ts";
import { SESSION_SECONDS, type Sessions } from "./sessions.ts";

/** What this server can do beyond the core, for clients that show it or not. */
export interface Features {
  outboundWebhooks: boolean;
}

export interface SessionRoutesParts {
  authenticator: Authenticator;
  sessions: Sessions;
  logInCodes: LogInCodes;
  features: Features;
  publicUrl: string | undefined;
  now: () => Date;
}

const tags = ["Sessions"];

const logInSchema = z.union([
  z.strictObject({ token: z.string().min(1).max(4096) }),
  z.strictObject({ code: z.string().min(1).max(256) }),
]);

const whoSchema = z.object({
  /** Null for a request with the bearer token, which belongs to no session. */
  id: z.string().nullable(),
  expiresAt: z.string().nullable(),
  features: z.object({ outboundWebhooks: z.boolean() }),
});

const sessionSchema = z.object({
  id: z.string(),
  userAgent: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  current: z.boolean(),
});

/** Logging in; the one call of these that needs no log-in. */
export function logInRoute(app: HttpApp, parts: SessionRoutesParts): void {
  const { authenticator, sessions, logInCodes } = parts;
  const throttle = new LogInThrottle(parts.now);

  app.post(
    "/api/session",
    {
      schema: {
        tags,
        summary: "Log a browser in, with the token or a one-time code",
        body: logInSchema,
        security: [],
        response: { 201: whoSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      const address = request.socket.remoteAddress ?? "";
      const wait = throttle.secondsToWait(address);
      if (wait > 0) {
        const headers = { "Retry-After": String(wait) };
        throw new ProblemError(429, `Too many failed log-ins: try again in ${wait} s.`, { headers });
      }
      const { body } = request;
      const known = "token" in body ? authenticator.isToken(body.token) : logInCodes.redeem(body.code);
      if (!known) {
        throttle.failed(address);
        throw new ProblemError(401, "token" in body ? WRONG_TOKEN : WRONG_CODE, {
          headers: { "WWW-Authenticate": "Bearer" },
        });
      }
      throttle.succeeded(address);
      const { cookie, session } = await sessions.create(request.headers["user-agent"] ?? "");
      setCookie(reply, cookie, SESSION_SECONDS, parts.publicUrl);
      reply.code(201);
      return { id: session.id, expiresAt: session.expiresAt, features: parts.features };
    },
  );
}

/** What a logged-in browser does with its session and the others. */
export function sessionRoutes(
  app: HttpApp,
  parts: SessionRoutesParts,
  identityOf: (request: FastifyRequest) => Identity,
): void {
  const { sessions } = parts;
  const current = (request: FastifyRequest): SessionRecord | null => {
    const identity = identityOf(request);
    return identity.kind === "session" ? identity.session : null;
  };

  app.get(
    "/api/session",
    { schema: { tags, summary: "Who am I", response: { 200: whoSchema, ...PROBLEM_RESPONSE } } },
    async (request) => {
      const session = current(request);
      return { id: session?.id ?? null, expiresAt: session?.expiresAt ?? null, features: parts.features };
    },
  );

  app.delete(
    "/api/session",
    { schema: { tags, summary: "Log out", response: { 204: NO_CONTENT, ...PROBLEM_RESPONSE } } },
    async (request, reply) => {
      const session = current(request);
      if (session) await sessions.remove(session.id);
      setCookie(reply, "", 0, parts.publicUrl);
      return reply.code(204).send();
    },
  );

  app.get(
    "/api/sessions",
    {
      schema: {
        tags,
        summary: "List log-ins",
        response: { 200: listOf(sessionSchema), ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const own = current(request)?.id;
      return {
        items: sessions.list().map(({ id, userAgent, createdAt, expiresAt }) => ({
          id,
          userAgent,
          createdAt,
          expiresAt,
          current: id === own,
        })),
      };
    },
  );

  app.delete(
    "/api/sessions/:id",
    {
      schema: {
        tags,
        summary: "End a log-in",
        params: z.object({ id: z.string() }),
        response: { 204: NO_CONTENT, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      if (!(await sessions.remove(request.params.id))) throw notFound("session");
      return reply.code(204).send();
    },
  );
}

const WRONG_TOKEN = "This is not the administrator's token.";
const WRONG_CODE =
  "This log-in link was used before or is more than 10 minutes old: use the token, or start the server again for a new one.";

function setCookie(reply: FastifyReply, value: string, seconds: number, publicUrl: string | undefined): void {
  const secure = publicUrl?.startsWith("https:") ? "; Secure" : "";
  const cookie = `${SESSION_COOKIE}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${seconds}${secure}`;
  reply.header("Set-Cookie", cookie);
}
