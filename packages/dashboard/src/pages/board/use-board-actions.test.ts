import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { event, task } from "../../../test/support/events.ts";
import { settled, TestMission } from "../../../test/support/test-mission.ts";
import type { Mission } from "../../app/mission.ts";
import { UNDO_MS } from "../../store/held-actions.ts";
import type { TaskActions } from "../../tasks/use-task-actions.ts";
import { text } from "../../text/text.ts";
import { boardActions } from "./use-board-actions.ts";

let there: TestMission;
let mission: Mission;
let actions: TaskActions;
beforeEach(async () => {
  there = new TestMission();
  mission = there.mission;
  await there.start([task({ id: "a", title: "Mend it", status: "review", tags: ["x"] })], 10);
  mock.timers.enable({ apis: ["setTimeout"] });
  actions = boardActions(mission);
});
afterEach(() => {
  mock.timers.reset();
  there.close();
});

/** Presses a button of the notice that is shown. */
function press(label: string): void {
  const offered = mission.notices.all.flatMap((notice) => notice.actions ?? []);
  const action = offered.find((one) => one.label === label);
  assert.ok(action, `${label} is offered`);
  action.run();
}
const words = () => mission.notices.all.map((notice) => notice.text);

test("what the server cannot take back is shown at once and sent when its time is over", async () => {
  const done = actions.cancel("a");
  assert.equal(mission.pending.get("a")?.to, "cancelled");
  there.events(event(11, { type: "status_change", taskId: "a", data: { to: "review" } }));
  assert.ok(mission.pending.get("a"), "no event confirms what is not sent");
  mock.timers.tick(UNDO_MS - 1);
  assert.deepEqual(there.open, []);
  mock.timers.tick(1);
  (await there.call("POST /api/tasks/a/cancel")).answer();
  assert.equal(await done, true);
  assert.deepEqual(words(), []);
  there.events(event(12, { type: "status_change", taskId: "a", data: { to: "cancelled" } }));
  assert.equal(mission.pending.get("a"), undefined);
});

test("taken back in time, it was never sent, and the card is where it was", async () => {
  const done = actions.delete("a");
  press(text.undo.undo);
  assert.equal(await done, false);
  assert.equal(mission.pending.get("a"), undefined);
  mock.timers.tick(UNDO_MS);
  assert.deepEqual([there.open, words()], [[], []]);
});

test("who does not want to wait sends it now, once", async () => {
  const done = actions.approve("a");
  press(text.undo.now);
  (await there.call("POST /api/tasks/a/approve")).answer();
  assert.equal(await done, true);
  mock.timers.tick(UNDO_MS);
  assert.deepEqual(there.open, []);
});

test("a page that goes away sends what it held, so that it outlives the page", async () => {
  void actions.reject("a", "Not yet");
  there.happen("pagehide");
  const call = await there.call("POST /api/tasks/a/reject");
  assert.deepEqual([call.keepalive, call.body], [true, { feedback: "Not yet" }]);
  call.answer();
});

test("a second thought takes the place of the first, which is never sent", async () => {
  const first = actions.cancel("a");
  const second = actions.approve("a");
  assert.equal(await first, false);
  assert.equal(mission.pending.get("a")?.to, "completed", "the first one took nothing along");
  await settled();
  assert.deepEqual(words(), [text.undo.approve("Mend it")], "nothing of the first is offered any more");
  mock.timers.tick(UNDO_MS);
  assert.deepEqual(there.open, ["POST /api/tasks/a/approve"]);
  (await there.call("POST")).answer();
  assert.equal(await second, true);
});

test("what was held and is refused comes back with the reason", async () => {
  const done = actions.cancel("a");
  press(text.undo.now);
  (await there.call("POST /api/tasks/a/cancel")).refuse(409, "It is over.");
  assert.equal(await done, false);
  assert.equal(mission.pending.get("a"), undefined);
  assert.deepEqual(words(), [text.action.refused("It is over.")]);
  (await there.call("GET /api/tasks/a")).answer(task({ id: "a", status: "failed" }));
  await settled();
  assert.equal(mission.tasks.get("a")?.status, "failed", "this page was behind");
});

test("a dispatch that is undone while it is on its way is cancelled when it has arrived, not before", async () => {
  const done = actions.dispatch("a", "agent_1");
  const call = await there.call("POST /api/tasks/a/dispatch");
  press(text.undo.undo);
  await settled();
  assert.deepEqual(there.open, [], "a server may take up two calls in the other order");
  call.answer();
  assert.equal(await done, true);
  await settled();
  assert.deepEqual(there.open, ["POST /api/tasks/a/cancel"]);
});

test("a dispatch that is refused has nothing to undo, also for who has asked for it already", async () => {
  const done = actions.dispatch("a", "agent_1");
  press(text.undo.undo);
  (await there.call("POST /api/tasks/a/dispatch")).refuse(400, "No such agent.");
  assert.equal(await done, false);
  await settled();
  assert.deepEqual([there.open, words()], [[], [text.action.refused("No such agent.")]]);
});

test("a dispatch takes back what was held for its task: it would end what begins now", async () => {
  const cancelled = actions.cancel("a");
  void actions.dispatch("a", "agent_1");
  assert.equal(await cancelled, false);
  assert.equal(mission.pending.get("a")?.to, "queued");
  mock.timers.tick(UNDO_MS);
  assert.deepEqual(there.open, ["POST /api/tasks/a/dispatch"]);
});

test("a dispatch that is refused late leaves what was begun after it", async () => {
  const done = actions.dispatch("a", "agent_1");
  void actions.cancel("a");
  (await there.call("POST /api/tasks/a/dispatch")).refuse(400);
  await done;
  assert.equal(mission.pending.get("a")?.to, "cancelled");
});

test("an edit is undone by what was there before, of just what was edited", async () => {
  const done = actions.edit("a", { title: "Break it", tags: [] });
  const call = await there.call("PATCH /api/tasks/a");
  assert.deepEqual(call.body, { title: "Break it", tags: [] });
  call.answer();
  await done;
  press(text.undo.undo);
  await settled();
  assert.deepEqual((await there.call("PATCH /api/tasks/a")).body, { title: "Mend it", tags: ["x"] });
});

test("an edit of a task that is not here is sent, without a promise to undo it", async () => {
  const done = actions.edit("elsewhere", { title: "Break it" });
  (await there.call("PATCH /api/tasks/elsewhere")).answer();
  assert.deepEqual([await done, words()], [true, []]);
});

test("who logs out waits until what was held is answered", async () => {
  const done = actions.cancel("a");
  const all = mission.held.sendAll();
  const call = await there.call("POST /api/tasks/a/cancel");
  let isOver = false;
  void all.then(() => {
    isOver = true;
  });
  await settled();
  assert.equal(isOver, false);
  call.answer();
  await all;
  assert.equal(await done, true);
});
