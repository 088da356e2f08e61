import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { SECRET_RULE } from "@mission-control/protocol";
import { z } from "zod";
import { hostName } from "./allowed-hosts.ts";
import { ClientAddresses } from "./client-address.ts";
import { isSecret, TOKEN_PATTERN, TOKEN_RULE } from "./keys.ts";
import { readSettingsObject, SettingsError } from "./settings-file.ts";

export { SettingsError };

const SETTINGS_FILE = "mission-control.json";

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

const integer = (min: number, max: number) =>
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,15}$/)
        .transform(Number),
    ])
    .pipe(z.number().int().min(min).max(max));

const limit = integer(0, 1_000_000_000);
const LIMIT = "a whole number, 0 for no limit";

const flag = z.union([
  z.boolean(),
  z.enum(["true", "1"]).transform(() => true),
  z.enum(["false", "0"]).transform(() => false),
]);

function addressOf(protocols: readonly string[]) {
  return z
    .string()
    .refine((text) => {
      const url = URL.parse(text);
      return url !== null && protocols.includes(url.protocol) && !url.username && !url.search && !url.hash;
    })
    .transform((text) => text.replace(/\/+$/, ""));
}

/** Several values: an array in the settings file, or a text with commas between them. */
function listOf(isGood: (value: string) => boolean) {
  return z
    .union([z.array(z.string()), z.string().transform((list) => list.split(","))])
    .transform((list) => list.map((value) => value.trim()).filter((value) => value !== ""))
    .refine((list) => list.every(isGood));
}

interface Setting<Schema extends z.ZodType = z.ZodType> {
  environment: string;
  schema: Schema;
  /** Completes "… must be". */
  expected: string;
  description: string;
  /** A value that must never be repeated in a message. */
  secret?: true;
}

function setting<Schema extends z.ZodType>(
  environment: string,
  schema: Schema,
  expected: string,
  description: string,
): Setting<Schema> {
  return { environment, schema, expected, description };
}

function secretSetting<Schema extends z.ZodType>(
  ...parts: Parameters<typeof setting<Schema>>
): Setting<Schema> {
  return { ...setting(...parts), secret: true };
}

/** Every setting: its key here and in the settings file, its environment name, what it accepts, what it is. */
export const SETTINGS = {
  port: setting(
    "PORT",
    integer(0, 65535).default(4000),
    "a port number from 0 (any free one) to 65535",
    "port to listen on (default 4000)",
  ),
  host: setting(
    "HOST",
    z
      .string()
      .regex(/^[A-Za-z0-9.:_-]+$/)
      .default("127.0.0.1"),
    "a host name or IP address",
    "address to listen on (default 127.0.0.1)",
  ),
  publicUrl: setting(
    "MISSION_CONTROL_PUBLIC_URL",
    addressOf(["http:", "https:"]).optional(),
    "an http:// or https:// URL without credentials, query or fragment",
    "base URL agents call back to (default http://HOST:PORT)",
  ),
  allowedHosts: setting(
    "MISSION_CONTROL_ALLOWED_HOSTS",
    listOf((name) => hostName(name) !== null).default([]),
    "one or more host names or IP addresses, comma-separated, no URLs or wildcards",
    "further host names it answers to, beside loopback ones and the public URL's, comma-separated",
  ),
  dataDir: setting(
    "MISSION_CONTROL_DATA_DIR",
    z.string().transform(expandHome).default(join(homedir(), ".mission-control")),
    "a folder",
    "folder of the database and keys (default ~/.mission-control)",
  ),
  databaseUrl: secretSetting(
    "DATABASE_URL",
    z.undefined(),
    "unset: this version keeps everything in its embedded SQLite database, it cannot use PostgreSQL yet",
    "not supported yet: the database is embedded SQLite",
  ),
  token: secretSetting(
    "MISSION_CONTROL_TOKEN",
    z.string().regex(TOKEN_PATTERN).optional(),
    TOKEN_RULE,
    "the administrator's bearer token (default: made at the first start)",
  ),
  webhookSecrets: secretSetting(
    "MISSION_CONTROL_WEBHOOK_SECRET",
    listOf(isSecret)
      .refine((list) => list.length > 0)
      .optional(),
    `one or more secrets, comma-separated, each of which is ${SECRET_RULE}`,
    "shared callback secrets, comma-separated; all verify, the first signs (default: made at the first start)",
  ),
  openclawGatewayUrl: setting(
    "OPENCLAW_GATEWAY_URL",
    addressOf(["ws:", "wss:"]).optional(),
    "a ws:// or wss:// URL without credentials, query or fragment (its token goes into OPENCLAW_GATEWAY_TOKEN)",
    "a first OpenClaw Gateway, such as ws://127.0.0.1:18789",
  ),
  openclawGatewayToken: secretSetting(
    "OPENCLAW_GATEWAY_TOKEN",
    z.string().optional(),
    "a text",
    "token of that gateway",
  ),
  trustedProxies: setting(
    "MISSION_CONTROL_TRUSTED_PROXIES",
    listOf(isProxy).default([]),
    "IP addresses or CIDR ranges, comma-separated; loopback, linklocal and uniquelocal stand for theirs",
    "proxies whose X-Forwarded-* headers are believed, comma-separated (default none)",
  ),
  retentionEvents: setting(
    "MISSION_CONTROL_RETENTION_EVENTS",
    integer(1, Number.MAX_SAFE_INTEGER).default(1_000_000),
    "a number of events, 1 or more",
    "events kept in the log before the oldest are pruned (default 1000000)",
  ),
  limitCallbacksPerDispatch: setting(
    "MISSION_CONTROL_LIMIT_CALLBACKS_PER_DISPATCH",
    limit.default(100),
    LIMIT,
    "callbacks a second for one dispatch, 50 s' worth at once; 0 for no limit (default 100)",
  ),
  limitCallbacksPerAddress: setting(
    "MISSION_CONTROL_LIMIT_CALLBACKS_PER_ADDRESS",
    limit.optional(),
    LIMIT,
    "callbacks a second from one address, 50 s' worth at once; 0 for no limit (default 1000, none for this machine)",
  ),
  limitOpenPermissions: setting(
    "MISSION_CONTROL_LIMIT_OPEN_PERMISSIONS",
    limit.default(32),
    LIMIT,
    "permission requests one dispatch may have open; 0 for no limit (default 32)",
  ),
  limitLateCallbacks: setting(
    "MISSION_CONTROL_LIMIT_LATE_CALLBACKS",
    limit.default(100),
    LIMIT,
    "callbacks recorded for one dispatch that is over; 0 for no limit (default 100)",
  ),
  limitConnectionsPerAddress: setting(
    "MISSION_CONTROL_LIMIT_CONNECTIONS_PER_ADDRESS",
    limit.optional(),
    LIMIT,
    "connections one address may have; 0 for no limit (default 1000, none for this machine)",
  ),
  limitStreamsPerAddress: setting(
    "MISSION_CONTROL_LIMIT_STREAMS_PER_ADDRESS",
    limit.optional(),
    LIMIT,
    "event streams one address may have; 0 for no limit (default 500, none for this machine)",
  ),
  limitStreamFilters: setting(
    "MISSION_CONTROL_LIMIT_STREAM_FILTERS",
    limit.default(10_000),
    LIMIT,
    "different filters that event streams may have; 0 for no limit (default 10000)",
  ),
  allowPrivateWebhooks: setting(
    "MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS",
    flag.default(false),
    "true or false",
    "let outbound webhooks go to private addresses, and agents have link-local ones (default false)",
  ),
  logLevel: setting(
    "MISSION_CONTROL_LOG_LEVEL",
    z.enum(LOG_LEVELS).default("warn"),
    `one of ${LOG_LEVELS.join(", ")}`,
    "what is logged to the standard error (default warn)",
  ),
} satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

/** All settings, checked. Absent: `publicUrl`, `token` and `webhookSecrets` where the server makes its own. */
export type Settings = {
  [Name in Exclude<SettingName, "databaseUrl">]: z.output<(typeof SETTINGS)[Name]["schema"]>;
};

/** Names in the environment that look like settings but belong to what an agent is given to report with. */
const REPORT_NAMES: ReadonlySet<string> = new Set([
  "MISSION_CONTROL_CALLBACK_URL",
  "MISSION_CONTROL_CALLBACK_SECRET",
  "MISSION_CONTROL_SECRET",
  "MISSION_CONTROL_TASK_ID",
  "MISSION_CONTROL_AGENT_ID",
  "MISSION_CONTROL_CALLBACK_TASK_ID",
  "MISSION_CONTROL_CALLBACK_AGENT_ID",
  "MISSION_CONTROL_DISPATCH_ID",
]);

/** A value as it was given, and how to name where in a message. */
interface Given {
  value: unknown;
  where: string;
}

export interface SettingsSources {
  /** Values of command-line flags by setting name. */
  flags?: Partial<Record<SettingName, string | boolean | undefined>>;
  environment?: NodeJS.ProcessEnv;
}

/**
 * Reads every setting: flag, then environment, then `mission-control.json` in the data folder, then default.
 * An empty environment variable counts as unset.
 * @throws SettingsError with one sentence that names the unknown or wrong setting
 */
export function readSettings({ flags = {}, environment = process.env }: SettingsSources = {}): Settings {
  refuseUnknownEnvironment(environment);
  const fromOutside = (name: SettingName): Given | null => {
    const flagValue = flags[name];
    if (flagValue !== undefined) return { value: flagValue, where: flagName(name) };
    const variable = SETTINGS[name].environment;
    return environment[variable] ? { value: environment[variable], where: variable } : null;
  };
  const dataDir = check("dataDir", fromOutside("dataDir")) as string;
  const file = readSettingsFile(join(dataDir, SETTINGS_FILE));
  const names = Object.keys(SETTINGS) as SettingName[];
  const values = names.map((name) => [name, check(name, fromOutside(name) ?? file.get(name) ?? null)]);
  const { databaseUrl: _, ...settings } = Object.fromEntries(values);
  return settings as Settings;
}

/** How a setting is written on the command line, such as `--public-url`. */
export function flagName(name: SettingName): string {
  const word = name === "webhookSecrets" ? "webhookSecret" : name;
  return `--${word.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The address of a server on this machine, for a browser or an agent here. */
export function localUrl(host: string, port: number): string {
  // Nobody can connect to "any address"; the loopback one is always among them.
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

function check(name: SettingName, given: Given | null): unknown {
  const { schema, expected, secret }: Setting = SETTINGS[name];
  const result = schema.safeParse(given?.value);
  if (result.success) return result.data;
  const hidden = secret || given?.value === undefined || mayBearCredentials(given.value);
  const but = hidden ? "" : `, not ${JSON.stringify(given.value)}`;
  throw new SettingsError(`${given?.where ?? name} must be ${expected}${but}.`);
}

/** Whether a value is an address with a place in it where secrets are put. */
function mayBearCredentials(value: unknown): boolean {
  return typeof value === "string" && /^\w+:\/\/.*[@?#]/.test(value);
}

function refuseUnknownEnvironment(environment: NodeJS.ProcessEnv): void {
  const known = new Set<string>(Object.values(SETTINGS).map((one) => one.environment));
  for (const name of Object.keys(environment)) {
    if (!name.startsWith("MISSION_CONTROL_") || known.has(name) || REPORT_NAMES.has(name)) continue;
    throw new SettingsError(`There is no setting ${name}${nearest(name, known)}.`);
  }
}

/** The file's keys are the settings' names, or their environment names. */
function readSettingsFile(file: string): Map<SettingName, Given> {
  const given = new Map<SettingName, Given>();
  for (const [key, value] of Object.entries(readSettingsObject(file))) {
    const where = `"${key}" in ${file}`;
    const name = settingOfKey(key);
    if (name === undefined) {
      throw new SettingsError(`There is no setting ${where}${nearest(key, Object.keys(SETTINGS))}.`);
    }
    if (name === "dataDir") {
      throw new SettingsError(`${where} cannot say where the file itself is: use MISSION_CONTROL_DATA_DIR.`);
    }
    if (given.has(name)) throw new SettingsError(`${where} sets the same as another key there: remove one.`);
    given.set(name, { value, where });
  }
  return given;
}

function settingOfKey(key: string): SettingName | undefined {
  const names = Object.keys(SETTINGS) as SettingName[];
  return names.find(
    (name) =>
      key === name ||
      key === SETTINGS[name].environment ||
      (key === "webhookSecret" && name === "webhookSecrets"),
  );
}

/** Suggests the known name that starts most like the unknown one. */
function nearest(name: string, known: Iterable<string>): string {
  let best = "";
  let bestLength = 0;
  for (const candidate of known) {
    let length = 0;
    while (length < name.length && name[length]?.toLowerCase() === candidate[length]?.toLowerCase()) length++;
    if (length > bestLength) [best, bestLength] = [candidate, length];
  }
  return bestLength > name.length / 2 ? `; did you mean ${best}?` : "";
}

function isProxy(address: string): boolean {
  try {
    return new ClientAddresses([address]) !== null;
  } catch {
    return false;
  }
}

function expandHome(folder: string): string {
  return resolve(folder === "~" || folder.startsWith("~/") ? join(homedir(), folder.slice(1)) : folder);
}
