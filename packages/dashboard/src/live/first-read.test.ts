import assert from "node:assert/strict";
import { test } from "node:test";
import { type FailedTry, FirstRead } from "./first-read.ts";

const REFUSED = new Error("no session");

/** A first read whose tries the test answers, and what it tells of them. */
function reading() {
  const told: (FailedTry | null)[] = [];
  let tell: () => void = () => {};
  const ports = {
    now: () => 500,
    random: () => 0.999,
    onFailure: (failed: FailedTry | null) => {
      told.push(failed);
      tell();
    },
    isFinal: (error: Error) => error === REFUSED,
  };
  const nextFailure = () => new Promise<void>((resolve) => (tell = resolve));
  return { first: new FirstRead(ports), told, nextFailure };
}

test("a failed read is told, with its reason and the next try, and one that was asked for follows at once", async (context) => {
  // No timer ever ends the waiting here.
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { first, told, nextFailure } = reading();
  const failure = new Error("The server answered with an error (500).");
  let tries = 0;
  const failed = nextFailure();
  const done = first.run(async () => {
    tries += 1;
    if (tries === 1) throw failure;
  });
  await failed;
  assert.deepEqual(told, [{ error: failure, attempt: 1, retryAt: 2_498 }]);
  setImmediate(() => first.retryNow());
  assert.equal(await done, true);
  assert.equal(tries, 2);
  assert.equal(told.at(-1), null, "what failed is over");
});

test("without a session nothing is tried until somebody has logged in", async () => {
  const { first, told } = reading();
  let session = false;
  const done = first.run(async () => {
    if (!session) throw REFUSED;
  });
  await new Promise((resolve) => setImmediate(resolve));
  session = true;
  first.retryNow();
  assert.equal(await done, true);
  assert.deepEqual(told, [null]);
});

test("closing ends the waiting", async () => {
  const { first, nextFailure } = reading();
  const failed = nextFailure();
  const done = first.run(() => Promise.reject(new Error("no")));
  await failed;
  setImmediate(() => first.close());
  assert.equal(await done, false);
});
