import { type AuthMethod, RequestError } from "@agentclientprotocol/sdk";
import { errorWords } from "../error-words.ts";
import { AgentRefusedError, RunFailedError } from "../program.ts";

/** The protocol's code for "log in first". @see https://agentclientprotocol.com/protocol/v1/schema#errorcode */
const AUTH_REQUIRED = -32000;

/**
 * An agent's error answer, in words. Its `message` is often no more than "Internal error"; what happened is in `data`,
 * whose shape is each agent's own (seen: `{details}` of Claude Code).
 * @param agent its name
 * @param error any error; what is no answer of the agent is returned as it is
 * @param authMethods the ways to log in that it names
 */
export function requestFailure(
  agent: string,
  error: unknown,
  authMethods: readonly AuthMethod[] | undefined,
): unknown {
  if (!(error instanceof RequestError)) return error;
  const message = (errorWords(error.message) ?? "").replace(/\.$/, "");
  const details =
    errorWords(error.data) ?? (message === "Internal error" ? JSON.stringify(error.data) : undefined);
  const reason = details && details !== message ? `${message}: ${details}` : message;
  const words = `${agent} answered with an error: ${withStop(reason)}`;
  return error.code === AUTH_REQUIRED
    ? new AgentRefusedError(`${words} ${logIn(authMethods ?? [])}`, { cause: error })
    : new RunFailedError(words, { cause: error });
}

function logIn(methods: readonly AuthMethod[]): string {
  const advice = "Log in to it on the runner's machine, as its user, then try again";
  if (methods.length === 0) return `${advice}.`;
  const named = methods.map(({ id, name, description }) => `${id} (${description || name})`);
  return `${advice}; or start the runner with --auth-method and one of: ${named.join(", ")}.`;
}

function withStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
