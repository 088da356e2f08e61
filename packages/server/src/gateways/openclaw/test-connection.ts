import type { GatewayAgent } from "@mission-control/protocol";
import { listAgents } from "./agents.ts";
import { DeviceIdentity } from "./device-identity.ts";
import { GatewayConnection } from "./gateway-connection.ts";
import { ConnectError } from "./gateway-errors.ts";
import { CLIENT_VERSION } from "./openclaw-gateway.ts";

/** What one try to connect to a gateway found. */
export type ConnectionTest =
  | {
      ok: true;
      deviceId: string;
      protocol: number;
      version: string | null;
      /** Time from the first packet to the agents' list, in milliseconds. */
      elapsedMs: number;
      agents: GatewayAgent[];
    }
  | { ok: false; deviceId: string; state: "disconnected" | "pairing_required"; error: string };

export interface ConnectionTestOptions {
  /** Mission Control's id of the gateway, under which its device token is kept. */
  id: string;
  url: string;
  token?: string | undefined;
  identityDir: string;
}

/** Connects once, asks for the agents, and disconnects; never throws for what a gateway does. */
export async function testConnection(
  { id, url, token, identityDir }: ConnectionTestOptions,
  signal: AbortSignal,
): Promise<ConnectionTest> {
  const identity = DeviceIdentity.open(identityDir);
  const deviceId = identity.id;
  const began = performance.now();
  let connection: GatewayConnection | undefined;
  try {
    connection = await GatewayConnection.open(
      {
        gatewayId: id,
        url,
        token,
        identity,
        clientVersion: CLIENT_VERSION,
        onEvent: () => {},
        onGap: () => {},
      },
      signal,
    );
    const agents = await listAgents(connection, signal);
    const { protocol, version } = connection.hello;
    return { ok: true, deviceId, protocol, version, elapsedMs: performance.now() - began, agents };
  } catch (error) {
    signal.throwIfAborted();
    const unapproved = error instanceof ConnectError && error.code === "pairing_required";
    return {
      ok: false,
      deviceId,
      state: unapproved ? "pairing_required" : "disconnected",
      error: error instanceof Error ? error.message : String(error),
    };
  } finally {
    await connection?.close();
  }
}
