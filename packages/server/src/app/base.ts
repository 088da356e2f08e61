import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { localUrl, type Settings, SettingsError } from "@mission-control/protocol/settings";
import { ClientAddresses } from "../client-address.ts";
import { DeviceIdentity } from "../gateways/openclaw/device-identity.ts";
import { fingerprint, type Keys, loadKeys, shareKeys } from "../keys.ts";
import { limitsOf } from "../limits/limits.ts";
import type { Logger } from "../logger.ts";
import { Metrics } from "../metrics.ts";
import type { Contents } from "../store/contents.ts";
import { openStore, type SharedParts } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import type { OpenedParts } from "./opened-parts.ts";

const NATS_ALONE =
  "NATS_URL is of use with DATABASE_URL alone: NATS carries events between servers that share a PostgreSQL database. Set DATABASE_URL, or remove NATS_URL.";

/** What every other part of a server is built on. */
export interface Base {
  settings: Settings;
  logger: Logger;
  now: () => Date;
  metrics: Metrics;
  limits: ReturnType<typeof limitsOf>;
  addresses: ClientAddresses;
  store: Store;
  contents: Contents;
  keys: Keys;
  /** The administrator's bearer token. */
  token: string;
  /** Folder of the device identity shown to OpenClaw Gateways. */
  identityDir: string;
  /** Where agents and people reach the server; with the port once that is known, as `PORT=0` asks for any. */
  address: { publicUrl: string };
  opened: OpenedParts;
}

/**
 * Opens the store and reads the keys; joins the other servers on the same database, where there is one.
 * @param putBack called once when the database no longer holds what this server has announced
 * @throws SettingsError, KeyFileError, what `openStore` throws
 */
export async function openBase(
  settings: Settings,
  logger: Logger,
  opened: OpenedParts,
  putBack: () => void,
): Promise<Base> {
  const { dataDir: folder, databaseUrl, natsUrl } = settings;
  if (natsUrl !== undefined && databaseUrl === undefined) throw new SettingsError(NATS_ALONE);
  const metrics = new Metrics();
  const limits = limitsOf(settings);
  const { store, contents, shared } = await openStore({
    folder,
    databaseUrl,
    maxArtifactBytes: limits.allArtifacts,
    limits: limits.rules,
    metrics,
    logger,
    putBack,
  });
  opened.add(store);
  opened.add(contents);
  const identityDir = join(folder, "openclaw");
  if (shared) {
    await shareKeys(folder, shared.keys);
    await DeviceIdentity.share(identityDir, shared.keys);
  }
  const keys = loadKeys(folder);
  DeviceIdentity.check(identityDir);
  const base: Base = {
    settings,
    logger,
    now: () => new Date(),
    metrics,
    limits,
    addresses: new ClientAddresses(settings.trustedProxies),
    store,
    contents,
    keys,
    token: settings.token ?? keys.token,
    identityDir,
    address: { publicUrl: settings.publicUrl ?? localUrl(settings.host, settings.port) },
    opened,
  };
  if (shared && natsUrl !== undefined) await openRelay(base, shared, natsUrl);
  return base;
}

async function openRelay(
  { settings, store, keys, metrics, logger, opened }: Base,
  { log, publishers }: SharedParts,
  url: string,
): Promise<void> {
  const { LogRelay } = await import("../relay/log-relay.ts");
  const id = shortFingerprint(keys.serverKey, "relay");
  const key = Buffer.from(fingerprint(keys.serverKey, "relay seal"), "base64url");
  const replicas = settings.natsReplicas;
  opened.add(new LogRelay({ url, log, publishers, store, id, key, replicas, metrics, logger }));
}

/**
 * Part of a name, so that two servers do not take each other's: of the session cookie on one host, of the stream on one
 * NATS. Eight letters and digits.
 */
export function shortFingerprint(serverKey: KeyObject, purpose: string): string {
  return fingerprint(serverKey, purpose)
    .replaceAll(/[^A-Za-z0-9]/g, "")
    .slice(0, 8);
}
