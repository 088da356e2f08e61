import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { HeldActions, UNDO_MS } from "./held-actions.ts";

/** Holds actions; what became of them is written down. */
function holding(context: TestContext) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const held = new HeldActions();
  const told: string[] = [];
  const hold = (taskId: string, name = taskId) =>
    held.hold(taskId, {
      send: (leaving) => told.push(`${name} ${leaving ? "sent, leaving" : "sent"}`),
      undone: () => told.push(`${name} undone`),
    });
  return { held, told, hold, wait: (ms: number) => context.mock.timers.tick(ms) };
}

test("an action is sent when nobody took it back in time, and then cannot be any more", (context) => {
  const { told, hold, wait } = holding(context);
  const action = hold("a");
  wait(UNDO_MS - 1);
  assert.deepEqual(told, []);
  wait(1);
  assert.deepEqual(told, ["a sent"]);
  action.undo();
  action.now();
  assert.deepEqual(told, ["a sent"]);
});

test("an action that was taken back is never sent, not even by leaving", (context) => {
  const { held, told, hold, wait } = holding(context);
  const action = hold("a");
  action.undo();
  action.now();
  held.flush();
  wait(UNDO_MS);
  assert.deepEqual(told, ["a undone"]);
});

test("who cannot wait sends at once, and once", (context) => {
  const { told, hold, wait } = holding(context);
  hold("a").now();
  wait(UNDO_MS);
  assert.deepEqual(told, ["a sent"]);
});

test("another action on the same task takes the place of the first", (context) => {
  const { held, told, hold, wait } = holding(context);
  const first = hold("a", "first");
  hold("a", "second");
  hold("b");
  first.undo();
  held.undo("b");
  held.undo("unknown");
  wait(UNDO_MS);
  assert.deepEqual(told, ["first undone", "b undone", "second sent"]);
});

test("what is left when the page goes away is sent then", (context) => {
  const { held, told, hold, wait } = holding(context);
  hold("a");
  hold("b");
  held.flush();
  held.flush();
  wait(UNDO_MS);
  assert.deepEqual(told, ["a sent, leaving", "b sent, leaving"]);
});

test("before somebody logs out, what is held is sent and answered: later it could not be any more", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const held = new HeldActions();
  const answers = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  let sent = 0;
  for (const taskId of ["a", "b", "c"]) {
    const action = held.hold(taskId, { send: () => answers[sent++]?.promise, undone: assert.fail });
    if (taskId === "a") action.now();
  }
  let isAnswered = false;
  const all = held.sendAll().then(() => {
    isAnswered = true;
  });
  assert.equal(sent, 3);
  answers[1]?.reject(new Error("refused"));
  answers[2]?.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isAnswered, false, "one that was sent a moment before is waited for, too");
  answers[0]?.resolve();
  await all;
  context.mock.timers.tick(UNDO_MS);
  assert.equal(sent, 3);
  await held.sendAll();
});
