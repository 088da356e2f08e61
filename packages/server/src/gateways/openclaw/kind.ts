import { createGatewaySchema } from "@mission-control/protocol";
import type { ConnectedKind } from "../gateway-kind.ts";
import { shownUrl } from "./gateway-url.ts";
import { OpenClawGateway } from "./openclaw-gateway.ts";
import { testConnection } from "./test-connection.ts";
import { reportingInstructions, turnMessage } from "./turn-message.ts";

/** OpenClaw Gateways, over their WebSocket. */
export const openclawKind: ConnectedKind = {
  kind: "openclaw",
  configSchema: createGatewaySchema,
  open: ({ id, url, token }, { identityDir, listener, logger, answersApprovals }) =>
    new OpenClawGateway({ id, url, token, identityDir, listener, logger, answersApprovals }),
  shownUrl,
  turn: (payload) => ({
    message: turnMessage(payload),
    extraSystemPrompt: reportingInstructions(payload),
  }),
  test: ({ url, token }, { identityDir }, signal) => testConnection({ url, token, identityDir }, signal),
};
