import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { changeOf, story, TASKS } from "../support/task-changes.ts";
import { checkAgainst, checkLog, checkPicture, checkStep } from "../support/task-invariants.ts";
import { TaskModel } from "../support/task-model.ts";
import { type Engine, plain, runs, Subject } from "./engine.ts";

/** Random stories told to the store: doubled, interrupted by restarts, and judged by the model of the contract. */
export function stories(engine: Engine): void {
  test("no story, doubled or interrupted by restarts, leads to what the contract forbids", async () => {
    await fc.assert(
      fc.asyncProperty(story, fc.infiniteStream(fc.nat(99)), async (steps, dice) => {
        const subject = await Subject.open(engine);
        const picture = async (id: string) => ({
          task: await subject.store.task(id),
          attempts: plain(await subject.store.attemptsOf(id)),
        });
        const model = new TaskModel();
        const told = new Map<string, number>(TASKS.map((id) => [id, 0]));
        for (const [number, step] of steps.entries()) {
          const change = changeOf(step, model, number);
          const before = new Map<string, Awaited<ReturnType<typeof picture>>>();
          for (const id of TASKS) before.set(id, await picture(id));
          const from = (await subject.followed()).length;
          const expected = model.apply(change);
          const key = change.kind === "callback" ? { scope: "story", key: `${number}` } : undefined;
          const doubled = key && (dice.next().value ?? 0) < 30;
          const [result, repeat] = await Promise.all([
            subject.change(change, key),
            doubled ? subject.change(change, key) : null,
          ]);
          if (dice.next().value === 0) await subject.reopen();
          if (repeat && expected.events.length > 0) {
            assert.deepEqual([result.duplicate, repeat.duplicate], [false, true]);
            assert.deepEqual([repeat.eventId, repeat.refusal], [result.eventId, result.refusal]);
          }
          const events = (await subject.followed()).slice(from);
          assert.deepEqual(
            events.map(({ type }) => type),
            expected.events,
          );
          for (const id of TASKS) {
            const after = await picture(id);
            checkAgainst(model.tasks.get(id), after);
            checkPicture(after);
            const stepEvents = id === change.taskId ? (await subject.log()).slice(from) : [];
            checkStep(before.get(id) ?? after, after, stepEvents);
          }
          if (change.kind === "delete" && !result.refusal) told.set(change.taskId, subject.entries.length);
        }
        const log = await subject.log();
        assert.deepEqual(
          log.map(({ id }) => id),
          log.map((_, index) => index + 1),
        );
        for (const id of TASKS) {
          checkLog(log.slice(told.get(id)).filter(({ taskId }) => taskId === id));
        }
        await subject.discard();
      }),
      { numRuns: runs(engine, 25) },
    );
  });
}
