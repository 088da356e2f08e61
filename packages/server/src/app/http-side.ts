import { AllowedHosts } from "../allowed-hosts.ts";
import { dashboardFolder } from "../api/dashboard.ts";
import { HttpServer } from "../api/http-server.ts";
import { callbackEndpoint } from "../callbacks/callback-endpoint.ts";
import type { ExchangeLog } from "../exchanges/exchange-log.ts";
import { BodyReader } from "../ingress/body-reader.ts";
import { ConnectionLimit } from "../ingress/connection-limit.ts";
import { FastLane } from "../ingress/fast-lane.ts";
import { basePathOf } from "../ingress/request-target.ts";
import { Insights } from "../insights/insights.ts";
import { AddressCount } from "../limits/address-limit.ts";
import type { Readiness } from "../readiness.ts";
import type { AgentSide } from "./agent-side.ts";
import type { Base } from "./base.ts";
import type { CallbackSide } from "./callback-side.ts";
import type { LogInSide } from "./log-in-side.ts";
import type { OutboundSide } from "./outbound-side.ts";

/** What the routes lead to. */
export interface HttpSideParts extends AgentSide, CallbackSide, LogInSide, Pick<OutboundSide, "webhooks"> {
  exchanges: ExchangeLog;
  readiness: Readiness;
}

/** Makes the HTTP server with the fast lane before it; it does not listen yet. */
export function createHttpServer(base: Base, parts: HttpSideParts): Promise<HttpServer> {
  const { settings, limits, addresses, store, contents, metrics, logger, now } = base;
  const { intake, uploads, stream, readiness, ...others } = parts;
  const { host, publicUrl, allowedHosts: names } = settings;
  const allowedHosts = new AllowedHosts({ host, publicUrl, names, proxies: addresses });
  const openBodies = new BodyReader(limits.bodies(), addresses, metrics);
  const apiBodies = new BodyReader(limits.bodies(), addresses, metrics);
  const connections = new ConnectionLimit(addresses, new AddressCount(limits.connectionsPerAddress), metrics);
  return HttpServer.create({
    ...others,
    store,
    contents,
    insights: new Insights({ store, now }),
    allowedHosts,
    addresses,
    openBodies,
    apiBodies,
    metrics,
    logger,
    features: { outboundWebhooks: true },
    publicUrl,
    dashboardFolder: dashboardFolder(),
    callbacks: callbackEndpoint(intake, openBodies, addresses),
    uploads: uploads.handle,
    events: stream.handle,
    fastLane: new FastLane({
      allowedHosts,
      callbacks: intake,
      basePath: basePathOf(publicUrl),
      addresses,
      connections,
      prepareStream: (socket, request) => stream.prepare(socket, request),
    }),
    unreadyReason: () => readiness.unreadyReason(),
  });
}
