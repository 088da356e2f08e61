import type { PermissionRequest } from "@mission-control/protocol";
import { AnswerRefusedError } from "../gateway.ts";
import type { AskingKind } from "./asking.ts";
import { asNumber, asObject, asText } from "./frames.ts";
import { RequestRefusedError } from "./gateway-errors.ts";
import { REVIEWER_SCOPE } from "./handshake.ts";

const PREFIX = "openclaw-exec:";
const MAX_TITLE_CHARACTERS = 4096;
const MAX_COMMAND_CHARACTERS = 64 * 1024;

/** The decisions a gateway may allow, as options; what else one names is not offered. */
const OPTIONS: readonly PermissionRequest["options"][number][] = [
  { optionId: "allow-once", name: "Allow once", kind: "allow_once" },
  { optionId: "allow-always", name: "Always allow", kind: "allow_always" },
  { optionId: "deny", name: "Deny", kind: "reject_once" },
];

/** Whether a command may run (`exec.approval.*`). */
export const execApprovals: AskingKind = {
  prefix: PREFIX,
  requestedEvent: "exec.approval.requested",
  resolvedEvent: "exec.approval.resolved",
  list: { method: "exec.approval.list", field: "items" },
  isGranted: (scopes) => scopes.includes(REVIEWER_SCOPE),

  read(payload, redact) {
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
        id: `${PREFIX}${id}`,
        title: command.slice(0, MAX_TITLE_CHARACTERS),
        options: OPTIONS.filter(({ optionId }) => allowed.includes(optionId)),
        tool: { name: "exec", input: { command, ...(cwd === undefined ? {} : { cwd }) }, state: "pending" },
        ...(expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
      },
    };
  },

  async answer(connection, { requestId, optionId = "deny" }, signal) {
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
  },
};
