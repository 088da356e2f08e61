import { randomBytes } from "node:crypto";

/** Crockford's base 32: digits and capitals without I, L, O and U, in the order of their values. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

/**
 * A new opaque id: the prefix, `_`, and 26 characters that sort by time, to the millisecond (the ULID layout:
 * 48 bits of time, 80 random bits).
 * @param now Unix milliseconds
 * @see https://github.com/ulid/spec
 */
export function newId(prefix: string, now = Date.now()): string {
  let id = "";
  for (let rest = now, place = 0; place < TIME_CHARACTERS; place++, rest = Math.floor(rest / 32)) {
    id = ALPHABET.charAt(rest % 32) + id;
  }
  // 256 is a multiple of 32: the low five bits of a random byte are as random as the byte.
  for (const byte of randomBytes(RANDOM_CHARACTERS)) id += ALPHABET.charAt(byte & 31);
  return `${prefix}_${id}`;
}
