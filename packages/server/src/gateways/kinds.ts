import type { GatewayKind } from "./gateway-kind.ts";
import { httpKind } from "./http/kind.ts";
import { openclawKind } from "./openclaw/kind.ts";

/** Every kind of gateway: a folder each, and its line here. */
export const GATEWAY_KINDS: readonly GatewayKind[] = [openclawKind, httpKind];
