import { join } from "node:path";
import { localUrl, type Settings, TOKEN_FILE } from "@mission-control/protocol/settings";
import { publishAddress } from "../address-file.ts";
import { ExchangeLog } from "../exchanges/exchange-log.ts";
import type { Logger } from "../logger.ts";
import { Readiness } from "../readiness.ts";
import { Hub } from "../stream/hub.ts";
import { openAgentSide } from "./agent-side.ts";
import { openBase } from "./base.ts";
import { openCallbackSide } from "./callback-side.ts";
import { createHttpServer } from "./http-side.ts";
import { firstLogInUrl, openLogInSide } from "./log-in-side.ts";
import { OpenedParts } from "./opened-parts.ts";
import { openOutboundSide } from "./outbound-side.ts";
import { startUpkeep } from "./upkeep.ts";

/** How long requests in hand have to finish when the server stops, in milliseconds. */
const STOP_MS = 5000;

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
   * agents and tasks is past. It is to be closed and started again.
   */
  putBack: AbortSignal;
  /** Stops accepting, answers what is in hand, commits, ends the streams. */
  close(): Promise<void>;
}

/**
 * Starts a server: opens the store, listens, connects the gateways, takes up what an earlier process left.
 * @throws SettingsError, KeyFileError, what `openStore` throws, or the system's error about the address
 */
export async function startApp(settings: Settings, logger: Logger): Promise<App> {
  const opened = new OpenedParts();
  try {
    return await start(settings, logger, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function start(settings: Settings, logger: Logger, opened: OpenedParts): Promise<App> {
  const putBack = new AbortController();
  const base = await openBase(settings, logger, opened, () => putBack.abort());
  const { store, metrics, limits, token, address } = base;
  const hub = await Hub.open({ log: store, logger, metrics, maxFilters: limits.streamFilters });
  const exchanges = opened.add(new ExchangeLog({ store, keeps: settings.deliveryDays > 0, logger }));
  const agentSide = await openAgentSide(base, exchanges);
  const callbackSide = openCallbackSide(base, exchanges, agentSide.dispatcher);
  const logInSide = await openLogInSide(base, hub);
  const outboundSide = openOutboundSide(base);
  const readiness = new Readiness(store);
  const parts = { ...agentSide, ...callbackSide, ...logInSide, webhooks: outboundSide.webhooks };
  const server = await createHttpServer(base, { ...parts, exchanges, readiness });
  const port = await server.listen({ host: settings.host, port: settings.port });
  const url = localUrl(settings.host, port);
  address.publicUrl = settings.publicUrl ?? url;
  opened.add(publishAddress(settings.dataDir, url, logger));
  await agentSide.start();
  outboundSide.start(agentSide.dispatcher);
  startUpkeep(base, agentSide.agents);
  return {
    url,
    loginUrl: await firstLogInUrl(address.publicUrl, logInSide.sessions),
    token,
    tokenFile: settings.token === undefined ? join(settings.dataDir, TOKEN_FILE.name) : null,
    putBack: putBack.signal,
    close: async () => {
      readiness.stop();
      callbackSide.intake.stop();
      hub.close();
      await server.close(AbortSignal.timeout(STOP_MS));
      await opened.close();
    },
  };
}
