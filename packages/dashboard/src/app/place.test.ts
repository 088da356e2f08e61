import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PAGES } from "./pages.ts";
import { placeOf, taskIdOf, titleOf } from "./place.ts";

test("every page of the rail is found by its address, and nothing else is", () => {
  for (const page of PAGES) assert.deepEqual(placeOf(page.to), { page, taskId: null });
  for (const nowhere of ["", "/nowhere", "/boards", "/inbox/x", "/tasks", "/tasks/", "/tasks/a/b"]) {
    assert.deepEqual(placeOf(nowhere), { page: null, taskId: null }, nowhere);
  }
});

test("a task belongs to the board, whatever its id is made of", () => {
  assert.equal(placeOf("/tasks/task_1").page?.to, "/board");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (id) => {
      assert.equal(taskIdOf(`/tasks/${encodeURIComponent(id)}`), id);
      assert.equal(taskIdOf(`/tasks/${encodeURIComponent(id)}/`), id);
    }),
  );
});

test("an address that is encoded wrongly leads to a task that is not there, not to a page that is broken", () => {
  for (const id of ["100%", "%zz", "%E0%A4%A", "%"]) assert.equal(taskIdOf(`/tasks/${id}`), id);
});

test("the title says how much waits, then where one is", () => {
  assert.equal(titleOf("Mission Control", "Board", 3), "(3) Board · Mission Control");
  assert.equal(titleOf("Mission Control", "Board", 0), "Board · Mission Control");
  assert.equal(titleOf("Mission Control", "Board", null), "Board · Mission Control");
  assert.equal(titleOf("Mission Control", undefined, 2), "(2) Mission Control");
  assert.equal(titleOf("Mission Control", "", null), "Mission Control");
});
