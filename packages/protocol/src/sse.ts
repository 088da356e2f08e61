/** Media type of an event stream (WHATWG HTML, "Server-sent events"). */
export const EVENT_STREAM_TYPE = "text/event-stream";

/** One Server-Sent Event. `id` and `event` are single-line; `data` may hold line breaks. */
export interface SseFrame {
  id?: string | number;
  event?: string;
  data: string;
}

const LINE_BREAK = /\r\n|\r|\n/;
const ANY_LINE_BREAK_OR_NULL = /[\r\n\0]/g;

/**
 * Encodes one event as a text frame. CR, LF and NUL in `id` and `event` are removed so that no field can end
 * its line; every line of `data` gets a `data:` field of its own.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function encodeSse(frame: SseFrame): string {
  let text = "";
  if (frame.id !== undefined) text += `id: ${oneLine(String(frame.id))}\n`;
  if (frame.event !== undefined) text += `event: ${oneLine(frame.event)}\n`;
  // JSON, as nearly all data is, stands on one line.
  if (!LINE_BREAK.test(frame.data)) return `${text}data: ${frame.data}\n\n`;
  for (const line of frame.data.split(LINE_BREAK)) text += `data: ${line}\n`;
  return `${text}\n`;
}

/** A comment frame: ignored by clients, keeps intermediaries from closing an idle connection. */
export function encodeSseComment(comment: string): string {
  return `: ${oneLine(comment)}\n\n`;
}

/** Tells the client how long to wait, in milliseconds, before it reconnects. */
export function encodeSseRetry(milliseconds: number): string {
  return `retry: ${Math.round(milliseconds)}\n\n`;
}

function oneLine(value: string): string {
  return value.replace(ANY_LINE_BREAK_OR_NULL, "");
}
