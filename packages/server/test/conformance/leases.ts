import assert from "node:assert/strict";
import { test } from "node:test";
import { FencedError } from "../../src/store/operations.ts";
import { createTask, dispatchTo, type Engine, newEvent, register, Subject } from "./engine.ts";

/** A lease has one holder at a time, and nobody commits under one that is lost. */
export function leases(engine: Engine): void {
  const signal = new AbortController().signal;

  test("of several who ask, one has it at a time, and each gets it once the one before gives it back", async () => {
    const subject = await Subject.open(engine);
    let holders = 0;
    const fences: number[] = [];
    const take = async () => {
      const lease = await subject.store.lease("queue", signal);
      assert.equal(++holders, 1);
      fences.push(lease.token.fence);
      await subject.change(createTask(`t${lease.token.fence}`));
      assert.equal(lease.lost.aborted, false);
      holders--;
      await lease.release();
      assert.equal(lease.lost.aborted, true);
    };
    await Promise.all(Array.from({ length: 5 }, take));
    assert.deepEqual(
      fences,
      [...new Set(fences)].sort((a, b) => a - b),
      "fencing numbers rise",
    );
    await subject.discard();
  });

  test("leases of other names are free of it, and a wait ends with its signal", async () => {
    const subject = await Subject.open(engine);
    const held = await subject.store.lease("one", signal);
    const other = await subject.store.lease("two", signal);
    const giveUp = new AbortController();
    const waiting = subject.store.lease("one", giveUp.signal);
    giveUp.abort(new Error("no longer wanted"));
    await assert.rejects(waiting, /no longer wanted/);
    await held.release();
    const again = await subject.store.lease("one", signal);
    assert.ok(again.token.fence > held.token.fence);
    await Promise.all([other.release(), again.release()]);
    await subject.discard();
  });

  test("what is committed under a lease that went to another is refused, and stores nothing", async () => {
    const subject = await Subject.open(engine);
    await register(subject.store, "a1");
    await subject.change(createTask("t1"));
    await subject.change(dispatchTo("a1", "t1", "d1"));
    const first = await subject.store.lease("queue", signal);
    await first.release();
    const { newest } = await subject.store.range();
    const sending = { kind: "sending", taskId: "t1", dispatchId: "d1" } as const;
    await assert.rejects(subject.store.claim("a1", first.token), FencedError);
    await assert.rejects(subject.store.change(sending, { under: first.token }), FencedError);
    await assert.rejects(subject.store.append([newEvent("gateway")], { under: first.token }), FencedError);
    const remove = () => ({ record: null, event: newEvent("agent") });
    await assert.rejects(subject.store.edit("agent", "a1", remove, { under: first.token }), FencedError);
    const policy = { keepEvents: 0, receiptsBefore: "2000-01-01T00:00:00.000Z", under: first.token };
    await assert.rejects(subject.store.prune(policy), FencedError);
    const second = await subject.store.lease("queue", signal);
    await assert.rejects(subject.store.claim("a1", first.token), FencedError);
    assert.equal((await subject.store.range()).newest, newest);
    const { claimed } = await subject.store.claim("a1", second.token);
    assert.equal(claimed.length, 1);
    await subject.discard();
  });
}
