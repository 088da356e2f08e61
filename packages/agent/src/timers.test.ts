import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { systemClock } from "./clock.ts";
import { sleep, timeoutSignal } from "./timers.ts";

/** As long as a timer of Node can be: 24.8 days. */
const LONGEST = 2 ** 31 - 1;

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

async function pass(ms: number): Promise<void> {
  mock.timers.tick(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

for (const [name, wait] of Object.entries({ sleep, "the system's clock": systemClock.sleep })) {
  test(`${name} waits for three months, not for none`, async () => {
    let over = false;
    const waiting = wait(3 * LONGEST + 5).then(() => {
      over = true;
    });
    for (let i = 0; i < 3; i++) await pass(LONGEST);
    assert.equal(over, false);
    await pass(5);
    assert.equal(over, true);
    await waiting;
  });
}

test("a long wait ends as soon as its signal is aborted", async () => {
  const abort = new AbortController();
  const waiting = sleep(3 * LONGEST, abort.signal);
  await pass(LONGEST);
  abort.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(sleep(1, AbortSignal.abort(new Error("before"))), /before/);
});

test("a timeout may be longer than a timer", async () => {
  const timeout = timeoutSignal(LONGEST + 5);
  await pass(LONGEST);
  assert.equal(timeout.aborted, false);
  await pass(5);
  assert.equal(timeout.reason?.name, "TimeoutError");
});

test("a timeout may be a fraction", () => {
  assert.equal(timeoutSignal(1.001 * 1000).aborted, false);
});

test("with Node's own timers, what is too long for one is not over at once", async () => {
  mock.timers.reset();
  const abort = new AbortController();
  const first = await Promise.race([
    sleep(LONGEST + 1, abort.signal).then(() => "the long wait"),
    sleep(20).then(() => "the short wait"),
  ]);
  assert.equal(first, "the short wait");
  abort.abort();
});
