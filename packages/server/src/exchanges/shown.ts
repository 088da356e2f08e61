import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { FifoMap } from "toad-cache";

/** Stands for what is not shown. */
export const HIDDEN = "***";

/** So much of a body is kept, in bytes. */
const MAX_BODY_BYTES = 4096;
const MAX_HEADERS = 40;
/** Of a header's value, in UTF-16 units. */
const MAX_VALUE = 300;

/** Headers whose values prove who somebody is, by what is in their names. */
const MAY_BE_SECRET = /auth|cookie|signature|secret|token|key|password|credential/;

interface ShownHeader {
  shownName: string;
  isHidden: boolean;
}

const HEADERS = new FifoMap<ShownHeader>(256);

/** Headers as they are kept and shown: bounded, and without what may be secret. */
export function shownHeaders(headers: IncomingHttpHeaders | OutgoingHttpHeaders): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const name of Object.keys(headers).slice(0, MAX_HEADERS)) {
    const value = headers[name];
    if (value === undefined) continue;
    const text = Array.isArray(value) ? value.join(", ") : String(value);
    const { shownName, isHidden } = headerOf(name);
    shown[shownName] = isHidden ? HIDDEN : cut(text);
  }
  return shown;
}

/** What is done with a header; the same few come again and again. */
function headerOf(name: string): ShownHeader {
  const known = HEADERS.get(name);
  if (known) return known;
  const lowerCase = name.toLowerCase();
  const header = { shownName: cut(lowerCase), isHidden: MAY_BE_SECRET.test(lowerCase) };
  HEADERS.set(name, header);
  return header;
}

function cut(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}

/**
 * The beginning of a body as text.
 * @param secret what stands in it and must not be shown; it may not be longer than a few hundred characters
 */
export function shownBody(body: string | Uint8Array, secret?: string): string {
  // A secret that begins before the end is whole in what is looked at.
  const ahead = MAX_BODY_BYTES + (secret?.length ?? 0);
  const text =
    typeof body === "string"
      ? body.slice(0, ahead)
      : Buffer.from(body.subarray(0, MAX_BODY_BYTES)).toString();
  const hidden = secret ? text.replaceAll(secret, HIDDEN) : text;
  // No character takes more than three bytes of UTF-8 for each of its UTF-16 units.
  if (hidden.length * 3 <= MAX_BODY_BYTES || Buffer.byteLength(hidden) <= MAX_BODY_BYTES) return hidden;
  // A character that is cut in two is left out.
  return new TextDecoder().decode(Buffer.from(hidden).subarray(0, MAX_BODY_BYTES), { stream: true });
}
