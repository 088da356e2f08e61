import { randomUUID } from "node:crypto";
import type { JsonObject } from "@mission-control/protocol";
import type { DeviceIdentity } from "./device-identity.ts";
import type { DeviceTokenSlot } from "./device-tokens.ts";
import { asNumber, asObject, asText } from "./frames.ts";
import { ConnectError } from "./gateway-errors.ts";

/** Who this client says it is. The names are the gateway's own for a server-side client. */
const CLIENT = { id: "gateway-client", mode: "backend", displayName: "Mission Control" } as const;
const ROLE = "operator";
/** Without these, nothing works. */
const NEEDED_SCOPES = ["operator.read", "operator.write"] as const;
/**
 * With this one, the commands of a turn that the gateway lets a human approve (`tools.exec.mode: "ask"`) reach its
 * reviewers; without it, each fails with `missing scope`. It does not make this client a reviewer: the gateway asks only
 * clients that say they show approvals (the capability `approvals` or `exec-approvals`), and of those, about a turn
 * that was begun by `agent`, only ones with {@link REVIEWER_SCOPE}. About a turn begun by `chat.send` it asks the device
 * that sent it, too; but that has no `extraSystemPrompt`. Found by experiment with openclaw 2026.9.6, and held by
 * `test/openclaw/approvals.test.ts`.
 */
const APPROVALS_SCOPE = "operator.approvals";
/** With this one and the capability, a client is asked; it may then do anything else on the gateway as well. */
export const REVIEWER_SCOPE = "operator.admin";
/** With this one, this client gets what agents ask people to decide (`question.*`), and may answer it. */
export const QUESTIONS_SCOPE = "operator.questions";
const REVIEWER_CAPABILITY = "exec-approvals";
const DEFAULT_TICK_MS = 30_000;
/** Silence is noticed within some of these, whatever a gateway says; no timer takes more than 2^31 - 1 milliseconds. */
const LONGEST_TICK_MS = 10 * 60_000;
const DEFAULT_MAX_PAYLOAD_BYTES = 25 * 1024 * 1024;

/** What a connection proves itself with. */
export interface Credentials {
  /** The gateway's shared token. */
  token?: string | undefined;
  identity?: DeviceIdentity | undefined;
  /** Where the device's own token is kept; without it, none is used and none is kept. */
  deviceToken?: DeviceTokenSlot | undefined;
  /** Whether to be asked what the gateway wants approved; default false. */
  answersApprovals?: boolean | undefined;
  /** This program's version. */
  clientVersion: string;
}

/** What one try to connect asks for. */
export interface Offer {
  /** The one protocol version that is spoken. */
  protocol: 3 | 4;
  /** Whether {@link APPROVALS_SCOPE} is asked for. */
  approvals: boolean;
  /** Whether {@link QUESTIONS_SCOPE} is, to answer what agents ask. */
  questions: boolean;
  /** Whether {@link REVIEWER_SCOPE} is, to answer approvals. */
  reviewer: boolean;
}

/** What the gateway says of itself in `hello-ok`. */
export interface Hello {
  protocol: number;
  version: string | null;
  /** Another one after each start of the gateway; of each connection, where the gateway does not say. */
  bootId: string;
  /** What this connection may do. */
  scopes: readonly string[];
  /** How often it sends a sign of life, in milliseconds; above 0, and at most ten minutes. */
  tickIntervalMs: number;
  /** The largest frame it takes, in bytes. */
  maxPayloadBytes: number;
}

/**
 * The parameters of `connect`, in answer to the gateway's challenge. The gateway tries `auth.token` first and then
 * `auth.deviceToken`, so that either one of them may have become invalid.
 */
export function connectParams(credentials: Credentials, offer: Offer, challenge: JsonObject): JsonObject {
  const { identity, clientVersion, token } = credentials;
  const deviceToken = credentials.deviceToken?.read();
  const scopes: string[] = [...NEEDED_SCOPES];
  if (offer.approvals) scopes.push(APPROVALS_SCOPE);
  if (offer.questions) scopes.push(QUESTIONS_SCOPE);
  if (offer.reviewer) scopes.push(REVIEWER_SCOPE);
  const params: JsonObject = {
    minProtocol: offer.protocol,
    maxProtocol: offer.protocol,
    client: { ...CLIENT, version: clientVersion, platform: process.platform },
    role: ROLE,
    scopes,
    caps: offer.reviewer ? ["tool-events", REVIEWER_CAPABILITY] : ["tool-events"],
  };
  if (token || deviceToken) params.auth = { ...(token && { token }), ...(deviceToken && { deviceToken }) };
  if (identity) {
    const nonce = asText(challenge.nonce) ?? "";
    const signedAt = asNumber(challenge.ts) ?? Date.now();
    const signature = identity.sign({
      clientId: CLIENT.id,
      clientMode: CLIENT.mode,
      role: ROLE,
      scopes,
      signedAt,
      token: token || deviceToken || "",
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
export function readHello(payload: JsonObject, { deviceToken, identity }: Credentials): Hello {
  const auth = asObject(payload.auth);
  const granted = Array.isArray(auth.scopes)
    ? auth.scopes.filter((scope) => typeof scope === "string")
    : null;
  const missing = granted ? NEEDED_SCOPES.filter((scope) => !granted.includes(scope)) : [];
  if (missing.length > 0) {
    throw new ConnectError(
      "connect_failed",
      `The gateway let this client in, but not with the scope ${missing.join(" and ")}: set the gateway's token, or give this device the scopes on the gateway's machine with "openclaw devices rotate --device ${identity?.id ?? "<deviceId>"} --role operator --scope operator.read --scope operator.write".`,
    );
  }
  const given = asText(auth.deviceToken);
  if (given) deviceToken?.keep(given);
  const server = asObject(payload.server);
  const policy = asObject(payload.policy);
  return {
    protocol: asNumber(payload.protocol) ?? 0,
    version: asText(server.version) ?? null,
    bootId: asText(server.bootId) ?? randomUUID(),
    scopes: granted ?? [...NEEDED_SCOPES],
    tickIntervalMs: tickIntervalOf(policy),
    maxPayloadBytes: asNumber(policy.maxPayload) ?? DEFAULT_MAX_PAYLOAD_BYTES,
  };
}

function tickIntervalOf(policy: JsonObject): number {
  const tickMs = asNumber(policy.tickIntervalMs) ?? 0;
  return tickMs > 0 ? Math.min(tickMs, LONGEST_TICK_MS) : DEFAULT_TICK_MS;
}
