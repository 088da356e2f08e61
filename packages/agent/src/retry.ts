const SECOND = 1000;
const MINUTE = 60 * SECOND;

/**
 * The longest wait before each further try, in milliseconds: two quick ones for a blink, then the contract's
 * 5 s, 30 s, 2 min and 10 min.
 */
export const RETRY_WAITS: readonly number[] = [250, SECOND, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE];

/** A server may not hold a callback back longer than this with `Retry-After`. */
const MAX_RETRY_AFTER = 60 * MINUTE;

/** Statuses that ask for another try; any other 4xx is final. */
export function isRetryable(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/**
 * Reads `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3).
 * @param now the server's clock where it told it, which may differ from ours; in milliseconds
 * @returns milliseconds to wait, or `undefined` when there is none that can be read
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text) * SECOND, MAX_RETRY_AFTER);
  const date = parseHttpDate(text);
  return date === undefined ? undefined : Math.min(Math.max(date - now, 0), MAX_RETRY_AFTER);
}

/** Reads an HTTP date in any of its three forms (RFC 9110, section 5.6.7), in milliseconds since the epoch. */
export function parseHttpDate(text: string | null): number | undefined {
  if (text === null || !/^[A-Z][a-z]+,? /.test(text)) return undefined;
  // The oldest form, `Sun Nov  6 08:49:37 1994`, leaves out that it is UTC.
  const date = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : date;
}

/**
 * How long to wait before the next try: full jitter below `longest`, on top of what the server asked for, so that
 * agents told to come back at the same moment do not.
 */
export function retryDelay(longest: number, retryAfter: number | undefined, random: () => number): number {
  return (retryAfter ?? 0) + random() * longest;
}
