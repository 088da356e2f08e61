import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ExchangeKind,
  type ExchangeRecord,
  exchangeRow,
  newExchangeId,
} from "../../src/store/exchanges.ts";
import { FencedError } from "../../src/store/operations.ts";
import type { Store } from "../../src/store/store.ts";
import { type Engine, Subject } from "./engine.ts";

const START = Date.UTC(2026, 0, 1);

/** What was sent and answered is kept beside the log, each kind by itself. */
export function exchanges(engine: Engine): void {
  const { signal } = new AbortController();

  test("exchanges are there after a restart as they were, and one that comes twice is there once", async () => {
    const subject = await Subject.open(engine);
    const told = exchange("request", 1, { reason: "\u0000 \u{1f680}", taskId: "t1", dispatchId: "d1" });
    await subject.store.addExchanges([told, exchange("refused", 2, { result: "refused" })].map(exchangeRow));
    await subject.store.addExchanges([told].map(exchangeRow));
    await subject.reopen();
    const { store } = subject;
    assert.deepEqual(await store.exchange(told.id), told);
    assert.equal(await store.exchange("request_0"), null);
    assert.equal((await store.exchanges({ kind: "request", limit: 10 })).length, 1);
    assert.equal((await store.exchanges({ kind: "refused", limit: 10 })).length, 1);
    await subject.discard();
  });

  test("they are found by result, agent, task, attempt and time, newest first, page after page", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    const all = [
      exchange("request", 1, { agentId: "a1", taskId: "t1", dispatchId: "d1" }),
      exchange("request", 2, { agentId: "a2", taskId: "t1", dispatchId: "d2", result: "failed" }),
      exchange("request", 3, { agentId: "a1", taskId: "t2", dispatchId: "d3", result: "refused" }),
      exchange("request", 4, { agentId: "a1", taskId: "t1", dispatchId: "d1" }),
    ];
    await store.addExchanges(
      [...all.slice(2), ...all.slice(0, 2), exchange("refused", 5, { taskId: "t1" })].map(exchangeRow),
    );
    const found = async (query: Partial<Parameters<Store["exchanges"]>[0]>) =>
      (await store.exchanges({ kind: "request", limit: 10, ...query })).map(placeOf);
    assert.deepEqual(await found({}), [4, 3, 2, 1]);
    assert.deepEqual(await found({ agentId: "a1" }), [4, 3, 1]);
    assert.deepEqual(await found({ taskId: "t1", result: "ok" }), [4, 1]);
    assert.deepEqual(await found({ dispatchId: "d1" }), [4, 1]);
    assert.deepEqual(await found({ result: "failed" }), [2]);
    assert.deepEqual(await found({ from: timeOf(2), limit: 2 }), [4, 3]);
    assert.deepEqual(await found({ from: timeOf(2), before: all[2]?.id }), [2]);
    await subject.discard();
  });

  test("of each kind the newest few stay, by number, by size and by age", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    const lease = await store.lease("exchanges", signal);
    const under = lease.token;
    const rows = [1, 2, 3, 4, 5, 6].map((second) => exchange("request", second));
    await store.addExchanges([...rows, exchange("refused", 1)].map(exchangeRow));
    const left = async () => (await store.exchanges({ kind: "request", limit: 10 })).map(placeOf);
    const policy = {
      kind: "request",
      keep: 100,
      maxBytes: 1_000_000,
      before: timeOf(0),
      rows: 2,
      under,
    } as const;
    assert.equal(await store.pruneExchanges(policy), false);
    assert.deepEqual(await left(), [6, 5, 4, 3, 2, 1]);
    assert.equal(await store.pruneExchanges({ ...policy, before: timeOf(2) }), false);
    assert.deepEqual(await left(), [6, 5, 4, 3, 2]);
    assert.equal(await store.pruneExchanges({ ...policy, keep: 2 }), true);
    assert.deepEqual(await left(), [6, 5, 4]);
    assert.equal(await store.pruneExchanges({ ...policy, keep: 2 }), false);
    assert.deepEqual(await left(), [6, 5]);
    const size = Buffer.byteLength(JSON.stringify(rows[5]));
    assert.equal(await store.pruneExchanges({ ...policy, maxBytes: size }), false);
    assert.deepEqual(await left(), [6]);
    assert.equal((await store.exchanges({ kind: "refused", limit: 10 })).length, 1);
    await lease.release();
    await assert.rejects(store.pruneExchanges({ ...policy, keep: 0 }), FencedError);
    assert.deepEqual(await left(), [6]);
    await subject.discard();
  });
}

function timeOf(second: number): string {
  return new Date(START + second * 1000).toISOString();
}

function placeOf({ at }: ExchangeRecord): number {
  return (Date.parse(at) - START) / 1000;
}

function exchange(kind: ExchangeKind, second: number, more: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    id: newExchangeId(kind, new Date(timeOf(second))),
    direction: kind === "request" ? "dispatch" : "callback",
    what: "dispatch",
    at: timeOf(second),
    result: "ok",
    tryCount: 1,
    tries: [],
    ...more,
  };
}
