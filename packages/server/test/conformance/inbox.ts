import assert from "node:assert/strict";
import { test } from "node:test";
import type { Callback, Silence } from "@mission-control/protocol";
import { callback, createTask, dispatchTo, type Engine, register, running, Subject } from "./engine.ts";

const REQUEST = { id: "r1", title: "May I?", options: [{ optionId: "yes", name: "Yes" }] };

/** Asks, as the agent of a task, for a permission. */
function asks(taskId: string, agentId: string, request = REQUEST) {
  const said: Callback = { taskId, agentId, type: "permission", request };
  return { kind: "callback", taskId, callback: said, at: "2026-01-01T00:00:00.000Z" } as const;
}

function missed(taskId: string, dispatchId: string, silence: Silence | null) {
  return { kind: "silence", taskId, dispatchId, silence, lastWordAt: undefined } as const;
}

async function shownBy({ store }: Subject, limit = 100) {
  const { items, counts, running: atWork } = await store.inbox(limit);
  return { items: items.map(({ id, waiting }) => `${id} ${waiting?.kind}`), counts, running: atWork };
}

const NONE = { question: 0, undelivered: 0, review: 0, failure: 0, silent: 0 };

/** The inbox shows what waits for a human, all of it and nothing else, at any time and after a restart. */
export function inbox(engine: Engine): void {
  test("what waits for a human is shown with the oldest first, until it waits no more", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    assert.deepEqual(await shownBy(subject), { items: [], counts: NONE, running: 0 });
    await register(store, "a1", 10);
    await store.change(createTask("reviewed", { requiresReview: true }));
    await store.change(dispatchTo("a1", "reviewed", "d1"));
    await store.change({ kind: "sending", taskId: "reviewed", dispatchId: "d1" });
    for (const [id, dispatch] of [
      ["failed", "d2"],
      ["asking", "d3"],
      ["missed", "d4"],
      ["slow", "d5"],
    ] as const) {
      await running(store, id, "a1", dispatch);
    }
    await subject.change(missed("missed", "d4", { state: "silent", since: "2025-12-31T00:00:00.000Z" }));
    await subject.change(
      missed("slow", "d5", { state: "not_responding", since: "2025-12-31T00:00:00.000Z" }),
    );
    await subject.change(asks("asking", "a1"));
    await subject.change(callback("failed", "a1", { type: "error" }));
    const { task } = await subject.change(callback("reviewed", "a1", { type: "complete" }));
    const all = {
      items: ["missed silent", "asking question", "failed failure", "reviewed review"],
      counts: { ...NONE, question: 1, review: 1, failure: 1, silent: 1 },
      running: 2,
    };
    assert.deepEqual(await shownBy(subject), all);
    await subject.reopen();
    assert.deepEqual(await shownBy(subject), all);
    const { items, lastEventId } = await subject.store.inbox(100);
    assert.equal(lastEventId, (await subject.store.range()).newest);
    assert.deepEqual(items.at(-1), await subject.store.task("reviewed"));
    assert.equal(items.at(-1)?.waiting?.since, task?.updatedAt);

    await subject.change({ kind: "answer_permission", taskId: "asking", requestId: "r1", optionId: "yes" });
    await subject.change({ kind: "approve", taskId: "reviewed" });
    await subject.change(dispatchTo("a1", "failed", "d6"));
    await subject.change(callback("missed", "a1", { type: "progress" }));
    assert.deepEqual(await shownBy(subject), { items: [], counts: NONE, running: 3 });
    await subject.change({ kind: "force_end", taskId: "missed" });
    assert.deepEqual((await shownBy(subject)).items, ["missed failure"]);
    await subject.change({ kind: "delete", taskId: "missed" });
    assert.deepEqual((await shownBy(subject)).items, []);
    await subject.discard();
  });

  test("an answer that the agent did not get waits until somebody writes, the agent asks again, or the attempt ends", async () => {
    const subject = await Subject.open(engine);
    await register(subject.store, "a1", 10);
    const failed = { kind: "answer_delivered", requestId: "r1", reason: "It no longer knows it." } as const;
    for (const id of ["written", "asks", "ended", "late"]) {
      await running(subject.store, id, "a1", `d-${id}`);
      await subject.change(asks(id, "a1"));
      await subject.change({ kind: "answer_permission", taskId: id, requestId: "r1", optionId: "yes" });
    }
    await subject.change({ kind: "cancel", taskId: "late" });
    for (const id of ["written", "asks", "ended", "late"]) {
      await subject.change({ ...failed, taskId: id, dispatchId: `d-${id}` });
    }
    await subject.reopen();
    assert.deepEqual(await shownBy(subject), {
      items: ["written undelivered", "asks undelivered", "ended undelivered"],
      counts: { ...NONE, undelivered: 3 },
      running: 3,
    });
    const { undelivered, waiting } = (await subject.store.task("written")) ?? assert.fail();
    assert.deepEqual(
      [undelivered?.requestId, undelivered?.title, undelivered?.reason, undelivered?.since],
      ["r1", "May I?", "It no longer knows it.", waiting?.since],
    );
    const message = { messageId: "m1", text: "Yes, do it.", mode: "steer", by: "operator" } as const;
    await subject.change({ kind: "send_message", taskId: "written", ...message });
    await subject.change(callback("asks", "a1", { type: "progress" }));
    assert.deepEqual((await shownBy(subject)).items, ["asks undelivered", "ended undelivered"]);
    await subject.change(asks("asks", "a1", { ...REQUEST, id: "r2" }));
    await subject.change(callback("ended", "a1", { type: "complete" }));
    assert.deepEqual((await shownBy(subject)).items, ["asks question"]);
    await subject.discard();
  });

  test("many failures neither hide a question nor make the inbox long", async () => {
    const subject = await Subject.open(engine);
    await register(subject.store, "a1", 10);
    for (let index = 0; index < 5; index++) {
      await running(subject.store, `t${index}`, "a1", `d${index}`);
      await subject.change(callback(`t${index}`, "a1", { type: "error" }));
    }
    await running(subject.store, "asking", "a1", "d9");
    await subject.change(asks("asking", "a1"));
    assert.deepEqual(await shownBy(subject, 2), {
      items: ["t0 failure", "t1 failure", "asking question"],
      counts: { ...NONE, failure: 5, question: 1 },
      running: 1,
    });
    await subject.discard();
  });

  test("a question has waited since it was asked first, and the next one since it was asked", async () => {
    const subject = await Subject.open(engine);
    await register(subject.store, "a1");
    await running(subject.store, "t1", "a1", "d1");
    const first = await subject.change(asks("t1", "a1"));
    const second = await subject.change(asks("t1", "a1", { ...REQUEST, id: "r2" }));
    await subject.change(asks("t1", "a1", { ...REQUEST, title: "May I now?" }));
    const since = async () => (await subject.store.inbox(1)).items[0]?.waiting?.since;
    assert.equal(await since(), first.task?.updatedAt);
    await subject.change({ kind: "answer_permission", taskId: "t1", requestId: "r1", optionId: "yes" });
    assert.equal(await since(), second.task?.updatedAt);
    await subject.discard();
  });
}
