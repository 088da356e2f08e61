const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Between a try that failed and the next: eight tries within 27 h 35 min. */
const WAITS_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR];
/** A receiver that asks for more patience than the longest wait does not get it. */
export const LONGEST_WAIT_MS = 10 * HOUR;
/** An endpoint at which every try failed for so long is paused: tried once an hour, with one delivery. */
export const PAUSE_AFTER_MS = 24 * HOUR;
export const PROBE_EVERY_MS = HOUR;
/** And switched off after so long. */
export const OFF_AFTER_MS = 5 * 24 * HOUR;
/** One that failed for so long and answers again gets all that waits at once. */
export const RECOVERED_AFTER_MS = MINUTE;

/**
 * How long to wait for the next try, in milliseconds; null when there is none.
 * @param failures how many tries of the schedule have failed
 * @param retryAfterMs what the receiver asked for at least
 */
export function waitAfter(failures: number, retryAfterMs = 0): number | null {
  const wait = WAITS_MS[failures - 1];
  return wait === undefined ? null : Math.max(wait, Math.min(retryAfterMs, LONGEST_WAIT_MS));
}

/** What is to be done about an endpoint at which every try has failed since a moment. */
export function verdictOn(failingSince: Date, now: Date): "go on" | "pause" | "switch off" {
  const ms = now.getTime() - failingSince.getTime();
  if (ms >= OFF_AFTER_MS) return "switch off";
  return ms >= PAUSE_AFTER_MS ? "pause" : "go on";
}
