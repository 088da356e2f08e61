import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskChange } from "../../src/tasks/change.ts";
import { callback, createTask, type Engine, register, running, Subject } from "./engine.ts";

const [X, Y, Z] = ["1", "2", "3"].map((digit) => digit.repeat(64)) as [string, string, string];

/** Leaves something behind, as the agent of a task. */
function leaves(taskId: string, id: string, sha256: string): TaskChange {
  const artifact = { id, name: `${id}.txt`, mediaType: "text/plain", size: 4, sha256 };
  const said = { taskId, agentId: "a1", type: "artifact", artifact } as const;
  return { kind: "callback", taskId, callback: said, at: "2026-01-01T00:00:00.000Z" };
}

/** What attempts leave behind is kept with them, in the commit that tells of it. */
export function artifacts(engine: Engine): void {
  test("artifacts are listed in the order they came, in pages, until their task is deleted", async () => {
    const subject = await Subject.open(engine);
    await register(subject.store, "a1", 2);
    await running(subject.store, "t1", "a1", "d1");
    await running(subject.store, "t2", "a1", "d2");
    const key = { scope: "callback:d1", key: "once" };
    const first = await subject.change(leaves("t1", "x", X), key);
    assert.deepEqual([first.refusal, first.attempt?.state], [undefined, "running"]);
    assert.equal((await subject.change(leaves("t1", "again", X), key)).duplicate, true);
    await Promise.all([
      subject.change(leaves("t1", "y", Y)),
      subject.change(leaves("t2", "also-x", X)),
      subject.change(leaves("t1", "also-y", Y)),
    ]);
    await subject.reopen();
    const page = await subject.store.artifacts("t1", 0, 2);
    assert.deepEqual(
      page.items.map(({ id }) => id),
      ["x", "y"],
    );
    const rest = await subject.store.artifacts("t1", Number(page.nextCursor), 2);
    assert.deepEqual([rest.items.map(({ id }) => id), rest.nextCursor], [["also-y"], null]);
    const kept = await subject.store.artifact("t1", "x");
    assert.deepEqual(kept, page.items[0]);
    const { createdAt, ...told } = kept ?? assert.fail();
    const about = { taskId: "t1", dispatchId: "d1", mediaType: "text/plain", size: 4, sha256: X };
    assert.deepEqual(told, { id: "x", name: "x.txt", ...about });
    assert.equal(createdAt, first.task?.updatedAt);
    assert.equal(await subject.store.artifact("t2", "x"), null);
    assert.deepEqual(await subject.store.contentsInUse([X, Y, Z]), new Set([X, Y]));
    const [event] = (
      await subject.store.history(null, { taskId: "t1", types: ["artifact"] }, 10)
    ).items.slice(-1);
    assert.deepEqual(event?.data, {
      artifactId: "x",
      name: "x.txt",
      mediaType: "text/plain",
      size: 4,
      sha256: X,
    });

    await subject.change(callback("t1", "a1", { type: "complete" }));
    const late = await subject.change(leaves("t1", "late", Z));
    assert.equal(late.refusal?.code, "conflict");
    assert.deepEqual(await subject.store.contentsInUse([Z]), new Set());
    await Promise.all([subject.change({ kind: "delete", taskId: "t1" }), subject.change(createTask("t1"))]);
    assert.deepEqual((await subject.store.artifacts("t1", 0, 10)).items, []);
    assert.deepEqual(await subject.store.contentsInUse([X, Y]), new Set([X]));
    await subject.discard();
  });
}
