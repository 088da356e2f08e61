/** Longest wait between two tries to connect. */
export const MAX_WAIT_MS = 30_000;

/**
 * How long to wait before try number `attempt` (from 1): full jitter under an exponential ceiling, so that many
 * browsers do not come back to a restarted server in step.
 * @param base first ceiling in milliseconds, as the stream's `retry:` field says
 * @param random uniform in [0, 1)
 */
export function reconnectDelay(attempt: number, base: number, random: () => number): number {
  const ceiling = Math.min(MAX_WAIT_MS, base * 2 ** Math.min(attempt - 1, 16));
  return Math.round(random() * ceiling);
}
