import type { GatewayTest } from "@mission-control/protocol";
import { listAgents } from "./agents.ts";
import { connectToGateway } from "./connecting.ts";
import { DeviceIdentity } from "./device-identity.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import { ConnectError } from "./gateway-errors.ts";
import { CLIENT_VERSION } from "./openclaw-gateway.ts";

export interface ConnectionTestOptions {
  url: string;
  token?: string | undefined;
  identityDir: string;
}

/** Connects once, asks for the agents, and disconnects. Keeps nothing; never throws for what a gateway does. */
export async function testConnection(
  { url, token, identityDir }: ConnectionTestOptions,
  signal: AbortSignal,
): Promise<GatewayTest> {
  const identity = DeviceIdentity.open(identityDir);
  const deviceId = identity.id;
  const began = performance.now();
  const elapsed = () => Math.round(performance.now() - began);
  let connection: GatewayConnection | undefined;
  try {
    const options = { url, token, identity, clientVersion: CLIENT_VERSION, onEvent() {}, onGap() {} };
    ({ connection } = await connectToGateway(options, signal));
    const agents = await listAgents(connection, signal);
    const { protocol, version } = connection.hello;
    return {
      ok: true,
      state: "connected",
      deviceId,
      protocol,
      version,
      elapsedMs: elapsed(),
      agents,
      error: null,
    };
  } catch (error) {
    signal.throwIfAborted();
    const unapproved = error instanceof ConnectError && error.code === "pairing_required";
    return {
      ok: false,
      state: unapproved ? "pairing_required" : "disconnected",
      deviceId,
      protocol: null,
      version: null,
      elapsedMs: elapsed(),
      agents: [],
      error: error instanceof Error ? error.message : String(error),
    };
  } finally {
    await connection?.close();
  }
}
