import { isIP } from "node:net";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { hostName } from "../host-name.ts";
import { SECRET_RULE } from "../signing.ts";
import { isSecret, TOKEN_PATTERN, TOKEN_RULE } from "./key-file.ts";
import { flagName, SETTINGS, type SettingName, settingOfKey } from "./setting-names.ts";
import { readSettingsObject, SettingsError } from "./settings-file.ts";

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

const seconds = integer(0, 30 * 24 * 3600);
const SECONDS = "a whole number of seconds, 0 for no limit";

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

interface Rule<Schema extends z.ZodType = z.ZodType> {
  schema: Schema;
  /** Completes "… must be". */
  expected: string;
  /** A value that must never be repeated in a message. */
  secret?: true;
}

function rule<Schema extends z.ZodType>(schema: Schema, expected: string): Rule<Schema> {
  return { schema, expected };
}

function secretRule<Schema extends z.ZodType>(schema: Schema, expected: string): Rule<Schema> {
  return { schema, expected, secret: true };
}

/** What each setting accepts. */
const RULES = {
  port: rule(integer(0, 65535).default(4000), "a port number from 0 (any free one) to 65535"),
  host: rule(
    z
      .string()
      .regex(/^[A-Za-z0-9.:_-]+$/)
      .default("127.0.0.1"),
    "a host name or IP address",
  ),
  publicUrl: rule(
    addressOf(["http:", "https:"]).optional(),
    "an http:// or https:// URL without credentials, query or fragment",
  ),
  allowedHosts: rule(
    listOf((name) => hostName(name) !== null).default([]),
    "one or more host names or IP addresses, comma-separated, no URLs or wildcards",
  ),
  dataDir: rule(z.string().transform(expandHome).default(join(homedir(), ".mission-control")), "a folder"),
  databaseUrl: secretRule(
    z
      .string()
      .refine((text) => ["postgres:", "postgresql:"].includes(URL.parse(text)?.protocol ?? ""))
      .optional(),
    "a postgres:// URL, such as postgres://user:password@host:5432/database (a character of the password that means something in a URL is written in percent encoding)",
  ),
  natsUrl: secretRule(
    z
      .string()
      .refine((text) => text.split(",").every((url) => isNatsUrl(url.trim())))
      .optional(),
    "one or more nats:// or tls:// URLs, comma-separated, such as nats://user:password@host:4222 (a character of the password that means something in a URL is written in percent encoding)",
  ),
  natsReplicas: rule(integer(1, 5).default(1), "a number of servers from 1 to 5"),
  token: secretRule(z.string().regex(TOKEN_PATTERN).optional(), TOKEN_RULE),
  webhookSecrets: secretRule(
    listOf(isSecret)
      .refine((list) => list.length > 0)
      .optional(),
    `one or more secrets, comma-separated, each of which is ${SECRET_RULE}`,
  ),
  openclawGatewayUrl: rule(
    addressOf(["ws:", "wss:"]).optional(),
    "a ws:// or wss:// URL without credentials, query or fragment (its token goes into OPENCLAW_GATEWAY_TOKEN)",
  ),
  openclawGatewayToken: secretRule(z.string().optional(), "a text"),
  openclawApprovals: rule(flag.default(false), "true or false"),
  trustedProxies: rule(
    listOf(isProxy).default([]),
    "IP addresses or CIDR ranges, comma-separated; loopback, linklocal and uniquelocal stand for theirs",
  ),
  retentionEvents: rule(
    integer(1, Number.MAX_SAFE_INTEGER).default(1_000_000),
    "a number of events, 1 or more",
  ),
  firstWordSeconds: rule(seconds.default(10), SECONDS),
  silentSeconds: rule(seconds.default(1800), SECONDS),
  limitCallbacksPerDispatch: rule(limit.default(100), LIMIT),
  limitCallbacksPerAddress: rule(limit.optional(), LIMIT),
  limitOpenPermissions: rule(limit.default(32), LIMIT),
  limitLateCallbacks: rule(limit.default(100), LIMIT),
  limitArtifacts: rule(limit.default(1000), LIMIT),
  limitArtifactMib: rule(integer(1, 10_240).default(100), "a whole number from 1 to 10240"),
  limitArtifactsTotalMib: rule(limit.default(10_240), LIMIT),
  limitConnectionsPerAddress: rule(limit.optional(), LIMIT),
  limitStreamsPerAddress: rule(limit.optional(), LIMIT),
  limitStreamFilters: rule(limit.default(10_000), LIMIT),
  deliveryDays: rule(integer(0, 365).default(7), "a whole number of days from 0 to 365"),
  refusedBodies: rule(flag.default(true), "true or false"),
  allowPrivateWebhooks: rule(flag.default(false), "true or false"),
  smtpUrl: secretRule(
    z.string().refine(isSmtpUrl).optional(),
    "an smtps:// or smtp:// URL, such as smtps://user:password@smtp.example.com (a character of the password that means something in a URL is written in percent encoding), with nothing behind the port but ?tls=off",
  ),
  mailFrom: rule(z.email().optional(), "an e-mail address, such as mission-control@example.com"),
  logLevel: rule(z.enum(LOG_LEVELS).default("warn"), `one of ${LOG_LEVELS.join(", ")}`),
} satisfies Record<SettingName, Rule>;

/** All settings, checked. Absent: `publicUrl`, `token` and `webhookSecrets` where the server makes its own. */
export type Settings = {
  [Name in SettingName]: z.output<(typeof RULES)[Name]["schema"]>;
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

/** Where settings are read from. */
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
  return Object.fromEntries(values) as Settings;
}

/** The address of a server on this machine, for a browser or an agent here. */
export function localUrl(host: string, port: number): string {
  // Nobody can connect to "any address"; the loopback one is always among them.
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

function check(name: SettingName, given: Given | null): unknown {
  const { schema, expected, secret }: Rule = RULES[name];
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

function isNatsUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !["nats:", "tls:"].includes(url.protocol) || url.hostname === "") return false;
  return ["", "/"].includes(url.pathname) && !url.search && !url.hash;
}

/** An address, a CIDR range (RFC 4632, RFC 4291), or a name for one that the server knows. */
function isProxy(text: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(text)) return true;
  const [address = "", bits, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || address.includes("%") || more.length > 0) return false;
  if (bits === undefined) return true;
  return /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}

function isSmtpUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url || !["smtp:", "smtps:"].includes(url.protocol) || url.hostname === "" || url.hash) return false;
  if (!["", "/"].includes(url.pathname)) return false;
  return url.search === "" || (url.protocol === "smtp:" && url.search === "?tls=off");
}

function expandHome(folder: string): string {
  return resolve(folder === "~" || folder.startsWith("~/") ? join(homedir(), folder.slice(1)) : folder);
}
