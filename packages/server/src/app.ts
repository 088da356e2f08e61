import { join } from "node:path";
import { localUrl, type Settings, SettingsError, TOKEN_FILE } from "@mission-control/protocol/settings";
import { publishAddress } from "./address-file.ts";
import { AgentDirectory } from "./agents/agent-directory.ts";
import { AgentEditor } from "./agents/agent-editor.ts";
import { AgentProbe } from "./agents/agent-probe.ts";
import { AllowedHosts } from "./allowed-hosts.ts";
import { dashboardFolder } from "./api/dashboard.ts";
import { HttpServer } from "./api/http-server.ts";
import { ArtifactUpkeep } from "./artifact-upkeep.ts";
import { ArtifactKeeping } from "./callbacks/artifact-keeping.ts";
import { ArtifactUploads } from "./callbacks/artifact-uploads.ts";
import { callbackEndpoint } from "./callbacks/callback-endpoint.ts";
import { CallbackLimits } from "./callbacks/callback-limits.ts";
import { CallbackIntake } from "./callbacks/intake.ts";
import { SignatureVerifier } from "./callbacks/signature.ts";
import { ClientAddresses } from "./client-address.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import type { Patience } from "./dispatch/silence-view.ts";
import { SilenceWatch } from "./dispatch/silence-watch.ts";
import { ExchangeLog } from "./exchanges/exchange-log.ts";
import { ExchangeUpkeep } from "./exchanges/exchange-upkeep.ts";
import { RefusedCallbacks } from "./exchanges/refused-callbacks.ts";
import type { AgentTarget } from "./gateways/gateway.ts";
import { GatewayEditor } from "./gateways/gateway-editor.ts";
import { GATEWAY_KINDS } from "./gateways/kinds.ts";
import { DeviceIdentity } from "./gateways/openclaw/device-identity.ts";
import { GatewayRegistry } from "./gateways/registry.ts";
import { BodyReader } from "./ingress/body-reader.ts";
import { ConnectionLimit } from "./ingress/connection-limit.ts";
import { FastLane } from "./ingress/fast-lane.ts";
import { basePathOf } from "./ingress/request-target.ts";
import { Counting } from "./insights/counting.ts";
import { Insights } from "./insights/insights.ts";
import { fingerprint, loadKeys, shareKeys } from "./keys.ts";
import { AddressCount } from "./limits/address-limit.ts";
import { limitsOf } from "./limits/limits.ts";
import type { Logger } from "./logger.ts";
import { Authenticator } from "./login/authenticator.ts";
import { LogInThrottle } from "./login/log-in-throttle.ts";
import { SessionCookie } from "./login/session-cookie.ts";
import { logInUrl, Sessions } from "./login/sessions.ts";
import { Metrics } from "./metrics.ts";
import { Answers } from "./outbound/answers/answers.ts";
import { ChannelSender } from "./outbound/channel-sender.ts";
import { SYSTEM_CLOCK } from "./outbound/clock.ts";
import { MailSender, mailFromOf } from "./outbound/mail/mail-sender.ts";
import { Outbound } from "./outbound/outbound.ts";
import { publicLookup } from "./outbound/public-address.ts";
import { WebhookSender } from "./outbound/sender.ts";
import { Webhooks } from "./outbound/webhooks.ts";
import { Readiness } from "./readiness.ts";
import { Retention } from "./retention.ts";
import { openStore } from "./store/open-store.ts";
import { StoreUnavailableError } from "./store/store.ts";
import { Hub } from "./stream/hub.ts";
import { StreamEndpoint } from "./stream/stream-endpoint.ts";

/** How long requests in hand have to finish when the server stops, in milliseconds. */
const STOP_MS = 5000;

const NATS_ALONE =
  "NATS_URL is of use with DATABASE_URL alone: NATS carries events between servers that share a PostgreSQL database. Set DATABASE_URL, or remove NATS_URL.";

/** A running server. */
export interface App {
  /** Where it listens, for a browser on this machine. */
  url: string;
  /** A log-in link, good once and for ten minutes; one that asks for the token where the store takes nothing now. */
  loginUrl: string;
  /** The administrator's bearer token. */
  token: string;
  /** The file that holds the token; null where a setting gives it. */
  tokenFile: string | null;
  /**
   * Aborted when the database no longer holds what this server has announced, as an older copy was put back: what it knows of
   * agents and tasks is past. It is to be closed and started anew.
   */
  putBack: AbortSignal;
  /** Stops accepting, answers what is in hand, commits, ends the streams. */
  close(): Promise<void>;
}

/**
 * Starts a server: opens the store, connects the gateways, takes up what an earlier process left, listens.
 * @throws SettingsError, KeyFileError, what `openStore` throws, or the system's error about the address
 */
export async function startApp(settings: Settings, logger: Logger): Promise<App> {
  const now = () => new Date();
  const metrics = new Metrics();
  const limits = limitsOf(settings);
  const addresses = new ClientAddresses(settings.trustedProxies);
  const { dataDir: folder, databaseUrl, natsUrl } = settings;
  if (natsUrl !== undefined && databaseUrl === undefined) throw new SettingsError(NATS_ALONE);
  const identityDir = join(folder, "openclaw");
  const maxArtifactBytes = limits.allArtifacts;
  const putBack = new AbortController();
  const storeOptions = {
    folder,
    databaseUrl,
    maxArtifactBytes,
    limits: limits.rules,
    metrics,
    logger,
    putBack: () => putBack.abort(),
  };
  const { store, contents, shared } = await openStore(storeOptions);
  // Closed in reverse order, also when the start fails half-way.
  const opened: { close(): Promise<void> | void }[] = [store, contents];
  const closeAll = async () => {
    for (const part of opened.reverse()) await part.close();
  };
  const opening = <Part extends { close(): Promise<void> | void }>(part: Part): Part => {
    opened.push(part);
    return part;
  };
  try {
    if (shared) {
      await shareKeys(folder, shared.keys);
      await DeviceIdentity.share(identityDir, shared.keys);
    }
    const keys = loadKeys(folder);
    DeviceIdentity.check(identityDir);
    const token = settings.token ?? keys.token;
    if (shared && natsUrl !== undefined) {
      const { LogRelay } = await import("./relay/log-relay.ts");
      const id = shortFingerprint(keys.serverKey, "relay");
      const key = Buffer.from(fingerprint(keys.serverKey, "relay seal"), "base64url");
      const { log, publishers } = shared;
      const carried = { log, publishers, store, id, key, replicas: settings.natsReplicas };
      opening(new LogRelay({ url: natsUrl, ...carried, metrics, logger }));
    }
    const hub = await Hub.open({ log: store, logger, metrics, maxFilters: limits.streamFilters });
    const { deliveryDays, refusedBodies } = settings;
    const exchanges = opening(new ExchangeLog({ store, keeps: deliveryDays > 0, logger }));
    const { openclawGatewayUrl: url, openclawGatewayToken: gatewayToken } = settings;
    const gateways = opening(
      new GatewayRegistry({
        store,
        kinds: GATEWAY_KINDS,
        logger,
        now,
        identityDir,
        allowLinkLocal: settings.allowPrivateWebhooks,
        answersApprovals: settings.openclawApprovals,
        exchanges,
        ...(url === undefined
          ? {}
          : { first: { url, ...(gatewayToken === undefined ? {} : { token: gatewayToken }) } }),
      }),
    );
    const agents = opening(
      await AgentDirectory.open({ store, now, reachability: (target) => gateways.reachability(target) }),
    );
    const agentEditor = new AgentEditor({
      store,
      agents,
      now,
      allowLinkLocal: settings.allowPrivateWebhooks,
    });
    // Known once the port is: `PORT=0` asks for any.
    let publicUrl = settings.publicUrl ?? localUrl(settings.host, settings.port);
    const dispatcher = opening(
      new Dispatcher({
        store,
        agents,
        adapterFor: (target) => gateways.adapterFor(target),
        reachesHere: (target) => gateways.reachesHere(target),
        contents,
        publicUrl: () => publicUrl,
        serverKey: keys.serverKey,
        logger,
        metrics,
        exchanges,
      }),
    );
    const sharedSecrets = settings.webhookSecrets ?? [keys.webhookSecret];
    const verifier = new SignatureVerifier({ serverKey: keys.serverKey, sharedSecrets });
    const callbackLimits = new CallbackLimits(limits.callbacksPerDispatch, limits.callbacksPerAddress);
    const refused = opening(new RefusedCallbacks({ log: exchanges, keepsBodies: refusedBodies, now }));
    const intake = new CallbackIntake({
      store,
      verifier,
      logger,
      metrics,
      limits: callbackLimits,
      artifacts: new ArtifactKeeping(contents),
      refused,
      now,
      slotIsFreed: (agentId) => dispatcher.slotIsFreed(agentId),
    });
    metrics.showArtifactBytes(() => contents.total());
    const uploads = new ArtifactUploads({
      store,
      contents,
      verifier,
      intake,
      limits: callbackLimits,
      pace: limits.pace(),
      addresses,
      metrics,
      maxBytes: limits.artifact,
      now,
    });
    const openBodies = new BodyReader(limits.bodies(), addresses, metrics);
    const apiBodies = new BodyReader(limits.bodies(), addresses, metrics);
    const connections = new ConnectionLimit(
      addresses,
      new AddressCount(limits.connectionsPerAddress),
      metrics,
    );
    const { host, allowedHosts: names } = settings;
    const allowedHosts = new AllowedHosts({ host, publicUrl: settings.publicUrl, names, proxies: addresses });
    const tokenFingerprint = fingerprint(keys.serverKey, "token", token);
    const sessions = opening(await Sessions.open({ store, now, logger, tokenFingerprint }));
    const sessionCookie = new SessionCookie(shortFingerprint(keys.serverKey, "session cookie"));
    const throttle = new LogInThrottle(now);
    const authenticator = new Authenticator({
      token,
      sessions,
      cookie: sessionCookie,
      throttle,
      addresses,
      metrics,
    });
    const stream = opening(
      new StreamEndpoint({
        hub,
        authorize: async (request) => {
          const identity = await authenticator.authenticate(request);
          return identity && (identity.kind === "session" ? { sessionId: identity.session.id } : {});
        },
        sessionLasts: (id) => sessions.lasts(id),
        addresses,
        perAddress: new AddressCount(limits.streamsPerAddress),
        metrics,
        logger,
        refused: (request) => authenticator.refused(request),
      }),
    );
    const clock = SYSTEM_CLOCK;
    const allowPrivate = settings.allowPrivateWebhooks;
    const { smtpUrl } = settings;
    const mail = new MailSender({ clock, smtpUrl, from: mailFromOf(settings, publicUrl) });
    const webhookSender = new WebhookSender({ clock, allowPrivate });
    const sender = opening(new ChannelSender({ webhook: webhookSender, mail }));
    const webhookParts = { store, sender, clock, publicUrl: () => publicUrl };
    const readiness = new Readiness(store);
    const server = await HttpServer.create({
      store,
      dispatcher,
      agents,
      agentEditor,
      gateways,
      gatewayEditor: new GatewayEditor({ store, gateways, now }),
      exchanges,
      webhooks: new Webhooks({ ...webhookParts, allowPrivate, canMail: smtpUrl !== undefined }),
      insights: new Insights({ store, now }),
      allowedHosts,
      authenticator,
      sessions,
      sessionCookie,
      metrics,
      logger,
      features: { outboundWebhooks: true },
      publicUrl: settings.publicUrl,
      dashboardFolder: dashboardFolder(),
      contents,
      callbacks: callbackEndpoint(intake, openBodies, addresses),
      uploads: uploads.handle,
      events: stream.handle,
      openBodies,
      apiBodies,
      addresses,
      fastLane: new FastLane({
        allowedHosts,
        callbacks: intake,
        basePath: basePathOf(settings.publicUrl),
        addresses,
        connections,
        prepareStream: (socket, request) => stream.prepare(socket, request),
      }),
      unreadyReason: () => readiness.unreadyReason(),
    });
    const port = await server.listen({ host: settings.host, port: settings.port });
    const localAddress = localUrl(settings.host, port);
    publicUrl = settings.publicUrl ?? localAddress;
    opening(publishAddress(settings.dataDir, localAddress, logger));
    await gateways.start({
      onRunEvent: (event) => dispatcher.onRunEvent(event),
      onRoutesChange: () => dispatcher.review(),
      onReachabilityChange: () => {
        agents.announceReachability().catch((error: unknown) => {
          logger.error({ err: error }, "which agents can be reached could not be stored");
        });
      },
    });
    await dispatcher.start();
    const adapterFor = (target: AgentTarget) => gateways.adapterFor(target);
    const owns = (agentId: string) => dispatcher.owns(agentId);
    opening(new AgentProbe({ agents, owns, adapterFor, logger })).start();
    opening(new Outbound({ ...webhookParts, logger, metrics }));
    const lookup = allowPrivate ? undefined : publicLookup();
    opening(new Answers({ ...webhookParts, service: webhookSender, operator: dispatcher, logger, lookup }));
    opening(new SilenceWatch({ store, agents, patience: patienceOf(settings), logger, now }));
    opening(new Counting({ store, now, logger }));
    opening(new ArtifactUpkeep({ store, contents, logger }));
    opening(new ExchangeUpkeep({ store, days: deliveryDays, now, logger }));
    opening(new Retention({ store, keepEvents: settings.retentionEvents, now, logger }));
    return {
      url: localAddress,
      loginUrl: await firstLogInUrl(publicUrl, sessions),
      token,
      tokenFile: settings.token === undefined ? join(settings.dataDir, TOKEN_FILE.name) : null,
      putBack: putBack.signal,
      close: async () => {
        readiness.stop();
        intake.stop();
        hub.close();
        await server.close(AbortSignal.timeout(STOP_MS));
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** How long agents may be quiet; without end where a setting is 0. */
function patienceOf({ firstWordSeconds, silentSeconds }: Settings): Patience {
  const ms = (seconds: number) => (seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000);
  return { firstWordMs: ms(firstWordSeconds), silentMs: ms(silentSeconds) };
}

/** Where to log in; with no code while none can be stored: the token logs in, and a full disk is no reason not to start. */
async function firstLogInUrl(publicUrl: string, sessions: Sessions): Promise<string> {
  try {
    return logInUrl(publicUrl, (await sessions.issueCode()).code);
  } catch (error) {
    if (error instanceof StoreUnavailableError) return `${publicUrl}/login`;
    throw error;
  }
}

/**
 * Part of a name, so that two servers do not take each other's: of the session cookie on one host, of the stream on one
 * NATS. Eight letters and digits.
 */
function shortFingerprint(serverKey: Uint8Array, purpose: string): string {
  return fingerprint(serverKey, purpose)
    .replaceAll(/[^A-Za-z0-9]/g, "")
    .slice(0, 8);
}
