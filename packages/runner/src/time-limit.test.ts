import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@mission-control/agent";
import { FakeClock } from "../../agent/test/fake-clock.ts";
import { TimeLimit, TimeLimitError } from "./time-limit.ts";

/** Sleeps last until the test lets time pass. */
class HeldClock extends FakeClock {
  readonly #due: { at: number; wake: () => void }[] = [];

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#due.push({ at: this.time + ms, wake: resolve });
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  }

  async pass(ms: number): Promise<void> {
    this.time += ms;
    for (const { at, wake } of this.#due) if (at <= this.time) wake();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("the signal is aborted when the time of work is over", async () => {
  const clock = new HeldClock();
  const limit = new TimeLimit(60, clock);
  await clock.pass(59_999);
  assert.equal(limit.signal.aborted, false);
  await clock.pass(1);
  assert.ok(limit.signal.reason instanceof TimeLimitError);
});

test("time in a pause does not count, also where pauses overlap", async () => {
  const clock = new HeldClock();
  const limit = new TimeLimit(60, clock);
  await clock.pass(30_000);
  const ends: (() => void)[] = [];
  const pauses = [1, 2].map(() => limit.pause(() => new Promise<void>((resolve) => ends.push(resolve))));
  await clock.pass(3_600_000);
  ends[0]?.();
  await pauses[0];
  await clock.pass(3_600_000);
  ends[1]?.();
  await pauses[1];
  await clock.pass(29_999);
  assert.equal(limit.signal.aborted, false);
  await clock.pass(1);
  assert.equal(limit.signal.aborted, true);
});

test("there may be no limit, and a closed one stays quiet", async () => {
  const clock = new HeldClock();
  const none = new TimeLimit(undefined, clock);
  const closed = new TimeLimit(60, clock);
  await closed.pause(async () => {});
  closed.close();
  await clock.pass(1e12);
  assert.equal(none.signal.aborted, false);
  assert.equal(closed.signal.aborted, false);
});

test("a limit of a month is not over at once: it is longer than one timer can be", async () => {
  const limit = new TimeLimit(2_592_000, systemClock);
  await systemClock.sleep(20);
  assert.equal(limit.signal.aborted, false);
  limit.close();
});
