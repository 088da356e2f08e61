import { randomUUID } from "node:crypto";
import type { JsonObject } from "@mission-control/protocol";
import type { DeviceIdentity } from "./device-identity.ts";
import { asNumber, asObject, asText } from "./frames.ts";
import { ConnectError } from "./gateway-errors.ts";

/** Who this client says it is. The names are the gateway's own for a server-side client. */
const CLIENT = { id: "gateway-client", mode: "backend", displayName: "Mission Control" } as const;
const ROLE = "operator";
const SCOPES = ["operator.read", "operator.write"] as const;
const DEFAULT_TICK_MS = 30_000;

/** What a connection proves itself with. */
export interface Credentials {
  gatewayId: string;
  /** The gateway's shared token. */
  token?: string | undefined;
  identity?: DeviceIdentity | undefined;
  /** This program's version. */
  clientVersion: string;
}

/** What the gateway says of itself in `hello-ok`. */
export interface Hello {
  protocol: number;
  version: string | null;
  /** Another one after each start of the gateway; of each connection, where the gateway does not tell. */
  bootId: string;
  /** How often it sends a sign of life, in milliseconds. */
  tickIntervalMs: number;
}

/**
 * The parameters of `connect`, in answer to the gateway's challenge. A device's own token, once it was given
 * one, takes the place of the shared token.
 */
export function connectParams(credentials: Credentials, challenge: JsonObject): JsonObject {
  const { gatewayId, identity, clientVersion } = credentials;
  const token = identity?.token(gatewayId) ?? credentials.token;
  const params: JsonObject = {
    minProtocol: 3,
    maxProtocol: 4,
    client: { ...CLIENT, version: clientVersion, platform: process.platform },
    role: ROLE,
    scopes: [...SCOPES],
    caps: ["tool-events"],
  };
  if (token) params.auth = { token };
  if (identity) {
    const nonce = asText(challenge.nonce) ?? "";
    const signedAt = asNumber(challenge.ts) ?? Date.now();
    const signature = identity.sign({
      clientId: CLIENT.id,
      clientMode: CLIENT.mode,
      role: ROLE,
      scopes: SCOPES,
      signedAt,
      token: token ?? "",
      nonce,
    });
    params.device = { id: identity.id, publicKey: identity.publicKey, signature, signedAt, nonce };
  }
  return params;
}

/**
 * Reads `hello-ok` and keeps the device token that came with it.
 * @throws ConnectError when the gateway lets this client in without the right to read and write
 */
export function readHello(payload: JsonObject, { gatewayId, identity }: Credentials): Hello {
  const auth = asObject(payload.auth);
  const granted = auth.scopes;
  const missing = Array.isArray(granted) ? SCOPES.filter((scope) => !granted.includes(scope)) : [];
  if (missing.length > 0) {
    throw new ConnectError(
      "connect_failed",
      `The gateway let this client in, but not with the scope ${missing.join(" and ")}: approve the device with it, or set the gateway's token.`,
    );
  }
  const deviceToken = asText(auth.deviceToken);
  if (deviceToken) identity?.keepToken(gatewayId, deviceToken);
  const server = asObject(payload.server);
  return {
    protocol: asNumber(payload.protocol) ?? 0,
    version: asText(server.version) ?? null,
    bootId: asText(server.bootId) ?? randomUUID(),
    tickIntervalMs: asNumber(asObject(payload.policy).tickIntervalMs) ?? DEFAULT_TICK_MS,
  };
}
