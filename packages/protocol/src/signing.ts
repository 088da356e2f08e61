import { createHmac, createSecretKey, type Hmac, type KeyObject, timingSafeEqual } from "node:crypto";

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
 * (docs/contract.md, section 3). It names the ids in the request's path, which the signature does not cover: a receiver
 * refuses an id that is not its path's, so that what was captured is good for nothing else.
 */
export const agentRequestId = {
  cancel: (dispatchId: string): string => `${dispatchId}.cancel`,
  permission: (dispatchId: string, requestId: string): string => `${dispatchId}.permission.${requestId}`,
  message: (dispatchId: string, messageId: string): string => `${dispatchId}.message.${messageId}`,
  probe: (agentId: string): string => `${agentId}.probe`,
} as const;

const SECRET_PREFIX = "whsec_";
const SHA256_BYTES = 32;
const MIN_KEY_BYTES = 24;
const MIN_PASSPHRASE_CHARACTERS = 24;

/** A key to sign with. Who signs many messages with it keeps the key object: making one costs as much as signing. */
export type SigningKey = Uint8Array | KeyObject;

/** A secret that cannot be used as a signing key. */
export class InvalidSecretError extends Error {
  readonly code = "invalid_secret";
  override name = "InvalidSecretError";
}

/** What a secret has to be, to complete "… must be". */
export const SECRET_RULE =
  "base64 of at least 24 bytes, with or without whsec_ before it, or a passphrase of at least 24 characters";

/**
 * The key bytes of a secret: what the base64 after `whsec_` stands for (the prefix may be missing), or the UTF-8 bytes
 * of a passphrase. Base64 is believed only where it is written as an encoder writes it: a decoder that passes over
 * what it does not know would make a key of three bytes from a sentence in Cyrillic.
 * @throws InvalidSecretError when it is neither, or weak enough to be found by trying: 24 bytes is the least that
 *   Standard Webhooks allows ("Signature scheme").
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function secretKey(secret: string): Buffer {
  const isPrefixed = secret.startsWith(SECRET_PREFIX);
  const encoded = isPrefixed ? secret.slice(SECRET_PREFIX.length) : secret;
  const key = Buffer.from(encoded, "base64");
  if (key.length >= MIN_KEY_BYTES && key.toString("base64") === encoded) return key;
  if (!isPrefixed && [...secret].length >= MIN_PASSPHRASE_CHARACTERS) return Buffer.from(secret, "utf8");
  throw new InvalidSecretError(`The secret must be ${SECRET_RULE}.`);
}

/** The key object of a secret. @throws InvalidSecretError as {@link secretKey} does */
export function signingKey(secret: string): KeyObject {
  return createSecretKey(secretKey(secret));
}

/** Writes key bytes as a Standard Webhooks secret: `whsec_` + base64. */
export function formatSecret(key: Uint8Array): string {
  return SECRET_PREFIX + Buffer.from(key).toString("base64");
}

/** HMAC-SHA256, by a key object: Node spends four times the digest on looking at bare bytes. */
function keyed(key: SigningKey): Hmac {
  return createHmac("sha256", ArrayBuffer.isView(key) ? createSecretKey(key) : key);
}

/**
 * The callback secret of one dispatch, derived and never stored:
 * `whsec_` + base64 of HMAC-SHA256(server key, "callback:" + dispatchId).
 */
export function deriveDispatchSecret(serverKey: SigningKey, dispatchId: string): string {
  return formatSecret(keyed(serverKey).update(`callback:${dispatchId}`).digest());
}

/** What {@link signStandard} signs. `timestamp` is in Unix seconds. */
export interface StandardMessage {
  id: string;
  timestamp: number;
  body: string | Uint8Array;
}

function standardDigest(key: SigningKey, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return keyed(key).update(`${id}.${timestamp}.`).update(body).digest();
}

/** One `v1,<base64>` signature over `id.timestamp.body` (Standard Webhooks, "Signature scheme"). */
export function signStandard(secret: string | KeyObject, message: StandardMessage): string {
  const key = typeof secret === "string" ? secretKey(secret) : secret;
  const digest = standardDigest(key, message.id, String(message.timestamp), message.body);
  return `v1,${digest.toString("base64")}`;
}

/** The three headers of a Standard Webhooks request, ready to send. */
export function standardHeaders(
  secret: string | KeyObject,
  message: StandardMessage,
): Record<string, string> {
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
 * @param keys as {@link secretKey} or {@link signingKey} returns them
 * @param now the verifier's clock in Unix seconds
 * @returns whether any `v1` signature matches any key and the timestamp is inside the window
 */
export function verifyStandard(
  keys: readonly SigningKey[],
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

/**
 * What the upload of an artifact is signed over, in place of its body: the signature is looked at before any of that
 * is read. Checked as {@link verifySimple} does, with the secret of the dispatch alone.
 * @param name as it is, not as the URL encodes it
 * @param digest the value of `Content-Digest` or, where the body is not the whole, of `Repr-Digest` (RFC 9530)
 * @param contentRange the value of `Content-Range`, where the upload goes on with it (RFC 9110, section 14.5)
 */
export function uploadText(dispatchId: string, name: string, digest: string, contentRange?: string): string {
  const whole = `${dispatchId}\n${name}\n${digest}`;
  return contentRange === undefined ? whole : `${whole}\n${contentRange}`;
}

/** Where an upload goes on, in bytes of the whole; both ends included. */
export interface ContentRange {
  first: number;
  last: number;
  size: number;
}

/** A `Content-Range` that tells the whole's size (RFC 9110, section 14.4); null for anything else. */
export function parseContentRange(value: string): ContentRange | null {
  const [, ...numbers] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(value) ?? [];
  const [first = 0, last = -1, size = 0] = numbers.map(Number);
  return first <= last && last < size ? { first, last, size } : null;
}

/** How far an upload has come, in bytes (draft-ietf-httpbis-resumable-upload, "Upload-Offset"). */
export const UPLOAD_OFFSET_HEADER = "upload-offset";

/** The `Content-Digest` of a body (RFC 9530). @param sha256 its SHA-256 */
export function contentDigest(sha256: Uint8Array): string {
  return `sha-256=:${Buffer.from(sha256).toString("base64")}:`;
}

/**
 * The SHA-256 that a `Content-Digest` tells, in hexadecimal, whatever other digests stand beside it; null where it
 * tells none, or several.
 */
export function sha256Of(header: string): string | null {
  const found = header.split(",").filter((member) => /^\s*sha-256=/.test(member));
  const [, base64 = ""] = /^\s*sha-256=:([A-Za-z0-9+/=]*):\s*(;.*)?$/.exec(found[0] ?? "") ?? [];
  const digest = Buffer.from(base64, "base64");
  if (found.length !== 1 || digest.length !== SHA256_BYTES || digest.toString("base64") !== base64)
    return null;
  return digest.toString("hex");
}

/** Checks an `X-Signature-SHA256` value in constant time against several secrets, or key objects of their UTF-8 bytes. */
export function verifySimple(
  secrets: readonly (string | KeyObject)[],
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
