import { randomFillSync } from "node:crypto";

/** Crockford's base 32: digits and capitals without I, L, O and U, in the order of their values. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;
/** Random bytes fetched at once: asking the system for each id's own costs more than all the rest of it. */
const POOL_BYTES = 256 * RANDOM_CHARACTERS;

const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** The newest id's time, and the values of its random characters. */
let newest = { time: -1, random: new Uint8Array(RANDOM_CHARACTERS) };

/**
 * A new opaque id: the prefix, `_`, and 26 characters that sort by time (the monotonic ULID layout: 48 bits of time,
 * 80 random bits). Ids that one process makes in the same millisecond sort in the order they were made.
 * @param now Unix milliseconds
 * @see https://github.com/ulid/spec
 */
export function newId(prefix: string, now = Date.now()): string {
  const random = (now === newest.time && successor(newest.random)) || randomCharacters();
  newest = { time: now, random };
  let id = idAt(prefix, now);
  for (const value of random) id += ALPHABET.charAt(value);
  return id;
}

/** What every id of a prefix begins with that was made at a time in Unix milliseconds; no such id sorts before it. */
export function idAt(prefix: string, time: number): string {
  let text = "";
  for (
    let rest = Math.max(0, time), place = 0;
    place < TIME_CHARACTERS;
    place++, rest = Math.floor(rest / 32)
  ) {
    text = ALPHABET.charAt(rest % 32) + text;
  }
  return `${prefix}_${text}`;
}

function randomCharacters(): Uint8Array<ArrayBuffer> {
  if (used === POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, used + RANDOM_CHARACTERS);
  used += RANDOM_CHARACTERS;
  // 256 is a multiple of 32: the low five bits of a random byte are as random as the byte.
  return bytes.map((byte) => byte & 31);
}

/** The next higher value; null after the highest. */
function successor(characters: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  const next = characters.slice();
  for (let place = next.length - 1; place >= 0; place--) {
    const value = ((next[place] as number) + 1) % 32;
    next[place] = value;
    if (value !== 0) return next;
  }
  return null;
}
