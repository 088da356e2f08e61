import assert from "node:assert/strict";
import { test } from "node:test";
import { callback, createTask, type Engine, newEvent, running, Subject } from "./engine.ts";

/** A change with an idempotency key happens once, and every repeat gets the first answer. */
export function receipts(engine: Engine): void {
  const key = { scope: "callback:d1", key: "msg_1" };

  test("a repeat is answered as the first was and changes nothing, also after a restart", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    const first = await subject.change(callback("t1", "a1", { type: "progress", message: "one" }), key);
    assert.equal(first.duplicate, false);
    await subject.change(callback("t1", "a1", { type: "complete" }));
    const { newest } = await subject.store.range();
    for (let round = 0; round < 2; round++) {
      const repeat = await subject.change(callback("t1", "a1", { type: "progress", message: "one" }), key);
      assert.deepEqual(
        [repeat.duplicate, repeat.eventId, repeat.taskStatus, repeat.refusal],
        [true, first.eventId, "in_progress", undefined],
      );
      assert.equal((await subject.store.range()).newest, newest);
      await subject.reopen();
    }
    await subject.discard();
  });

  test("of repeats that arrive together, one counts", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    const { newest } = await subject.store.range();
    const said = callback("t1", "a1", { type: "progress", message: "once" });
    const results = await Promise.all(Array.from({ length: 20 }, () => subject.change(said, key)));
    assert.deepEqual(
      results.map(({ duplicate }) => duplicate),
      [false, ...Array(19).fill(true)],
    );
    assert.equal(new Set(results.map(({ eventId }) => eventId)).size, 1);
    const log = await subject.log();
    assert.equal(log.filter(({ message }) => message === "once").length, 1);
    // The agent's first word also moved its attempt to running; that has no event of its own.
    assert.equal((await subject.store.range()).newest, newest + 1);
    await subject.discard();
  });

  test("the same key in another scope, or with a longer scope and a shorter key, is another", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    const said = callback("t1", "a1", { type: "progress" });
    const keys = [
      { scope: "a", key: "b:c" },
      { scope: "a:b", key: "c" },
      { scope: "b", key: "b:c" },
      { scope: "a", key: "b:c " },
    ];
    for (const one of keys) assert.equal((await subject.change(said, one)).duplicate, false);
    for (const one of keys) assert.equal((await subject.change(said, one)).duplicate, true);
    await subject.discard();
  });

  test("a late callback is recorded once, and its repeats are refused the same", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    await subject.change({ kind: "cancel", taskId: "t1" });
    const late = callback("t1", "a1", { type: "complete" });
    const first = await subject.change(late, key);
    const { newest } = await subject.store.range();
    const again = await subject.change(late, key);
    assert.deepEqual([first.duplicate, again.duplicate], [false, true]);
    assert.equal(first.refusal?.code, "conflict");
    assert.deepEqual(again.refusal, first.refusal);
    assert.equal((await subject.store.range()).newest, newest);
    await subject.discard();
  });

  test("what recorded nothing is not remembered: the same key counts once there is something to change", async () => {
    const subject = await Subject.open(engine);
    const said = callback("t1", "a1", { type: "progress" });
    assert.equal((await subject.change(said, key)).refusal?.code, "not_found");
    await running(subject.store, "t1", "a1", "d1");
    const result = await subject.change(said, key);
    assert.deepEqual([result.duplicate, result.refusal], [false, undefined]);
    await subject.discard();
  });

  test("a creation repeated answers the same task; the same key for something else is a mismatch", async () => {
    const subject = await Subject.open(engine);
    const once = { scope: "tasks", key: "k", fingerprint: "f1" };
    const first = await subject.change(createTask("t1", { description: "long", context: { a: [1] } }), once);
    await subject.change({ kind: "edit", taskId: "t1", fields: { title: "edited since" } });
    const repeat = await subject.change(createTask("t2"), once);
    assert.deepEqual([repeat.duplicate, repeat.task], [true, first.task]);
    assert.equal(await subject.store.task("t2"), null);
    const other = await subject.change(createTask("t3"), { ...once, fingerprint: "f2" });
    assert.deepEqual([other.refusal?.code, other.task], ["mismatch", null]);
    assert.equal(await subject.store.task("t3"), null);
    await subject.discard();
  });

  test("a delivery too old to believe is refused unless it is a known repeat", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    const { newest } = await subject.store.range();
    const said = callback("t1", "a1", { type: "progress" });
    const old = { ...key, onlyIfKnown: true };
    const stale = await subject.change(said, old);
    assert.deepEqual([stale.refusal?.code, stale.eventId], ["stale", null]);
    assert.equal((await subject.store.range()).newest, newest, "nothing was stored");
    const first = await subject.change(said, key);
    assert.equal(first.duplicate, false, "nor remembered");
    const known = await subject.change(said, old);
    assert.deepEqual([known.duplicate, known.eventId, known.refusal], [true, first.eventId, undefined]);
    await subject.discard();
  });

  test("receipts are forgotten in steps, oldest first, and not before their time", async () => {
    let at = Date.UTC(2026, 0, 1);
    const subject = await Subject.open(engine, () => new Date(at));
    await running(subject.store, "t1", "a1", "d1");
    const said = callback("t1", "a1", { type: "progress" });
    const keys = Array.from({ length: 1300 }, (_, index) => ({ scope: "d1", key: `msg_${index}` }));
    for (const [from, to] of [
      [0, 1200],
      [1200, 1300],
    ]) {
      await Promise.all(keys.slice(from, to).map((key) => subject.change(said, key)));
      // An engine may keep the newest beside their table until somebody reads, and put them there together.
      await subject.store.taskEvents("t1", 0, 1);
      at += 60_000;
    }
    at -= 60_000;
    const receiptsBefore = new Date(at).toISOString();
    let steps = 0;
    while (await subject.store.prune({ keepEvents: 1_000_000, receiptsBefore })) {
      await subject.store.append([newEvent("gateway")]);
      assert.ok(++steps < 20);
    }
    assert.ok(steps > 1, "a step is small");
    const repeats = await Promise.all(keys.map((key) => subject.change(said, key)));
    assert.deepEqual(
      repeats.map(({ duplicate }) => duplicate),
      keys.map((_, index) => index >= 1200),
    );
    await subject.discard();
  });

  test("receipts of a time when the clock was ahead do not keep later ones for ever", async () => {
    let at = Date.UTC(2030, 0, 1);
    const subject = await Subject.open(engine, () => new Date(at));
    await running(subject.store, "t1", "a1", "d1");
    const said = callback("t1", "a1", { type: "progress" });
    const send = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, index) =>
          subject.change(said, { scope: "d1", key: `msg_${from + index}` }),
        ),
      );
    await send(0, 300);
    at = Date.UTC(2026, 0, 1);
    await send(300, 15_000);
    at = Date.UTC(2026, 0, 9);
    await send(15_000, 15_010);
    const policy = {
      keepEvents: 1_000_000,
      receiptsBefore: new Date(at - 7 * 86_400_000).toISOString(),
      rows: 2000,
    };
    let steps = 0;
    while (await subject.store.prune(policy)) assert.ok(++steps < 50);
    const repeats = [...(await send(0, 1)), ...(await send(299, 301)), ...(await send(15_000, 15_010))];
    assert.deepEqual(
      repeats.map(({ duplicate }) => duplicate),
      [false, false, false, ...Array(10).fill(true)],
    );
    await subject.discard();
  });
}
