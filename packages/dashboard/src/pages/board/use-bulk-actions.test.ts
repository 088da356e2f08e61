import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { TaskSummary } from "@mission-control/protocol";
import { task } from "../../../test/support/events.ts";
import { type Call, settled, TestMission } from "../../../test/support/test-mission.ts";
import type { Mission } from "../../app/mission.ts";
import { UNDO_MS } from "../../store/held-actions.ts";
import { boardText } from "../../text/board-text.ts";
import { text } from "../../text/text.ts";
import { boardActions } from "./use-board-actions.ts";
import { type BulkActions, bulkActions, thoseFor } from "./use-bulk-actions.ts";

let there: TestMission;
let mission: Mission;
let actions: BulkActions;
let tasks: TaskSummary[];
beforeEach(async () => {
  there = new TestMission();
  mission = there.mission;
  tasks = Array.from({ length: 7 }, (_, at) =>
    task({ id: `t${at}`, status: "pending", tags: [`own-${at}`] }),
  );
  await there.start(tasks, 10);
  mock.timers.enable({ apis: ["setTimeout"] });
  actions = bulkActions(mission);
});
afterEach(() => {
  mock.timers.reset();
  there.close();
});

function press(label: string): void {
  const offered = mission.notices.all.flatMap((notice) => notice.actions ?? []);
  const action = offered.find((one) => one.label === label);
  assert.ok(action, `${label} is offered`);
  action.run();
}
const words = () => mission.notices.all.map((notice) => notice.text);
const dispatched = (id: string): Promise<Call> => there.call(`POST /api/tasks/${id}/dispatch`);

test("only the tasks that are in a state for it are acted on; where none is, it says so", () => {
  const running = task({ id: "r", status: "in_progress" });
  assert.deepEqual(thoseFor([running, ...tasks.slice(0, 1)], "delete"), tasks.slice(0, 1));
  for (const act of ["delete", "dispatch"] as const) {
    if (act === "delete") actions.delete([running]);
    else actions.dispatch([running], ["agent_1"]);
    assert.equal(words().at(-1), boardText.noneAllows(text.action[act]));
  }
  assert.deepEqual([there.open, mission.pending.get("r")], [[], undefined]);
});

test("a few calls are under way at once, each task goes to its agent, and all is offered to be undone in one", async () => {
  actions.dispatch(
    tasks,
    tasks.map(({ id }) => `agent of ${id}`),
  );
  assert.equal(there.open.length, 3);
  assert.deepEqual(words(), [boardText.undo.dispatch(7)]);
  for (const { id } of tasks) {
    const call = await dispatched(id);
    assert.deepEqual(call.body, { agentId: `agent of ${id}` });
    call.answer();
  }
  await settled();
  assert.deepEqual(words(), [boardText.undo.dispatch(7)]);
});

test("undone half-way: what was not sent stays unsent, what was sent is cancelled once it has arrived", async () => {
  actions.dispatch(
    tasks,
    tasks.map(() => "agent_1"),
  );
  (await dispatched("t0")).answer();
  await settled();
  const onTheirWay = await Promise.all(["t1", "t2", "t3"].map(dispatched));
  press(text.undo.undo);
  await settled();
  assert.deepEqual(there.open, []);
  for (const call of onTheirWay) call.answer();
  for (const id of ["t0", "t1", "t2", "t3"]) (await there.call(`POST /api/tasks/${id}/cancel`)).answer();
  await settled();
  assert.deepEqual(there.open, [], "nothing else was sent or cancelled");
});

test("one that is refused takes nothing from the others: they can be undone, and it says why", async () => {
  actions.dispatch(tasks.slice(0, 3), ["a", "a", "a"]);
  (await dispatched("t0")).answer();
  (await dispatched("t1")).refuse(400, "No.");
  (await dispatched("t2")).answer();
  await settled();
  assert.deepEqual(words(), [boardText.undo.dispatch(3), text.action.refused("No.")]);
  press(text.undo.undo);
  await settled();
  assert.deepEqual(there.open, ["POST /api/tasks/t0/cancel", "POST /api/tasks/t2/cancel"]);
});

test("where all are refused, there is nothing to undo", async () => {
  actions.dispatch(tasks.slice(0, 2), ["a", "a"]);
  (await dispatched("t0")).refuse(400, "No.");
  (await dispatched("t1")).refuse(400, "Neither.");
  await settled();
  assert.deepEqual(words(), ["No.", "Neither."].map(text.action.refused));
});

test("what was held for one of them is taken back: it would end what begins now", async () => {
  const cancelled = boardActions(mission).cancel("t0");
  actions.dispatch(tasks.slice(0, 1), ["agent_1"]);
  assert.equal(await cancelled, false);
  (await dispatched("t0")).answer();
  mock.timers.tick(UNDO_MS);
  await settled();
  assert.deepEqual(there.open, []);
});

test("tags are added to what each has, without doubles, and undone to what each had", async () => {
  actions.tag(tasks.slice(0, 2), ["new", "own-0"]);
  const call = async (id: string) => {
    const patch = await there.call(`PATCH /api/tasks/${id}`);
    patch.answer();
    return patch.body;
  };
  assert.deepEqual(await call("t0"), { tags: ["own-0", "new"] });
  assert.deepEqual(await call("t1"), { tags: ["own-1", "new", "own-0"] });
  press(text.undo.undo);
  assert.deepEqual(await call("t0"), { tags: ["own-0"] });
  assert.deepEqual(await call("t1"), { tags: ["own-1"] });
});

test("many are held back together, and one press takes all of them back", async () => {
  actions.delete(tasks);
  assert.equal(mission.pending.get("t6")?.label, text.action.deleting);
  press(text.undo.undo);
  mock.timers.tick(UNDO_MS);
  await settled();
  assert.deepEqual([there.open, words(), mission.pending.get("t6")], [[], [], undefined]);
});

test("many that were held are sent when their time is over", async () => {
  actions.cancel(tasks.slice(0, 2));
  mock.timers.tick(UNDO_MS);
  assert.deepEqual(there.open, ["POST /api/tasks/t0/cancel", "POST /api/tasks/t1/cancel"]);
});
