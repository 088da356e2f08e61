import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskSummary } from "@mission-control/protocol";
import { foldEvent } from "@mission-control/protocol/task-fold";
import fc from "fast-check";
import { MemoryWorkingSet } from "../../test/support/memory-working-set.ts";
import { changeOf, story } from "../../test/support/task-changes.ts";
import { TaskModel } from "../../test/support/task-model.ts";
import { taskSummary } from "../api/task-view.ts";
import type { Task } from "../tasks/task.ts";
import { decodeFrame } from "./event-frame.ts";

/** What the wire shows of a task and its events say: JSON, as a follower has it. */
function shown(task: Task): Omit<TaskSummary, "usage"> {
  const { usage: _, ...told } = taskSummary(task);
  return JSON.parse(JSON.stringify(told));
}

test("whoever folds the events of a task has the task that the server has", () => {
  const folded = new Set<string>();
  fc.assert(
    fc.property(story, (steps) => {
      const store = new MemoryWorkingSet();
      const model = new TaskModel();
      const tasks = new Map<string, Omit<TaskSummary, "usage">>();
      for (const [number, step] of steps.entries()) {
        const at = new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString();
        const from = store.events.length;
        const change = changeOf(number === 0 ? { ...step, kind: "create" } : step, model, number);
        model.apply(change);
        const [outcome] = store.commit([{ kind: "change", at, change }]);
        assert.ok(outcome && "value" in outcome, "the rules throw nothing");
        const after = store.task(change.taskId);
        for (const { frame } of store.events.slice(from)) {
          const event = decodeFrame(frame);
          const before = tasks.get(change.taskId);
          const task = before ? foldEvent(before, event) : "incomplete";
          folded.add(`${event.type} ${typeof task === "string" ? task : "task"}`);
          if (task === "deleted") tasks.delete(change.taskId);
          else if (task !== "incomplete") tasks.set(change.taskId, JSON.parse(JSON.stringify(task)));
          else if (after) tasks.set(change.taskId, shown(after));
        }
        assert.deepEqual(tasks.get(change.taskId), after ? shown(after) : undefined, change.kind);
      }
    }),
    { numRuns: 600 },
  );
  // A task taken from the server where its events would have said it is not folded: that must stay the exception.
  assert.deepEqual([...folded].sort(), [
    "activity task",
    "artifact task",
    "complete task",
    "dispatch task",
    "error task",
    "message task",
    "permission incomplete",
    "permission task",
    "status_change task",
    "task deleted",
    "task incomplete",
  ]);
});
