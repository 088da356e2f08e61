import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MAX_ATTACHMENTS_BYTES, PROBLEM_TYPE } from "@mission-control/protocol";
import Fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import type { AgentDirectory } from "../agents/agent-directory.ts";
import type { AgentEditor } from "../agents/agent-editor.ts";
import { type AllowedHosts, FOREIGN_HOST } from "../allowed-hosts.ts";
import type { Budgets } from "../budgets/budgets.ts";
import type { ClientAddresses } from "../client-address.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { newId } from "../ids.ts";
import type { BodyReader } from "../ingress/body-reader.ts";
import { BrokenRequests } from "../ingress/broken-request.ts";
import type { FastLane } from "../ingress/fast-lane.ts";
import { basePathOf, toOriginForm, withoutBasePath } from "../ingress/request-target.ts";
import type { Insights } from "../insights/insights.ts";
import type { Logger } from "../logger.ts";
import type { Authenticator, Identity } from "../login/authenticator.ts";
import type { SessionCookie } from "../login/session-cookie.ts";
import type { Sessions } from "../login/sessions.ts";
import type { Metrics } from "../metrics.ts";
import { createServer } from "../node-http.ts";
import type { Webhooks } from "../outbound/webhooks.ts";
import { problemBody } from "../problem.ts";
import type { Contents } from "../store/contents.ts";
import type { Store } from "../store/store.ts";
import { agentRoutes } from "./agent-routes.ts";
import { artifactRoutes } from "./artifact-routes.ts";
import { budgetRoutes } from "./budget-routes.ts";
import { dashboard } from "./dashboard.ts";
import { describeApi } from "./documentation.ts";
import { eventRoutes } from "./event-routes.ts";
import type { ExchangeListParts } from "./exchange-list.ts";
import { exchangeRoutes } from "./exchange-routes.ts";
import { type GatewayRoutesParts, gatewayRoutes } from "./gateway-routes.ts";
import { healthRoutes } from "./health-routes.ts";
import type { HttpApp, RawHandler } from "./http-app.ts";
import { inboxRoutes } from "./inbox-routes.ts";
import { insightRoutes } from "./insight-routes.ts";
import { takeJsonBodies } from "./json-body.ts";
import { KnownPaths } from "./known-paths.ts";
import { messageRoutes } from "./message-routes.ts";
import { foreignOrigin, isOwnOrigin } from "./own-origin.ts";
import { errorHandler, ProblemError, unauthorized } from "./problems.ts";
import { type RawHandlers, rawRoutes } from "./raw-routes.ts";
import { savedViewRoutes } from "./saved-view-routes.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";
import { type Features, logInRoute, sessionRoutes } from "./session-routes.ts";
import { taskRoutes } from "./task-routes.ts";
import { transcriptRoutes } from "./transcript-routes.ts";
import { webhookRoutes } from "./webhook-routes.ts";

const MAX_BODY_BYTES = 1024 * 1024;
/** Of a message whose files, in base64, are as large as they may be. */
const MAX_MESSAGE_BODY_BYTES = MAX_BODY_BYTES + Math.ceil((MAX_ATTACHMENTS_BYTES * 4) / 3);
/** Of a body that somebody sends who has not logged in. */
const MAX_OPEN_BODY_BYTES = 8 * 1024;
/** Longer than any id; Fastify's own limit would refuse some. */
const MAX_PARAM_LENGTH = 1024;
const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than the idle time after which common proxies close, so that they do, not the server. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const TIMEOUT_CHECK_MS = 5000;
/** Connections the system may hold until they are accepted: thousands of readers come back at once. */
const LISTEN_BACKLOG = 4096;
const CLOSE_CHECK_MS = 50;

export interface HttpServerOptions extends RawHandlers, GatewayRoutesParts {
  /** Serves the hot routes before the HTTP server sees them. */
  fastLane: Pick<FastLane, "attach" | "close">;
  /** Reads the bodies of those who have not logged in. */
  openBodies: BodyReader;
  /** Reads the bodies of those who have; nobody else can use up what these may hold. */
  apiBodies: BodyReader;
  addresses: ClientAddresses;
  store: Store;
  /** The bytes of artifacts. */
  contents: Pick<Contents, "read">;
  dispatcher: Dispatcher;
  agents: AgentDirectory;
  agentEditor: AgentEditor;
  webhooks: Webhooks;
  budgets: Budgets;
  exchanges: ExchangeListParts["exchanges"];
  insights: Pick<Insights, "read">;
  /** The names this server answers to; any other is refused before everything else. */
  allowedHosts: AllowedHosts;
  authenticator: Authenticator;
  sessions: Sessions;
  sessionCookie: SessionCookie;
  metrics: Metrics;
  logger: Logger;
  features: Features;
  /** The base URL from the settings, when it is set. */
  publicUrl: string | undefined;
  /** The dashboard's build output; null for none. */
  dashboardFolder: string | null;
  /** Why callbacks cannot be accepted now, in a sentence; null when they can. */
  unreadyReason: () => Promise<string | null>;
}

/** Who sent a request, as the log-in hook found for the routes. */
const identities = new WeakMap<FastifyRequest, Identity>();

/** The server's HTTP side: REST, the dashboard, health, and the way to the raw handlers. */
export class HttpServer {
  readonly #app: HttpApp;
  readonly #server: Server;
  readonly #broken = new BrokenRequests();
  readonly #fastLane: HttpServerOptions["fastLane"];
  #closing = false;

  /** Makes the routes; {@link listen} opens the port. */
  static async create(options: HttpServerOptions): Promise<HttpServer> {
    const server = new HttpServer(options);
    await addRoutes(server.#app, options, (request, response) => server.#broken.allowTime(request, response));
    await server.#app.ready();
    return server;
  }

  private constructor(options: HttpServerOptions) {
    const limits = {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    };
    const broken = this.#broken;
    const basePath = basePathOf(options.publicUrl);
    let server: Server | undefined;
    this.#app = Fastify({
      serverFactory: (framework) => {
        server = createServer(limits, (request, response) => {
          // Ends the connection with this answer, so that a client that keeps sending does not keep the server up.
          if (this.#closing) response.shouldKeepAlive = false;
          broken.expectAnswer(request, response);
          toOriginForm(request);
          request.url = withoutBasePath(request.url ?? "", basePath);
          if (!options.allowedHosts.allows(request)) return refuseForeignHost(response);
          for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
          framework(request, response);
        });
        return server;
      },
      routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
      return503OnClosing: false,
      genReqId: () => newId("req"),
      clientErrorHandler: broken.answer,
      frameworkErrors: errorHandler(options.logger),
    }).withTypeProvider<ZodTypeProvider>();
    if (!server) throw new Error("The framework made no server.");
    this.#server = server;
    this.#fastLane = options.fastLane;
    this.#fastLane.attach(server);
  }

  /**
   * Opens the port.
   * @returns the port, which differs from the one asked for when that was 0
   */
  async listen(address: { host: string; port: number }): Promise<number> {
    await this.#app.listen({ ...address, backlog: LISTEN_BACKLOG });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops accepting, answers what is in hand, and closes; what is open when the signal aborts is cut off. */
  async close(signal?: AbortSignal): Promise<void> {
    this.#closing = true;
    this.#fastLane.close();
    const cutOff = () => this.#server.closeAllConnections();
    const sweep = setInterval(() => this.#server.closeIdleConnections(), CLOSE_CHECK_MS);
    signal?.addEventListener("abort", cutOff);
    if (signal?.aborted) cutOff();
    try {
      await this.#app.close();
    } finally {
      clearInterval(sweep);
      signal?.removeEventListener("abort", cutOff);
    }
  }
}

async function addRoutes(app: HttpApp, options: HttpServerOptions, allowTime: RawHandler): Promise<void> {
  const { logger, metrics, authenticator, store } = options;
  const paths = new KnownPaths();
  app.addHook("onRoute", ({ url, method }) => paths.add(url, method));
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    metrics.httpRequest(request.method, route, reply.statusCode);
    const fields = { requestId: request.id, method: request.method, route, status: reply.statusCode };
    logger.debug({ ...fields, ms: Math.round(reply.elapsedTime) }, "request answered");
  });
  app.setValidatorCompiler(validatorCompiler);
  // What the server answers is its own: response schemas describe it, they do not change it.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler(errorHandler(logger));
  // No body is read but where a route takes one: what nobody asked for could be anybody's.
  app.removeAllContentTypeParsers();
  await describeApi(app, options.sessionCookie.name, options.publicUrl ?? "/");
  const page = await dashboard(app, options.dashboardFolder, basePathOf(options.publicUrl));
  // Before the body is read: what is wrong with it does not matter at an address that is not there.
  app.addHook("onRequest", async (request) => {
    if (request.is404) await refuseUnknown(request);
  });
  app.setNotFoundHandler((request, reply) => {
    if (!page(request, reply)) throw nothingHere();
  });

  async function refuseUnknown(request: FastifyRequest): Promise<void> {
    const path = request.url.split("?", 1)[0] ?? "";
    const isApi = path === "/api" || path.startsWith("/api/");
    if (isApi) await requireLogIn(request);
    const methods = paths.methodsOf(path);
    if (methods.length > 0) {
      const allow = methods.join(", ");
      throw new ProblemError(405, `This address takes ${allow}.`, { headers: { Allow: allow } });
    }
    if (isApi) throw nothingHere();
  }

  async function requireLogIn(request: FastifyRequest): Promise<void> {
    const identity = await authenticator.authenticate(request.raw);
    if (!identity) {
      const detail = "Send the administrator's token as a bearer token, or log in.";
      throw unauthorized(authenticator.refused(request.raw), detail);
    }
    const changes = request.method !== "GET" && request.method !== "HEAD";
    if (identity.kind === "session" && changes && !isOwnOrigin(request.raw, options)) {
      throw new ProblemError(403, foreignOrigin(request.raw));
    }
    identities.set(request, identity);
  }

  rawRoutes(app, options, allowTime);
  healthRoutes(app, options);
  await app.register(async (open: HttpApp) => {
    open.addHook("onSend", noStore);
    takeJsonBodies(open, options.openBodies, MAX_OPEN_BODY_BYTES);
    logInRoute(open, options);
  });
  await app.register(async (api: HttpApp) => {
    api.addHook("onRequest", (request) => requireLogIn(request));
    api.addHook("onSend", noStore);
    takeJsonBodies(api, options.apiBodies, MAX_BODY_BYTES);
    taskRoutes(api, options);
    await api.register(async (messages: HttpApp) => {
      takeJsonBodies(messages, options.apiBodies, MAX_MESSAGE_BODY_BYTES);
      messageRoutes(messages, options);
    });
    inboxRoutes(api, store);
    insightRoutes(api, options.insights);
    budgetRoutes(api, options.budgets);
    artifactRoutes(api, options);
    agentRoutes(api, options);
    gatewayRoutes(api, options);
    eventRoutes(api, store, options.agents);
    transcriptRoutes(api, store);
    webhookRoutes(api, options.webhooks);
    savedViewRoutes(api, store);
    exchangeRoutes(api, options);
    sessionRoutes(api, options, identityOf);
    api.get("/api/openapi.json", { schema: { hide: true } }, async () => api.swagger());
  });
}

function nothingHere(): ProblemError {
  return new ProblemError(404, "There is nothing at this address.");
}

/** Nothing a logged-in client reads may be kept by a cache. */
async function noStore(_: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.header("Cache-Control", "no-store");
}

function identityOf(request: FastifyRequest): Identity {
  const identity = identities.get(request);
  if (!identity) throw new Error("A route that needs a log-in was reached without one.");
  return identity;
}

/** Answers a request for another host, whatever else it says. */
function refuseForeignHost(response: ServerResponse): void {
  for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
  response.statusCode = 421;
  response.setHeader("Content-Type", PROBLEM_TYPE);
  response.end(problemBody(421, FOREIGN_HOST));
}
