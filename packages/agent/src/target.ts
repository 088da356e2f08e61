import { ConfigurationError } from "./errors.ts";
import { SECRET_RULE, secretKey } from "./signing.ts";
import type { Dispatch } from "./wire.ts";

/** Where callbacks go and how they are signed. */
export interface Target {
  url: string;
  /** `whsec_…` */
  secret: string;
}

/** Whom a reporter speaks for and to. What is missing is taken from `dispatch`, then from the environment. */
export interface IdentityOptions {
  /** The payload the agent was handed. */
  dispatch?: Dispatch | undefined;
  /** Callback URL, or `MISSION_CONTROL_CALLBACK_URL`. */
  url?: string | undefined;
  /** `whsec_…`, or `MISSION_CONTROL_CALLBACK_SECRET`. */
  secret?: string | undefined;
  /** Or `MISSION_CONTROL_TASK_ID`. */
  taskId?: string | undefined;
  /** Or `MISSION_CONTROL_AGENT_ID`. */
  agentId?: string | undefined;
  dispatchId?: string | undefined;
  env?: NodeJS.ProcessEnv | undefined;
}

/** Who reports about what, and where to. */
export interface Identity {
  target: Target;
  taskId: string;
  agentId: string;
  dispatchId: string | undefined;
}

const PREFIX = "MISSION_CONTROL_";
const CALLBACK_PATH = /\/api\/webhooks\/callback(\/[^/]*)?\/?$/;

/** The address of the server that a callback URL is of, which may end in a path. */
export function serverOf(url: string): string {
  const { origin, pathname } = new URL(url);
  const end = pathname.search(CALLBACK_PATH);
  return end < 0 ? origin : origin + pathname.slice(0, end);
}

/** @throws ConfigurationError naming the setting that is missing or wrong */
export function resolveIdentity(options: IdentityOptions): Identity {
  const { dispatch, env = process.env } = options;
  const pick = (option: string | undefined, fromDispatch: string | undefined, ...names: string[]) =>
    option || fromDispatch || names.map((name) => env[PREFIX + name]).find((value) => value) || "";

  const url = pick(options.url, dispatch?.callback.url, "CALLBACK_URL");
  const secret = pick(options.secret, dispatch?.callback.secret, "CALLBACK_SECRET", "SECRET");
  const taskId = pick(options.taskId, dispatch?.task.id, "TASK_ID", "CALLBACK_TASK_ID");
  const agentId = pick(options.agentId, dispatch?.agent.id, "AGENT_ID", "CALLBACK_AGENT_ID");

  need(url, "callback URL", "CALLBACK_URL");
  need(secret, "callback secret", "CALLBACK_SECRET");
  need(taskId, "task id", "TASK_ID");
  need(agentId, "agent id", "AGENT_ID");
  checkUrl(url);
  checkSecret(secret);
  const dispatchId = options.dispatchId ?? dispatch?.dispatchId ?? (env[`${PREFIX}DISPATCH_ID`] || undefined);
  return { target: { url, secret }, taskId, agentId, dispatchId };
}

function need(value: string, what: string, name: string): void {
  if (!value)
    throw new ConfigurationError(`The ${what} is missing: set ${PREFIX}${name} or give it as an option.`);
}

function checkUrl(url: string): void {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return;
  throw new ConfigurationError(`The callback URL "${url}" is not an http or https URL.`);
}

function checkSecret(secret: string): void {
  try {
    secretKey(secret);
  } catch {
    throw new ConfigurationError(`The callback secret must be ${SECRET_RULE}.`);
  }
}
