import { RequestError } from "@agentclientprotocol/sdk";
import { RunFailedError } from "../program.ts";

/** The protocol's code for "log in first". @see https://agentclientprotocol.com/protocol/v1/schema#errorcode */
const AUTH_REQUIRED = -32000;

/**
 * An agent's error answer, in words. Its `message` is often no more than "Internal error"; what happened is in `data`,
 * whose shape is each agent's own (seen: `{details}` of Claude Code).
 * @param agent its name
 * @param error any error; what is no answer of the agent is returned as it is
 */
export function requestFailure(agent: string, error: unknown): unknown {
  if (!(error instanceof RequestError)) return error;
  const message = error.message.replace(/\.$/, "");
  const details =
    detailsOf(error.data) ?? (message === "Internal error" ? JSON.stringify(error.data) : undefined);
  const reason = details && details !== message ? `${message}: ${details}` : message;
  const hint = error.code === AUTH_REQUIRED ? " Log in to it on the runner's machine, then try again." : "";
  return new RunFailedError(`${agent} answered with an error: ${withStop(reason)}${hint}`, { cause: error });
}

function detailsOf(data: unknown): string | undefined {
  if (typeof data === "string") return data.trim() || undefined;
  if (typeof data !== "object" || data === null) return undefined;
  const { details, message, error } = data as { details?: unknown; message?: unknown; error?: unknown };
  return detailsOf(details) ?? detailsOf(message) ?? detailsOf(error);
}

function withStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
