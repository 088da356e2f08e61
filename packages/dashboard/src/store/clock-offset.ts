/**
 * How far the server's clock is ahead of the browser's, in milliseconds, narrowed by every sign of the server's time.
 * A `Date` header says it to the second, between sending and receiving; many of them, falling differently into their
 * seconds, leave a small interval. A live event cannot have been received before it was stored.
 */
export class ClockOffset {
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;

  /** @param sameMachine both clocks are one */
  constructor(sameMachine: boolean) {
    if (sameMachine) {
      this.#low = 0;
      this.#high = 0;
    }
  }

  /** The middle of what is possible and how far it may be off; null while too little is known. */
  get estimate(): { offset: number; error: number } | null {
    const width = this.#high - this.#low;
    return Number.isFinite(width) ? { offset: this.#low + width / 2, error: width / 2 } : null;
  }

  /** An answer with this `Date` header was asked for at `sentAt` and here at `receivedAt`. */
  sawDateHeader(date: string | null, sentAt: number, receivedAt: number): void {
    const second = date === null ? Number.NaN : Date.parse(date);
    if (Number.isNaN(second)) return;
    this.#narrow(second - receivedAt, second + 1_000 - sentAt);
  }

  /** A live event, stored at `storedAt` by the server's clock, is here at `receivedAt`. */
  sawEvent(storedAt: number, receivedAt: number): void {
    this.#narrow(storedAt - receivedAt, Number.POSITIVE_INFINITY);
  }

  #narrow(low: number, high: number): void {
    if (low > this.#high || high < this.#low) {
      // One of the clocks was set: begin again from this sign.
      this.#low = low;
      this.#high = high;
      return;
    }
    this.#low = Math.max(this.#low, low);
    this.#high = Math.min(this.#high, high);
  }
}
