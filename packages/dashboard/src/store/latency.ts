import type { ClockOffset } from "./clock-offset.ts";
import { quantile } from "./quantiles.ts";

const KEPT = 2_000;

/** One event's way from the server's commit to this screen. */
export interface LatencySample {
  /** When it was painted, by the browser's clock. */
  at: number;
  milliseconds: number;
}

/** The last live events' times from commit to paint, as this very session saw them. */
export class LatencyRecord {
  readonly #offset: ClockOffset;
  #samples: LatencySample[] = [];

  constructor(offset: ClockOffset) {
    this.#offset = offset;
  }

  get samples(): readonly LatencySample[] {
    return this.#samples;
  }

  /** How far every sample may be off, in milliseconds; null while the clocks cannot be compared. */
  get error(): number | null {
    return this.#offset.estimate?.error ?? null;
  }

  painted(storedAt: number, paintedAt: number): void {
    const estimate = this.#offset.estimate;
    if (!estimate) return;
    this.#samples.push({ at: paintedAt, milliseconds: Math.max(0, paintedAt + estimate.offset - storedAt) });
    if (this.#samples.length > 2 * KEPT) this.#samples = this.#samples.slice(-KEPT);
  }

  quantile(share: number): number | null {
    return quantile(
      this.#samples.map(({ milliseconds }) => milliseconds),
      share,
    );
  }
}
