import type { Clock } from "../src/clock.ts";

/** Time that passes only by sleeping: a schedule of many minutes runs at once. */
export class FakeClock implements Clock {
  time = Date.parse("2026-11-23T10:00:00Z");
  readonly sleeps: number[] = [];

  now(): number {
    return this.time;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(ms);
    await new Promise((resolve) => setImmediate(resolve));
    this.time += ms;
    signal?.throwIfAborted();
  }
}
