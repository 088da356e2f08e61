import assert from "node:assert/strict";
import { test } from "node:test";
import { Notices } from "./notices.ts";

const words = (notices: Notices) => notices.all.map(({ text }) => text);

test("plain words go by themselves, errors stay until somebody closes them", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let changes = 0;
  const notices = new Notices(() => changes++);
  notices.info("Done");
  notices.error("Not done", "req-1");
  assert.deepEqual(words(notices), ["Done", "Not done"]);
  context.mock.timers.tick(60_000);
  assert.deepEqual(words(notices), ["Not done"]);
  const [error] = notices.all;
  assert.equal(error?.requestId, "req-1");
  notices.close(error?.id ?? 0);
  assert.deepEqual(words(notices), []);
  assert.equal(changes, 4);
  notices.close(error?.id ?? 0);
  assert.equal(changes, 4, "nothing to close, nothing to draw");
});

test("the oldest plain words make room; what can still be undone never does", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const notices = new Notices(() => {});
  notices.offer("Undo me", [{ label: "Undo", run: () => {} }], 10_000);
  for (let number = 1; number <= 6; number++) notices.error(`Error ${number}`);
  assert.deepEqual(words(notices), ["Undo me", "Error 4", "Error 5", "Error 6"]);
  for (let number = 1; number <= 5; number++) notices.offer(`Undo ${number}`, [], 10_000);
  notices.error("The newest is always shown");
  assert.deepEqual(
    words(notices).filter((one) => !one.startsWith("Undo")),
    ["The newest is always shown"],
  );
  assert.equal(words(notices).length, 7);
});

test("an offer goes when its time is over, or when it is taken away", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const notices = new Notices(() => {});
  const takeAway = notices.offer("First", [], 1_000);
  notices.offer("Second", [], 2_000);
  takeAway();
  assert.deepEqual(words(notices), ["Second"]);
  context.mock.timers.tick(2_000);
  assert.deepEqual(words(notices), []);
});
