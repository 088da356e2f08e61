const FINE_STEP = 10;
const FINE_LIMIT = 1_000_000;
const COARSE_STEP = 10_000;
const COARSE_LIMIT = 600_000_000;
const FINE_BUCKETS = FINE_LIMIT / FINE_STEP;

/**
 * Counts durations in buckets of 10 µs up to one second, of 10 ms beyond. Recording costs one array step, so
 * that a load program can record every delivery.
 */
export class Histogram {
  readonly #buckets = new Uint32Array(FINE_BUCKETS + COARSE_LIMIT / COARSE_STEP);
  #count = 0;

  /** Adds one duration in microseconds. */
  record(microseconds: number): void {
    const bounded = Math.min(Math.max(microseconds, 0), COARSE_LIMIT - 1);
    const index = bounded < FINE_LIMIT ? bounded / FINE_STEP : FINE_BUCKETS + bounded / COARSE_STEP;
    const bucket = index | 0;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** The duration in milliseconds under which `share` (0 to 1) of all lie; 0 when nothing was recorded. */
  percentile(share: number): number {
    let left = Math.ceil(share * this.#count);
    for (const [index, counted] of this.#buckets.entries()) {
      left -= counted;
      if (left <= 0 && counted > 0) return bucketEnd(index) / 1000;
    }
    return 0;
  }

  reset(): void {
    this.#buckets.fill(0);
    this.#count = 0;
  }
}

function bucketEnd(index: number): number {
  return index < FINE_BUCKETS ? (index + 1) * FINE_STEP : (index - FINE_BUCKETS + 1) * COARSE_STEP;
}
