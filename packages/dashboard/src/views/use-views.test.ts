import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { SavedView } from "@mission-control/protocol";
import { QueryObserver } from "@tanstack/react-query";
import { settled, TestMission } from "../../test/support/test-mission.ts";
import { viewCalls } from "./use-views.ts";

let there: TestMission;
let calls: ReturnType<typeof viewCalls>;
let stop: () => void;
beforeEach(async () => {
  there = new TestMission();
  calls = viewCalls(there.mission);
  // Somebody shows the views.
  stop = new QueryObserver(there.mission.queries, {
    queryKey: ["views"],
    queryFn: () => there.mission.api.get("/api/views"),
    staleTime: Number.POSITIVE_INFINITY,
  }).subscribe(() => undefined);
  (await there.call("GET /api/views")).answer({ items: [] });
  await settled();
});
afterEach(() => {
  stop();
  there.close();
});

const view: SavedView = {
  id: "view/1",
  name: "Failures",
  page: "activity",
  search: "types=error",
  createdAt: "2026-11-23T10:00:00.000Z",
};
/** The list is read anew, and only then is the change done. */
const readAnew = async () => (await there.call("GET /api/views")).answer({ items: [] });

test("a change is done when the list shows it", async () => {
  let isDone = false;
  const changing = calls.update(view.id, { name: "Errors" }).then((refused) => {
    isDone = true;
    return refused;
  });
  const call = await there.call("PATCH /api/views/view%2F1");
  assert.deepEqual(call.body, { name: "Errors" });
  call.answer(view);
  await settled();
  assert.equal(isDone, false);
  await readAnew();
  assert.equal(await changing, null);
});

test("a change that is refused says why, and the list is read anew: it may be another by now", async () => {
  const changing = calls.remove(view.id);
  (await there.call("DELETE /api/views/view%2F1")).refuse(404, "There is no such view.");
  await readAnew();
  assert.equal(await changing, "There is no such view.");
});

test("a removed view comes back with what it was, where it was", async () => {
  const restoring = calls.restore(view, 2);
  const made = await there.call("POST /api/views");
  assert.deepEqual(made.body, { name: "Failures", page: "activity", search: "types=error" });
  made.answer({ ...view, id: "view_9" });
  const moved = await there.call("PATCH /api/views/view_9");
  assert.deepEqual(moved.body, { index: 2 });
  moved.answer(view);
  await readAnew();
  assert.equal(await restoring, null);
});

test("one that cannot be made again says why, and nothing is moved", async () => {
  const restoring = calls.restore(view, 2);
  (await there.call("POST /api/views")).refuse(409, "There is a view of that name.");
  assert.equal(await restoring, "There is a view of that name.");
  assert.deepEqual(there.open, []);
});
