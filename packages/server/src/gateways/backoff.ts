/** Waits that grow with each try, in milliseconds. */
export interface Backoff {
  /** Upper bound of the first wait. */
  firstMs: number;
  /** Upper bound of any wait. */
  longestMs: number;
}

/**
 * A random wait below a bound that doubles with each try ("full jitter"), so that many clients that lost the
 * same peer at once do not come back at once.
 * @param tries how many tries have failed since the last success, from 0
 * @param random a number from 0 to 1, as `Math.random` gives it
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitter({ firstMs, longestMs }: Backoff, tries: number, random: () => number): number {
  return random() * Math.min(longestMs, firstMs * 2 ** tries);
}
