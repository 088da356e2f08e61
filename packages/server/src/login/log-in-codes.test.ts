import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/http-fixture.ts";
import { LogInCodes } from "./log-in-codes.ts";

const use = async () => "used";

test("a code is good once, for ten minutes", async () => {
  const clock = new ManualClock();
  const codes = new LogInCodes(clock.now);
  const code = codes.issue();
  assert.equal(await codes.redeem(code, use), "used");
  assert.equal(await codes.redeem(code, use), null);
  assert.equal(await codes.redeem("a guess", use), null);
  const late = codes.issue();
  clock.advance(10 * 60_000);
  assert.equal(await codes.redeem(late, use), null);
});

test("what a code was used for may fail: it is good again, but for nobody meanwhile", async () => {
  const codes = new LogInCodes(new ManualClock().now);
  const code = codes.issue();
  const failure = new Error("the disk is full");
  const first = codes.redeem(code, async () => {
    throw failure;
  });
  assert.equal(await codes.redeem(code, use), null);
  await assert.rejects(first, failure);
  assert.equal(await codes.redeem(code, use), "used");
});

test("of many codes the newest are good", async () => {
  const codes = new LogInCodes(new ManualClock().now);
  const issued = Array.from({ length: 17 }, () => codes.issue());
  assert.equal(await codes.redeem(issued[0] as string, use), null);
  assert.equal(await codes.redeem(issued[1] as string, use), "used");
});
