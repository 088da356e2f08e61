import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Following } from "./following.ts";

function following(context: TestContext) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const seen: string[] = [];
  const pauses: number[] = [];
  const log = {
    newest: 10,
    readAll: async () => {
      seen.push("read");
    },
  };
  const subject = new Following({
    log,
    changed: (way) => seen.push(way),
    stalled: (pauseMs) => {
      seen.push("stalled");
      pauses.push(pauseMs);
    },
    clock: () => now,
  });
  let now = 0;
  const pass = (ms: number) => {
    now += ms;
    context.mock.timers.tick(ms);
  };
  subject.begin();
  return { subject, log, seen, pauses, pass };
}

test("events are read until NATS has brought what there was", (context) => {
  const { subject, log, seen } = following(context);
  assert.equal(subject.brings(11), false);
  subject.reached(9);
  assert.equal(subject.way, "postgresql");
  log.newest = 12;
  // It had 10 when it began: this message is not further behind than that.
  subject.reached(11);
  assert.equal(subject.way, "nats");
  assert.equal(subject.brings(13), true);
  assert.deepEqual(seen, ["nats"]);
});

test("NATS is followed where it is a little later than what is read, however fast events come, and not where it is much", (context) => {
  const laterBy = (lateMs: number) => {
    const { subject, log, pass } = following(context);
    // An event each millisecond, which is read at once, and a message each 5.
    for (let at = 0; at < 2000; at += 5) {
      log.newest = 10 + at;
      subject.reached(10 + at - lateMs);
      pass(5);
    }
    context.mock.timers.reset();
    return subject.way;
  };
  assert.equal(laterBy(200), "nats");
  assert.equal(laterBy(400), "postgresql");
});

test("what NATS does not bring in time is read, and it is asked anew", (context) => {
  const { subject, seen, pass } = following(context);
  subject.reached(10);
  subject.brings(11);
  pass(499);
  subject.reached(11);
  subject.brings(12);
  pass(1);
  assert.equal(subject.way, "nats", "11 came in time, and 12 may still");
  pass(500);
  assert.equal(subject.way, "postgresql");
  assert.deepEqual(seen, ["nats", "postgresql", "read", "stalled"]);
  assert.equal(subject.brings(13), false);
});

test("without a connection events are read at once, and nothing is waited for any more", (context) => {
  const { subject, seen, pass } = following(context);
  subject.reached(10);
  subject.brings(11);
  subject.leave("gone");
  assert.deepEqual(seen, ["nats", "postgresql", "read"]);
  pass(1000);
  subject.leave("gone again");
  assert.deepEqual(seen, ["nats", "postgresql", "read"]);
});

test("NATS that is late again and again is asked less and less often", (context) => {
  const { subject, pauses, pass } = following(context);
  const lateAfter = (ms: number, event: number) => {
    subject.reached(event - 1);
    pass(ms);
    subject.brings(event);
    pass(500);
  };
  for (let event = 11; event < 18; event++) lateAfter(0, event);
  lateAfter(10_000, 18);
  lateAfter(0, 19);
  assert.deepEqual(pauses, [2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 1000, 2000]);
});
