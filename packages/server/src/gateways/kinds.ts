import type { DispatchPayload, Endpoint, SentPayloadView } from "@mission-control/protocol";
import type { GatewayKind } from "./gateway-kind.ts";
import { httpKind } from "./http/kind.ts";
import { openclawKind } from "./openclaw/kind.ts";

/** Every kind of gateway: a folder each, and its line here. */
export const GATEWAY_KINDS: readonly GatewayKind[] = [openclawKind, httpKind];

/** The words in which an agent of a kind gets a payload; undefined where it gets the JSON itself. */
export function turnOf(kind: Endpoint["kind"], payload: DispatchPayload): SentPayloadView["turn"] {
  const found = GATEWAY_KINDS.find((one) => one.kind === kind);
  return found && "turn" in found ? found.turn(payload) : undefined;
}
