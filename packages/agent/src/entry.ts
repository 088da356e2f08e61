import { MAX_ENTRY_TEXT_BYTES, shortened } from "./entry-text.ts";
import type { Entry } from "./wire.ts";

/** Texts of an entry are not shortened below this, in bytes. Above what an id may have. */
const LEAST_TEXT_BYTES = 1024;

/**
 * An entry whose texts are as short as the contract asks, or shorter until it takes so many bytes of JSON. What no
 * shortening of texts makes small enough, an input of thousands of fields, becomes text itself.
 */
export function fitEntry(entry: Entry, maxBytes: number): Entry {
  for (let limit = MAX_ENTRY_TEXT_BYTES; limit >= LEAST_TEXT_BYTES; limit /= 2) {
    const fitted = withShortTexts(entry, limit) as Entry;
    if (bytesOf(fitted) <= maxBytes) return fitted;
  }
  const flat = Object.entries(entry).map(([name, value]) => [name, isNested(value) ? textOf(value) : value]);
  return withShortTexts(Object.fromEntries(flat), LEAST_TEXT_BYTES) as Entry;
}

function withShortTexts(value: unknown, limit: number): unknown {
  if (typeof value === "string") return shortened(value, limit);
  if (!isNested(value)) return value;
  if (Array.isArray(value)) return value.map((item) => withShortTexts(item, limit));
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, withShortTexts(field, limit)]),
  );
}

/** The JSON of an object; of a plan's steps, how many there are. */
function textOf(value: object): unknown {
  if (Array.isArray(value)) return [{ title: `${value.length} steps, too many to report` }];
  return JSON.stringify(value);
}

function isNested(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
