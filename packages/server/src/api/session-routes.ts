import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { ClientAddresses } from "../client-address.ts";
import { cameByHttps, requestedHost } from "../forwarded.ts";
import type { Authenticator, Identity } from "../login/authenticator.ts";
import type { SessionCookie } from "../login/session-cookie.ts";
import { logInUrl, SESSION_SECONDS, type Sessions } from "../login/sessions.ts";
import type { SessionRecord } from "../store/records.ts";
import { listOf, NO_CONTENT, PROBLEM_RESPONSE } from "./documentation.ts";
import type { HttpApp } from "./http-app.ts";
import { foreignOrigin, isOwnOrigin } from "./own-origin.ts";
import { notFound, ProblemError, unauthorized } from "./problems.ts";

/** What this server can do beyond the core, for clients that show it or not. */
export interface Features {
  outboundWebhooks: boolean;
}

export interface SessionRoutesParts {
  authenticator: Authenticator;
  sessions: Sessions;
  sessionCookie: SessionCookie;
  features: Features;
  publicUrl: string | undefined;
  addresses: Pick<ClientAddresses, "isProxy">;
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

const loggedInSchema = whoSchema.extend({
  key: z.string().describe("To be sent in `Mission-Control-Session-Key`, together with the cookie."),
  secure: z.boolean().describe("The browser keeps the cookie only where it came over TLS."),
});

const sessionSchema = z.object({
  id: z.string(),
  userAgent: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  current: z.boolean(),
});

const logInLinkSchema = z.object({
  url: z.string().describe("Logs a browser in, once."),
  expiresAt: z.string(),
});

/** Logging in; the one call of these that needs no log-in. */
export function logInRoute(app: HttpApp, parts: SessionRoutesParts): void {
  const { authenticator, sessions, sessionCookie } = parts;

  app.post(
    "/api/session",
    {
      schema: {
        tags,
        operationId: "logIn",
        summary: "Log a browser in, with the token or a one-time code",
        description:
          "Sets a cookie, and answers a key: a request with the session has both. Only the browser sees the cookie, only a page of this origin the key.",
        body: logInSchema,
        security: [],
        response: { 201: loggedInSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      const { body, raw } = request;
      // Logged in from there, a page could read everything and change nothing.
      if (raw.headers.origin !== undefined && !isOwnOrigin(raw, parts)) {
        throw new ProblemError(403, foreignOrigin(raw));
      }
      const userAgent = raw.headers["user-agent"] ?? "";
      const started =
        "code" in body
          ? await sessions.redeemCode(body.code, userAgent)
          : authenticator.isToken(body.token) && (await sessions.create(userAgent));
      if (!started) {
        throw unauthorized(authenticator.failedTry(raw), "code" in body ? WRONG_CODE : WRONG_TOKEN);
      }
      const { cookie, key, session } = started;
      const secure = [parts.publicUrl, raw.headers.origin].some((url) => url?.startsWith("https:"));
      const overTls = secure || cameByHttps(raw, parts.addresses);
      reply.code(201).header("Set-Cookie", sessionCookie.set(cookie, SESSION_SECONDS, overTls));
      return { id: session.id, expiresAt: session.expiresAt, features: parts.features, key, secure: overTls };
    },
  );
}

/** What a logged-in browser does with its session and the others. */
export function sessionRoutes(
  app: HttpApp,
  parts: SessionRoutesParts,
  identityOf: (request: FastifyRequest) => Identity,
): void {
  const { sessions, sessionCookie } = parts;
  const current = (request: FastifyRequest): SessionRecord | null => {
    const identity = identityOf(request);
    return identity.kind === "session" ? identity.session : null;
  };

  app.get(
    "/api/session",
    {
      schema: {
        tags,
        operationId: "getSession",
        summary: "Who am I",
        response: { 200: whoSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const session = current(request);
      return { id: session?.id ?? null, expiresAt: session?.expiresAt ?? null, features: parts.features };
    },
  );

  app.delete(
    "/api/session",
    {
      schema: {
        tags,
        operationId: "logOut",
        summary: "Log out",
        response: { 204: NO_CONTENT, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      const session = current(request);
      if (session) await sessions.remove(session.id);
      reply.header("Set-Cookie", sessionCookie.takeBack(request.headers.cookie));
      return reply.code(204).send();
    },
  );

  app.post(
    "/api/log-in-links",
    {
      schema: {
        tags,
        operationId: "createLogInLink",
        summary: "Make a link that logs a browser in once",
        description: "For the administrator's token alone: a session makes no other, which would outlive it.",
        response: { 201: logInLinkSchema, ...PROBLEM_RESPONSE },
      },
    },
    async (request, reply) => {
      if (identityOf(request).kind !== "token") throw new ProblemError(403, LINK_BY_SESSION);
      const { raw } = request;
      const scheme = cameByHttps(raw, parts.addresses) ? "https" : "http";
      const base = parts.publicUrl ?? `${scheme}://${requestedHost(raw, parts.addresses)}`;
      const { code, expiresAt } = await sessions.issueCode();
      reply.code(201);
      return { url: logInUrl(base, code), expiresAt };
    },
  );

  app.get(
    "/api/sessions",
    {
      schema: {
        tags,
        operationId: "listSessions",
        summary: "List log-ins",
        response: { 200: listOf(sessionSchema), ...PROBLEM_RESPONSE },
      },
    },
    async (request) => {
      const own = current(request)?.id;
      return {
        items: (await sessions.list()).map(({ id, userAgent, createdAt, expiresAt }) => ({
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
        operationId: "endSession",
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
  "This log-in link was used before or is more than 10 minutes old. On the server's machine, mission-control login makes a new one. The token logs in too: it is in the file token of the server's data folder, or in MISSION_CONTROL_TOKEN where that is set.";
const LINK_BY_SESSION =
  "A log-in link is made with the administrator's token, not with a session: mission-control login.";
