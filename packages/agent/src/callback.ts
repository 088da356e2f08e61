import type { Upload } from "./artifact.ts";
import { fitEntry } from "./entry.ts";
import { type CallbackBody, type CallbackType, MAX_CALLBACK_BYTES, MAX_TEXT_LENGTH } from "./wire.ts";

/** A callback ready to be sent: the same id and bytes on every try. */
export interface Message {
  id: string;
  type: CallbackType;
  body: string;
  /** What is sent instead of the body: an artifact too large for that. */
  upload?: Upload | undefined;
}

/** What an entry may take of a callback, in bytes: the rest is for what goes with it. */
const MAX_ENTRY_BYTES = MAX_CALLBACK_BYTES / 2;

const TEXTS = ["message", "summary", "error", "lastState"] as const;

/**
 * Writes a callback's body within the contract's limits. Texts that are too long are cut and data that is too large
 * is left out, each saying so: a report that arrives shortened is worth more than one that is refused.
 */
export function encodeCallback(callback: CallbackBody): Message {
  checkProgress(callback.progress);
  let fitted = cutTexts(callback, MAX_TEXT_LENGTH);
  if (fitted.entry) fitted.entry = fitEntry(fitted.entry, MAX_ENTRY_BYTES);
  let body = JSON.stringify(fitted);
  const size = Buffer.byteLength(body);
  if (size > MAX_CALLBACK_BYTES && fitted.data) {
    const bytes = Buffer.byteLength(JSON.stringify(fitted.data));
    fitted = { ...fitted, data: { omitted: `data of ${bytes} bytes was too large to report` } };
    body = JSON.stringify(fitted);
  }
  // Characters take up to six bytes in JSON, so a text of allowed length may still be too large.
  for (
    let limit = MAX_TEXT_LENGTH / 2;
    Buffer.byteLength(body) > MAX_CALLBACK_BYTES && limit > 1;
    limit /= 2
  ) {
    body = JSON.stringify(cutTexts(fitted, limit));
  }
  return { id: callback.id, type: callback.type, body };
}

function checkProgress(progress: number | undefined): void {
  if (progress === undefined || (progress >= 0 && progress <= 1)) return;
  throw new RangeError(`progress is a number from 0 to 1, not ${progress}.`);
}

function cutTexts(callback: CallbackBody, limit: number): CallbackBody {
  const result = { ...callback };
  for (const name of TEXTS) {
    const text = callback[name];
    if (text !== undefined) result[name] = cutText(text, limit);
  }
  return result;
}

/** Shortens a text to `limit` UTF-16 units, saying how much is missing. */
function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const note = ` … (${text.length - limit} characters more)`;
  return text.slice(0, Math.max(0, limit - note.length)).toWellFormed() + note;
}
