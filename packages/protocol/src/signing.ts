import { createHmac, createSecretKey, type Hmac, timingSafeEqual } from "node:crypto";

/** Seconds a signed timestamp may differ from the verifier's clock (Standard Webhooks: 5 minutes). */
export const TIMESTAMP_TOLERANCE_SECONDS = 5 * 60;

/** Header names of Standard Webhooks, lower case as Node presents them. */
export const STANDARD_HEADERS = {
  id: "webhook-id",
  timestamp: "webhook-timestamp",
  signature: "webhook-signature",
} as const;

/** Header of the simple scheme: `sha256=<hex>` over the raw body. */
export const SIMPLE_SIGNATURE_HEADER = "x-signature-sha256";

/**
 * The `webhook-id` of each signed request to an HTTP agent beside the dispatch itself, whose id is the dispatch id
 * (contract, section 3). It names the ids in the request's path, which the signature does not cover: a receiver
 * refuses an id that is not its path's, so that what was captured is good for nothing else.
 */
export const agentRequestId = {
  cancel: (dispatchId: string): string => `${dispatchId}.cancel`,
  permission: (dispatchId: string, requestId: string): string => `${dispatchId}.permission.${requestId}`,
  probe: (agentId: string): string => `${agentId}.probe`,
} as const;

const SECRET_PREFIX = "whsec_";
const SHA256_BYTES = 32;

/** A secret that cannot be used as a signing key. */
export class InvalidSecretError extends Error {
  readonly code = "invalid_secret";
  override name = "InvalidSecretError";
}

/**
 * The key bytes of a Standard Webhooks secret: the base64 after `whsec_` (the prefix may be missing).
 * @throws InvalidSecretError when nothing decodable is left.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function secretKey(secret: string): Buffer {
  const encoded = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
  const key = Buffer.from(encoded, "base64");
  if (key.length === 0) throw new InvalidSecretError("The webhook secret holds no base64 key.");
  return key;
}

/** Writes key bytes as a Standard Webhooks secret: `whsec_` + base64. */
export function formatSecret(key: Uint8Array): string {
  return SECRET_PREFIX + Buffer.from(key).toString("base64");
}

/** HMAC-SHA256 with raw key bytes: as a key object, since Node spends four times the digest on looking at bare bytes. */
function keyed(key: Uint8Array): Hmac {
  return createHmac("sha256", createSecretKey(key));
}

/**
 * The callback secret of one dispatch, derived and never stored:
 * `whsec_` + base64 of HMAC-SHA256(server key, "callback:" + dispatchId).
 */
export function deriveDispatchSecret(serverKey: Uint8Array, dispatchId: string): string {
  return formatSecret(keyed(serverKey).update(`callback:${dispatchId}`).digest());
}

/** What {@link signStandard} signs. `timestamp` is in Unix seconds. */
export interface StandardMessage {
  id: string;
  timestamp: number;
  body: string | Uint8Array;
}

function standardDigest(key: Uint8Array, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return keyed(key).update(`${id}.${timestamp}.`).update(body).digest();
}

/** One `v1,<base64>` signature over `id.timestamp.body` (Standard Webhooks, "Signature scheme"). */
export function signStandard(secret: string, message: StandardMessage): string {
  const digest = standardDigest(secretKey(secret), message.id, String(message.timestamp), message.body);
  return `v1,${digest.toString("base64")}`;
}

/** The three headers of a Standard Webhooks request, ready to send. */
export function standardHeaders(secret: string, message: StandardMessage): Record<string, string> {
  return {
    [STANDARD_HEADERS.id]: message.id,
    [STANDARD_HEADERS.timestamp]: String(message.timestamp),
    [STANDARD_HEADERS.signature]: signStandard(secret, message),
  };
}

/** What arrived with a Standard Webhooks request; a header that is missing is `undefined`. */
export interface StandardDelivery {
  id: string | undefined;
  timestamp: string | undefined;
  signature: string | undefined;
  body: string | Uint8Array;
}

/**
 * Checks a Standard Webhooks delivery in constant time against several keys and several signatures.
 * @param keys raw key bytes, as {@link secretKey} returns them
 * @param now the verifier's clock in Unix seconds
 * @returns whether any `v1` signature matches any key and the timestamp is inside the window
 */
export function verifyStandard(
  keys: readonly Uint8Array[],
  delivery: StandardDelivery,
  now: number,
): boolean {
  const { id, timestamp, signature, body } = delivery;
  if (!id || !timestamp || !signature) return false;
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now - Number(timestamp)) > TIMESTAMP_TOLERANCE_SECONDS) return false;
  const candidates: Buffer[] = [];
  for (const entry of signature.split(" ")) {
    if (!entry.startsWith("v1,")) continue;
    const digest = Buffer.from(entry.slice(3), "base64");
    if (digest.length === SHA256_BYTES) candidates.push(digest);
  }
  return matchesAny(keys, candidates, (key) => standardDigest(key, id, timestamp, body));
}

/** `sha256=<hex>` over the raw body, keyed with the secret string as given (UTF-8). */
export function signSimple(secret: string, body: string | Uint8Array): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** Checks an `X-Signature-SHA256` value in constant time against several secrets. */
export function verifySimple(
  secrets: readonly string[],
  signature: string | undefined,
  body: string | Uint8Array,
): boolean {
  if (!signature || !/^sha256=[0-9a-f]{64}$/i.test(signature)) return false;
  const given = Buffer.from(signature.slice("sha256=".length), "hex");
  return matchesAny(secrets, [given], (secret) => createHmac("sha256", secret).update(body).digest());
}

/** Compares every key's digest with every candidate, without leaving early. */
function matchesAny<Key>(
  keys: readonly Key[],
  candidates: readonly Buffer[],
  digestOf: (key: Key) => Buffer,
): boolean {
  let matched = false;
  for (const key of keys) {
    const expected = digestOf(key);
    for (const candidate of candidates) {
      if (timingSafeEqual(expected, candidate)) matched = true;
    }
  }
  return matched;
}
