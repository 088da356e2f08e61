import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { HeldEvent } from "../store/held-event.ts";
import { Notifier } from "./notifier.ts";

let told: string[];
let wanted: boolean;
let isCatchingUp: boolean;
let notifier: Notifier;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  told = [];
  wanted = true;
  isCatchingUp = false;
  notifier = new Notifier({
    wanted: async () => wanted,
    isCatchingUp: () => isCatchingUp,
    one: ({ taskId }) => told.push(String(taskId)),
    many: ({ tasks, budgets }) =>
      told.push(budgets === 0 ? `${tasks} in one` : `${tasks} and ${budgets} in one`),
  });
});

afterEach(() => mock.timers.reset());

const event = (taskId: string, type: string, data: object) =>
  ({ taskId, type, data }) as unknown as HeldEvent;
const ends = (taskId: string) => event(taskId, "status_change", { to: "completed" });
const asks = (taskId: string) => event(taskId, "permission", { state: "requested" });
const together = () => mock.timers.tick(300);

test("what stops an agent is told first, and what is no news not at all", async () => {
  await notifier.add([
    ends("done"),
    event("moved", "status_change", { to: "in_progress" }),
    event("answered", "permission", { state: "answered" }),
    event("said", "activity", {}),
    event("reached", "permission", { state: "delivered" }),
    event("said", "message", { state: "sending" }),
    asks("asks"),
    event("unheard", "message", { state: "refused" }),
    event("told by its attempt's end", "message", { state: "refused", opening: true }),
  ]);
  together();
  assert.deepEqual(told, ["asks", "unheard", "done"]);
  await notifier.add([event("unanswered", "permission", { state: "undelivered" })]);
  together();
  assert.equal(told.at(-1), "unanswered");
});

test("more than a few at once are one number, which grows until somebody looks", async () => {
  await notifier.add(["a", "b", "c", "d"].map(ends));
  together();
  await notifier.add([ends("e")]);
  together();
  assert.deepEqual(told, ["4 in one", "5 in one"]);
  notifier.looked();
  await notifier.add([ends("f")]);
  together();
  assert.equal(told.at(-1), "f");
});

test("each task and budget is counted once, and what it is", async () => {
  const reached = (budgetId: string) => ({
    ...event("", "budget", { change: "reached", budgetId, threshold: 100, spent: 12, limit: { amount: 10 } }),
    taskId: undefined,
  });
  await notifier.add([asks("a"), ends("a"), ends("b"), reached("day"), reached("month"), reached("day")]);
  together();
  assert.deepEqual(told, ["2 and 2 in one"]);
});

test("what was missed is counted when all of it is there", async () => {
  isCatchingUp = true;
  await notifier.add([ends("a"), ends("b")]);
  together();
  await notifier.add([ends("c"), ends("d")]);
  together();
  assert.deepEqual(told, []);
  isCatchingUp = false;
  together();
  assert.deepEqual(told, ["4 in one"]);
});

test("nobody is told of what is on the screen, nor after it is over", async () => {
  wanted = false;
  await notifier.add([asks("a")]);
  together();
  wanted = true;
  await notifier.add([asks("b")]);
  notifier.close();
  together();
  assert.deepEqual(told, []);
});

test("a page that goes away while it is found out whether somebody looks says nothing any more", async () => {
  const adding = notifier.add([asks("a")]);
  notifier.close();
  await adding;
  together();
  assert.deepEqual(told, []);
});

test("of a budget, people hear what is reached: of all of it at once, that alone", async () => {
  const reached = (threshold: number, spent: number) =>
    event(`budget ${threshold}`, "budget", {
      change: "reached",
      threshold,
      spent,
      limit: { amount: 10, currency: "USD" },
    });
  await notifier.add([event("made", "budget", { change: "created" }), reached(80, 8.5)]);
  together();
  assert.deepEqual(told, ["budget 80"]);
  await notifier.add([reached(80, 12), reached(100, 12)]);
  together();
  assert.deepEqual(told, ["budget 80", "budget 100"]);
});
