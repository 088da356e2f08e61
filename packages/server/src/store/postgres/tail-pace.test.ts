import assert from "node:assert/strict";
import { test } from "node:test";
import { TailPace } from "./tail-pace.ts";

test("a tail waits for what comes together, shortly where somebody waits, and the wait ends when somebody begins to", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  let isUrgent = false;
  const pace = new TailPace(() => isUrgent, Date.now);
  let steps = 0;
  const step = async () => {
    pace.begin();
    await pace.due();
    pace.stepped(Date.now());
    steps++;
  };
  const passes = async (ms: number) => {
    context.mock.timers.tick(ms);
    await new Promise((resolve) => setImmediate(resolve));
    return steps;
  };
  void step();
  assert.equal(await passes(24), 0);
  assert.equal(await passes(1), 1);

  isUrgent = true;
  await passes(1000);
  await step();
  assert.equal(steps, 2, "after a rest at once");
  void step();
  assert.equal(await passes(4), 2);
  assert.equal(await passes(1), 3);

  isUrgent = false;
  void step();
  await passes(2);
  isUrgent = true;
  pace.hasten();
  assert.equal(await passes(2), 3);
  assert.equal(await passes(1), 4);

  void step();
  pace.close();
  assert.equal(await passes(0), 5, "nobody waits for it in the end");
});
