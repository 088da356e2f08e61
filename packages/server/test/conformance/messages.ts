import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttachedFile } from "@mission-control/protocol";
import type { TaskChange } from "../../src/tasks/change.ts";
import { callback, type Engine, running, Subject } from "./engine.ts";

/** What is written to agents is kept with its task, in order, as far as it has come. */
export function messages(engine: Engine): void {
  test("messages are read back in order, in pages, as far as they have come, also after a restart", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    await running(subject.store, "t2", "a2", "d2");
    await Promise.all(["m1", "m2", "m3"].map((id) => subject.change(send("t1", id))));
    await subject.change(send("t2", "other"));
    await subject.change(moved("m2", "delivered"));
    await subject.change(callback("t1", "a1", { type: "progress", data: { messageId: "m2" } }));
    await subject.change(moved("m1", "refused", "Not now."));
    const expected = [
      ["m1", "refused", "Not now."],
      ["m2", "taken_up", undefined],
      ["m3", "sending", undefined],
    ];
    const all = await subject.store.messagesOf("t1", 0, 10);
    const brief = (items: typeof all.items) => items.map(({ id, state, reason }) => [id, state, reason]);
    assert.deepEqual(brief(all.items), expected);
    assert.equal(all.nextCursor, null);
    const first = await subject.store.messagesOf("t1", 0, 2);
    const rest = await subject.store.messagesOf("t1", Number(first.nextCursor), 2);
    assert.deepEqual(brief([...first.items, ...rest.items]), expected);
    assert.equal(rest.nextCursor, null);
    await subject.reopen();
    assert.deepEqual(await subject.store.messagesOf("t1", 0, 10), all);
    assert.deepEqual(await subject.store.message("m2"), all.items[1]);
    const commands = (await subject.store.pendingCommands()).map(({ command }) => command);
    assert.deepEqual(
      commands,
      ["m1", "m2", "m3", "other"].map((messageId) => ({ kind: "message", messageId })),
    );
    await subject.discard();
  });

  test("a message that is written again with its key is the first one, and announced once", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    const key = { scope: "messages", key: "k1", fingerprint: "same" };
    const [one, two] = await Promise.all([
      subject.change(send("t1", "m1"), key),
      subject.change(send("t1", "m2"), key),
    ]);
    await subject.change(moved("m1", "delivered"));
    const three = await subject.change(send("t1", "m3"), key);
    for (const again of [two, three]) {
      assert.deepEqual([again.duplicate, again.message], [true, one.message]);
    }
    assert.equal((await subject.store.messagesOf("t1", 0, 10)).items.length, 1);
    await subject.discard();
  });

  test("the files of a message become artifacts of its task, in the same commit", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    const about = { mediaType: "text/plain", size: 4, sha256: "1".repeat(64) };
    const [one, two] = ["one", "two"].map((artifactId) => ({
      artifactId,
      name: `${artifactId}.txt`,
      ...about,
    })) as [AttachedFile, AttachedFile];
    const attachments = [one, two].map((file) => ({ file, isNew: file === one }));
    await subject.change({ ...send("t1", "m1"), attachments });
    await subject.reopen();
    assert.deepEqual((await subject.store.message("m1"))?.attachments, [one, two]);
    const { items } = await subject.store.artifacts("t1", 0, 10);
    assert.deepEqual(
      items.map(({ id, messageId, dispatchId, sha256 }) => [id, messageId, dispatchId, sha256]),
      [["one", "m1", "d1", about.sha256]],
    );
    await subject.discard();
  });

  test("messages go with their task, also where it is deleted while one is written", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    await subject.change(send("t1", "m1"));
    await Promise.all([
      subject.change(send("t1", "m2")),
      subject.change({ kind: "cancel", taskId: "t1" }),
      subject.change({ kind: "delete", taskId: "t1" }),
      subject.change(moved("m1", "delivered")),
    ]);
    assert.deepEqual([await subject.store.message("m1"), await subject.store.message("m2")], [null, null]);
    assert.deepEqual(await subject.store.messagesOf("t1", 0, 10), { items: [], nextCursor: null });
    await subject.discard();
  });
}

function send(taskId: string, messageId: string): Extract<TaskChange, { kind: "send_message" }> {
  return {
    kind: "send_message",
    taskId,
    messageId,
    text: `Text of ${messageId}`,
    mode: "next",
    by: "operator",
  };
}

function moved(messageId: string, state: "delivered" | "refused", reason?: string): TaskChange {
  return { kind: "message_moved", taskId: "t1", dispatchId: "d1", messageId, state, reason };
}
