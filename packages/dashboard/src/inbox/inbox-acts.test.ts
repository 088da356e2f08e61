import assert from "node:assert/strict";
import { test } from "node:test";
import type { InboxItem } from "@mission-control/protocol";
import { task } from "../../test/support/events.ts";
import { inboxActs } from "./inbox-acts.ts";

const item = (kind: InboxItem["kind"], options: number): InboxItem => ({
  kind,
  since: "2026-11-23T10:00:00.000Z",
  task: task(),
  request: {
    id: "r1",
    title: "Run it?",
    options: Array.from({ length: options }, (_, index) => ({
      optionId: `o${index}`,
      name: `Option ${index}`,
      kind: index === 1 ? "reject_once" : "allow_once",
    })),
  },
});
const keys = (one: InboxItem) => inboxActs(one).map(({ key, kind }) => `${key} ${kind}`);

test("each kind of item has its own keys, and every one can be put off", () => {
  assert.deepEqual(keys(item("question", 2)), ["1 answer", "2 answer", "s snooze"]);
  assert.deepEqual(keys(item("review", 0)), ["a approve", "r reject", "s snooze"]);
  assert.deepEqual(keys(item("failure", 0)), ["d dispatch", "s snooze"]);
  assert.deepEqual(keys(item("undelivered", 0)), ["c cancel", "s snooze"]);
  assert.deepEqual(keys(item("silent", 0)), ["x forceEnd", "s snooze"]);
});

test("options behind the ninth have no key, and one that says no is told apart", () => {
  const acts = inboxActs(item("question", 12));
  assert.equal(acts.length, 10);
  assert.deepEqual(
    acts.slice(0, 3).map(({ isRefusal }) => isRefusal),
    [false, true, false],
  );
});

test("to allow for good is behind what holds once, on its key too, and is not shown as the thing to do", () => {
  const asked = item("question", 3);
  const always = asked.request?.options[0];
  if (always) always.kind = "allow_always";
  const acts = inboxActs(asked).filter(({ kind }) => kind === "answer");
  assert.deepEqual(
    acts.map(({ key, label, isFirst, isLasting }) => [key, label, isFirst, isLasting]),
    [
      ["1", "Option 1", false, false],
      ["2", "Option 2", true, false],
      ["3", "Option 0", false, true],
    ],
  );
});
