/** Bytes of a key: enough that two forms never have the same one. */
const LENGTH = 16;

/**
 * A new key for the `Idempotency-Key` header: 32 random hexadecimal digits. Made without `crypto.randomUUID`, which a
 * browser has only on https and on this very machine; `getRandomValues` is there on every page.
 */
export function newIdempotencyKey(source: Pick<Crypto, "getRandomValues"> = crypto): string {
  const bytes = source.getRandomValues(new Uint8Array(LENGTH));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
