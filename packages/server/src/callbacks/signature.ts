import { createSecretKey, type KeyObject } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import {
  deriveDispatchSecret,
  SIMPLE_SIGNATURE_HEADER,
  type SigningKey,
  STANDARD_HEADERS,
  signingKey,
  TIMESTAMP_TOLERANCE_SECONDS,
  verifySimple,
  verifyStandard,
} from "@mission-control/protocol";

const CACHED_DISPATCHES = 4096;

interface Keys {
  /** For the simple scheme: the secrets as configured or derived, or key objects of that text. */
  secrets: readonly (string | KeyObject)[];
  /** For Standard Webhooks. */
  keys: readonly KeyObject[];
}

/**
 * A delivery whose raw bytes were signed by somebody who knows the secret. `id` and `timestamp` (Unix seconds)
 * are set where the scheme signs them; with the simple one they stand in the body.
 */
export type Verified = { scheme: "standard"; id: string; timestamp: number } | { scheme: "simple" };

/** Checks callbacks' signatures: with a dispatch's own derived secret, or with the shared ones. */
export class SignatureVerifier {
  readonly #serverKey: SigningKey;
  readonly #shared: Keys;
  readonly #derived = new Map<string, Keys>();

  constructor(options: { serverKey: SigningKey; sharedSecrets: readonly string[] }) {
    this.#serverKey = options.serverKey;
    const secrets = options.sharedSecrets.map((secret) => createSecretKey(secret, "utf8"));
    this.#shared = { secrets, keys: options.sharedSecrets.map(signingKey) };
  }

  /**
   * @param dispatchId the dispatch in the URL; null on the shared URL
   * @param now Unix seconds
   * @returns null when the signature is missing, malformed or wrong, or its timestamp outside the window
   */
  verify(
    headers: IncomingHttpHeaders,
    body: Uint8Array,
    dispatchId: string | null,
    now: number,
  ): Verified | null {
    const { secrets, keys } = dispatchId === null ? this.#shared : this.#keysOfDispatch(dispatchId);
    const signature = header(headers, STANDARD_HEADERS.signature);
    if (signature === undefined) {
      return verifySimple(secrets, header(headers, SIMPLE_SIGNATURE_HEADER), body)
        ? { scheme: "simple" }
        : null;
    }
    const id = header(headers, STANDARD_HEADERS.id);
    const timestamp = header(headers, STANDARD_HEADERS.timestamp);
    if (id === undefined || !verifyStandard(keys, { id, timestamp, signature, body }, now)) return null;
    return { scheme: "standard", id, timestamp: Number(timestamp) };
  }

  /**
   * What is wrong with a delivery's signature, for the operator alone: a sender is given no hint which.
   * @returns null when nothing is
   */
  fault(
    headers: IncomingHttpHeaders,
    body: Uint8Array,
    dispatchId: string | null,
    now: number,
  ): string | null {
    if (this.verify(headers, body, dispatchId, now)) return null;
    const signature = header(headers, STANDARD_HEADERS.signature);
    if (signature === undefined && header(headers, SIMPLE_SIGNATURE_HEADER) === undefined) {
      return "It has no signature: neither webhook-signature nor X-Signature-SHA256.";
    }
    if (signature !== undefined) {
      if (header(headers, STANDARD_HEADERS.id) === undefined) return "It has no webhook-id.";
      const timestamp = header(headers, STANDARD_HEADERS.timestamp);
      if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) {
        return "It has no webhook-timestamp in whole seconds since 1970.";
      }
      const offBy = Number(timestamp) - now;
      if (this.verify(headers, body, dispatchId, Number(timestamp))) {
        return `Its signature is good, but its webhook-timestamp is ${Math.abs(offBy)} s ${offBy < 0 ? "behind" : "ahead of"} this server's clock; ${TIMESTAMP_TOLERANCE_SECONDS} s are allowed.`;
      }
    }
    if (dispatchId !== null && this.verify(headers, body, null, now)) {
      return "It is signed with a shared secret, but its URL is a dispatch's own: sign it with the secret of that dispatch.";
    }
    return dispatchId === null
      ? "Its signature is not one by a shared secret over the bytes that came."
      : "Its signature is not one by the dispatch's secret over the bytes that came.";
  }

  /** Whether a dispatch's own secret signed a text that stands for a body which is not read yet. */
  verifyText(signature: string | string[] | undefined, text: string, dispatchId: string): boolean {
    return (
      typeof signature === "string" && verifySimple(this.#keysOfDispatch(dispatchId).secrets, signature, text)
    );
  }

  #keysOfDispatch(dispatchId: string): Keys {
    const known = this.#derived.get(dispatchId);
    if (known) return known;
    const secret = deriveDispatchSecret(this.#serverKey, dispatchId);
    const keys = { secrets: [secret], keys: [signingKey(secret)] };
    if (this.#derived.size >= CACHED_DISPATCHES) this.#derived.clear();
    this.#derived.set(dispatchId, keys);
    return keys;
  }
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
