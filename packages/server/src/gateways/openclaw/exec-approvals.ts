import type { JsonObject, PermissionRequest } from "@mission-control/protocol";
import { AnswerRefusedError, type PermissionAnswer } from "../gateway.ts";
import { asNumber, asObject, asText } from "./frames.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import { RequestRefusedError } from "./gateway-errors.ts";

/** What tells these questions from an agent's own. */
const PREFIX = "openclaw-exec:";
const MAX_TITLE_CHARACTERS = 4096;
const MAX_COMMAND_CHARACTERS = 64 * 1024;

/** The decisions a gateway may allow, as options; what else one names is not offered. */
const OPTIONS: readonly PermissionRequest["options"][number][] = [
  { optionId: "allow-once", name: "Allow once", kind: "allow_once" },
  { optionId: "allow-always", name: "Always allow", kind: "allow_always" },
  { optionId: "deny", name: "Deny", kind: "reject_once" },
];

/** A command that a gateway asks about, and whose it is. */
export interface AskedCommand {
  sessionKey: string;
  request: PermissionRequest;
}

/**
 * Reads what `exec.approval.requested` tells, or an item of `exec.approval.list`; null where it is about no session.
 * @param redact takes what is secret out of a text
 */
export function askedCommand(payload: JsonObject, redact: (text: string) => string): AskedCommand | null {
  const asked = asObject(payload.request);
  const id = asText(payload.id);
  const sessionKey = asText(asked.sessionKey);
  if (id === undefined || sessionKey === undefined) return null;
  const command = redact(asText(asked.command) ?? "a command").slice(0, MAX_COMMAND_CHARACTERS);
  const allowed = Array.isArray(asked.allowedDecisions) ? asked.allowedDecisions : ["allow-once", "deny"];
  const cwd = asText(asked.cwd);
  const expiresAtMs = asNumber(payload.expiresAtMs);
  return {
    sessionKey,
    request: {
      id: requestIdOf(id),
      title: command.slice(0, MAX_TITLE_CHARACTERS),
      options: OPTIONS.filter(({ optionId }) => allowed.includes(optionId)),
      tool: { name: "exec", input: { command, ...(cwd === undefined ? {} : { cwd }) }, state: "pending" },
      ...(expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
    },
  };
}

/** The id under which a command that a gateway asks about is asked here. */
export function requestIdOf(approvalId: string): string {
  return `${PREFIX}${approvalId}`;
}

/** Whether a question is a gateway's, about a command, and not its agent's own. */
export function isOfGateway(requestId: string): boolean {
  return requestId.startsWith(PREFIX);
}

/**
 * Gives a gateway the operator's decision. Asked again after a crash, it tells what was decided.
 * @throws AnswerRefusedError where it was decided otherwise, or is not asked any more; any other error: it could not be
 *   told now
 */
export async function decide(
  connection: GatewayConnection,
  { requestId, optionId = "deny" }: PermissionAnswer,
  signal: AbortSignal,
): Promise<void> {
  const params = { id: requestId.slice(PREFIX.length), kind: "exec", decision: optionId };
  try {
    const { applied, approval } = await connection.request("approval.resolve", params, { signal });
    const { decision, status, reason } = asObject(approval);
    if (applied === true || decision === optionId) return;
    const outcome = [decision ?? status, reason].filter((word) => typeof word === "string").join(", ");
    throw new AnswerRefusedError(
      `The gateway had settled this command already: ${outcome || "it does not say how"}.`,
    );
  } catch (error) {
    if (!(error instanceof RequestRefusedError) || error.retryable) throw error;
    throw new AnswerRefusedError(`The gateway no longer asks about this command: ${error.message}.`);
  }
}
