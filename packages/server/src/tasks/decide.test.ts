import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewEvent } from "@mission-control/protocol";
import fc from "fast-check";
import { changeOf, story, TASKS } from "../../test/support/task-changes.ts";
import {
  checkAgainst,
  checkLog,
  checkPicture,
  checkStep,
  type Picture,
} from "../../test/support/task-invariants.ts";
import { TaskModel } from "../../test/support/task-model.ts";
import type { Decision, TaskChange } from "./change.ts";
import { decide } from "./decide.ts";
import { messageIdOf, openingIdOf } from "./messages.ts";
import type { Attempt, Message, Task } from "./task.ts";

/** Keeps what the rules decide, as a store would. */
class World {
  readonly tasks = new Map<string, Task>();
  readonly attempts = new Map<string, Attempt>();
  readonly messages = new Map<string, Message>();
  readonly logs = new Map<string, NewEvent[]>(TASKS.map((id) => [id, []]));
  #second = 0;

  apply(change: TaskChange): Decision {
    const task = this.tasks.get(change.taskId) ?? null;
    const named = "dispatchId" in change ? change.dispatchId : undefined;
    const attempt = this.attempts.get(named ?? task?.dispatchId ?? "") ?? null;
    const now = new Date(Date.UTC(2026, 0, 1, 0, 0, this.#second++)).toISOString();
    const message = this.messages.get(messageIdOf(change) ?? "") ?? null;
    const opening = this.messages.get(openingIdOf(attempt) ?? "") ?? null;
    const decision = decide({ task, attempt, message, opening }, change, now);
    for (const moved of [decision.message, decision.opening]) if (moved) this.messages.set(moved.id, moved);
    if (decision.deleted) this.#delete(change.taskId);
    if (decision.task) this.tasks.set(decision.task.id, decision.task);
    if (decision.attempt) this.attempts.set(decision.attempt.id, decision.attempt);
    for (const event of decision.events) {
      assert.equal(event.receivedAt, now);
      assert.equal(event.taskId, change.taskId, "what happens to a task is told of that task");
    }
    this.logs.get(change.taskId)?.push(...decision.events);
    return decision;
  }

  picture(taskId: string): Picture {
    const attempts = [...this.attempts.values()].filter((attempt) => attempt.taskId === taskId);
    return { task: this.tasks.get(taskId) ?? null, attempts };
  }

  #delete(taskId: string): void {
    this.tasks.delete(taskId);
    for (const attempt of this.attempts.values()) {
      if (attempt.taskId === taskId) this.attempts.delete(attempt.id);
    }
  }
}

test("no story leads to a state or an order of events that the contract forbids", () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(story, (steps) => {
      const model = new TaskModel();
      const world = new World();
      for (const [number, step] of steps.entries()) {
        const change =
          number === 0 ? changeOf({ ...step, kind: "create" }, model, 0) : changeOf(step, model, number);
        const before = new Map(TASKS.map((id) => [id, world.picture(id)]));
        const expected = model.apply(change);
        const decision = world.apply(change);

        const types = decision.events.map(({ type }) => type);
        assert.deepEqual(types, expected.events, `${change.kind}: told in the contract's order`);
        assert.equal(
          decision.command?.kind,
          expected.command,
          "agents are told what they must know, no more",
        );
        if (decision.refusal) {
          const { task, attempt, deleted, command } = decision;
          assert.deepEqual([task, attempt, deleted, command], [undefined, undefined, undefined, undefined]);
          for (const { data } of decision.events) assert.equal(data.late, true);
        }
        if (expected.outcome === "done") assert.equal(decision.refusal, undefined);
        else if (expected.outcome !== "ignored") assert.equal(decision.refusal?.code, expected.outcome);

        for (const id of TASKS) {
          const after = world.picture(id);
          if (id !== change.taskId || decision.refusal) assert.deepEqual(after, before.get(id));
          checkAgainst(model.tasks.get(id), after);
          checkPicture(after);
          checkStep(before.get(id) ?? after, after, id === change.taskId ? decision.events : []);
          reached.add(`${after.task?.status} ${after.attempts.at(-1)?.state}`);
        }
        checkLog(world.logs.get(change.taskId) ?? []);
        if (decision.deleted) world.logs.set(change.taskId, []);
      }
    }),
    { numRuns: 1500 },
  );
  const interesting = [
    "queued queued",
    "queued sending",
    "in_progress accepted",
    "in_progress running",
    "review completed",
    "completed completed",
    "failed failed",
    "failed rejected",
    "failed lost",
    "cancelled cancelled",
    "cancelled completed",
  ];
  for (const state of interesting) assert.ok(reached.has(state), `the stories never reached ${state}`);
});
