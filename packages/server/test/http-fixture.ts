import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings } from "@mission-control/protocol/settings";
import { AgentDirectory } from "../src/agents/agent-directory.ts";
import { AgentEditor } from "../src/agents/agent-editor.ts";
import { AllowedHosts } from "../src/allowed-hosts.ts";
import { HttpServer, type HttpServerOptions } from "../src/api/http-server.ts";
import { Budgets } from "../src/budgets/budgets.ts";
import { ClientAddresses } from "../src/client-address.ts";
import { Dispatcher } from "../src/dispatch/dispatcher.ts";
import { ExchangeLog } from "../src/exchanges/exchange-log.ts";
import type { DispatchOutcome, GatewayAdapter } from "../src/gateways/gateway.ts";
import { BodyReader } from "../src/ingress/body-reader.ts";
import { Insights } from "../src/insights/insights.ts";
import { limitsOf } from "../src/limits/limits.ts";
import { Authenticator } from "../src/login/authenticator.ts";
import { LogInThrottle } from "../src/login/log-in-throttle.ts";
import { SessionCookie } from "../src/login/session-cookie.ts";
import { Sessions } from "../src/login/sessions.ts";
import { Metrics } from "../src/metrics.ts";
import { SYSTEM_CLOCK } from "../src/outbound/clock.ts";
import { WebhookSender } from "../src/outbound/sender.ts";
import { Webhooks } from "../src/outbound/webhooks.ts";
import { ContentFolder } from "../src/store/content-folder.ts";
import type { Contents } from "../src/store/contents.ts";
import type { Store } from "../src/store/store.ts";
import { openTestStore } from "./support/test-store.ts";

export const TOKEN = "the-administrator";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A clock that stands still until it is moved. */
export class ManualClock {
  #at = Date.parse("2026-11-23T10:00:00.000Z");
  readonly now = () => new Date(this.#at);
  advance(milliseconds: number): void {
    this.#at += milliseconds;
  }
}

/** The HTTP side on a real socket, over a real store and dispatcher; only the agents' side is scripted. */
export interface HttpFixture {
  url: string;
  host: string;
  store: Store;
  contents: Contents;
  clock: ManualClock;
  sessions: Sessions;
  metrics: Metrics;
  /** What the agents' side says to dispatches, from now on. */
  outcome: DispatchOutcome;
  /** Requests that reached the raw handlers. */
  raw: string[];
  /** Calls the API with the token; `body` is sent as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  server: HttpServer;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came back
  body: any;
}

export interface HttpFixtureOptions extends Partial<HttpServerOptions> {
  trustedProxies?: string[];
  /** Another one, on whose store and clock this is one more node; to be closed before that. */
  beside?: HttpFixture;
  /** The store as the server sees it. */
  seenAs?: (store: Store) => Store;
}

export async function startHttp({
  trustedProxies = [],
  beside,
  seenAs = (store) => store,
  ...overrides
}: HttpFixtureOptions = {}): Promise<HttpFixture> {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-http-"));
  const clock = beside?.clock ?? new ManualClock();
  const { now } = clock;
  const store = seenAs(beside?.store ?? openTestStore({ folder, now }));
  const contents = beside?.contents ?? (await openContents(folder));
  const raw: string[] = [];
  const record = (name: string) => (request: IncomingMessage, response: ServerResponse) => {
    raw.push(`${name} ${request.method} ${request.url}`);
    request.resume();
    response.writeHead(200).end("{}");
  };
  const sessions = await Sessions.open({ store, now, logger: silent, tokenFingerprint: "of the token" });
  const sessionCookie = new SessionCookie("test");
  const throttle = new LogInThrottle(now);
  const metrics = new Metrics();
  const reachability = () => ({ status: "online" as const });
  const agents = await AgentDirectory.open({ store, now, reachability });
  const state = { outcome: { kind: "accepted" } as DispatchOutcome };
  const adapter: GatewayAdapter = {
    dispatch: async () => state.outcome,
    resume: async () => state.outcome,
    cancel: async () => {},
    answerPermission: async () => {},
    reachability,
    close: async () => {},
  };
  const insights = new Insights({ store, now });
  const budgets = await Budgets.open({ store, insights, now });
  const dispatcher = new Dispatcher({
    store,
    agents,
    adapterFor: () => adapter,
    contents,
    logger: silent,
    metrics,
    publicUrl: () => "http://127.0.0.1:1",
    serverKey: Buffer.alloc(32),
    budgets,
  });
  await dispatcher.start();
  const { publicUrl } = overrides;
  const limits = limitsOf(readSettings({ environment: { MISSION_CONTROL_DATA_DIR: folder } }));
  const addresses = new ClientAddresses(trustedProxies);
  const bodies = () => new BodyReader(limits.bodies(), addresses, metrics);
  const server = await HttpServer.create({
    store,
    dispatcher,
    agents,
    agentEditor: new AgentEditor({ store, agents, now }),
    gateways: NO_GATEWAYS,
    gatewayEditor: NO_GATEWAY_EDITOR,
    webhooks: new Webhooks({
      store,
      clock,
      sender: new WebhookSender({ clock: { ...SYSTEM_CLOCK, now }, allowPrivate: true }),
      allowPrivate: true,
      canMail: false,
      publicUrl: () => "http://127.0.0.1:1",
    }),
    exchanges: new ExchangeLog({ store, keeps: true, logger: silent }),
    insights,
    budgets,
    // Everything goes through the HTTP server here; the lane before it has tests of its own.
    fastLane: { attach() {}, close() {} },
    openBodies: bodies(),
    apiBodies: bodies(),
    addresses,
    contents,
    callbacks: record("callback"),
    uploads: record("upload"),
    events: record("events"),
    allowedHosts: new AllowedHosts({ host: "127.0.0.1", publicUrl, names: [], proxies: addresses }),
    authenticator: new Authenticator({
      token: TOKEN,
      sessions,
      cookie: sessionCookie,
      throttle,
      addresses,
      metrics,
    }),
    sessions,
    sessionCookie,
    metrics,
    logger: silent,
    features: { outboundWebhooks: true },
    publicUrl: undefined,
    dashboardFolder: null,
    unreadyReason: async () => null,
    ...overrides,
  });
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  const host = `127.0.0.1:${port}`;
  const url = `http://${host}`;
  return {
    url,
    host,
    store,
    contents,
    clock,
    sessions,
    metrics,
    raw,
    server,
    get outcome() {
      return state.outcome;
    },
    set outcome(outcome) {
      state.outcome = outcome;
    },
    call: (method, path, body, headers = {}) =>
      call(url + path, {
        method,
        headers: {
          Authorization: `Bearer ${TOKEN}`,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async close() {
      await server.close(AbortSignal.timeout(2000));
      await dispatcher.close();
      agents.close();
      budgets.close();
      sessions.close();
      if (!beside) await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The contents of artifacts in a data folder, however many. */
function openContents(folder: string): Promise<Contents> {
  return ContentFolder.open({ folder: join(folder, "artifacts"), maxTotalBytes: Number.POSITIVE_INFINITY });
}

/** One request, with its answer read as JSON where it is JSON. */
export async function call(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

const NO_GATEWAYS: HttpServerOptions["gateways"] = {
  caughtUp: async () => {},
  list: () => [],
  test: async () => {
    throw new Error("no gateways here");
  },
  agents: async () => null,
};

const NO_GATEWAY_EDITOR: HttpServerOptions["gatewayEditor"] = {
  create: async () => {
    throw new Error("no gateways here");
  },
  remove: async () => false,
};
