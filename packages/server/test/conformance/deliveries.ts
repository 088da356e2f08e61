import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryRecord, DeliveryWrite } from "../../src/store/deliveries.ts";
import { FencedError } from "../../src/store/operations.ts";
import type { WebhookRecord } from "../../src/store/records.ts";
import { InvalidCursorError, type Store } from "../../src/store/store.ts";
import { type Engine, newEvent, Subject } from "./engine.ts";

const AT = "2026-01-01T00:00:00.000Z";

/** Deliveries are written with their endpoint's position, in one commit, and go with the endpoint. */
export function deliveries(engine: Engine): void {
  const { signal } = new AbortController();

  test("deliveries and their endpoint's position are written together, and are there after a restart", async () => {
    const { subject, write } = await open(engine);
    await write("w1", 7, [delivery("w1", 5, "waiting"), delivery("w1", 6), delivery("w1", 4, "waiting")]);
    await write("w1", 9, [{ ...delivery("w1", 5), tryCount: 3 }]);
    await subject.reopen();
    const { store } = subject;
    assert.equal((await store.record("webhook", "w1"))?.position, 9);
    assert.deepEqual(await store.delivery("w1.5"), { ...delivery("w1", 5), tryCount: 3 });
    assert.equal(await store.delivery("w1.8"), null);
    assert.deepEqual(ids(await store.waitingDeliveries("w1", 10)), ["w1.4"]);
    await subject.discard();
  });

  test("an event is kept with its delivery until it is delivered", async () => {
    const { subject, write } = await open(engine);
    const { store } = subject;
    const waiting = delivery("w1", 5, "waiting");
    await write("w1", 5, [{ ...waiting, event: '{"id":5,"message":"\\u0000é"}' }]);
    await write("w1", 5, [{ ...waiting, tryCount: 1 }]);
    assert.equal(await store.deliveryEvent("w1.5"), '{"id":5,"message":"\\u0000é"}');
    assert.deepEqual(await store.delivery("w1.5"), { ...waiting, tryCount: 1 });
    await write("w1", 5, [delivery("w1", 5)]);
    assert.equal(await store.deliveryEvent("w1.5"), null);
    assert.equal(await store.deliveryEvent("w1.6"), null);
    await subject.discard();
  });

  test("an edit under a lease that is lost writes no delivery", async () => {
    const { subject, write } = await open(engine);
    const lease = await subject.store.lease("outbound", signal);
    await lease.release();
    const late = write("w1", 7, [delivery("w1", 5)], lease.token);
    await assert.rejects(late, FencedError);
    assert.equal(await subject.store.delivery("w1.5"), null);
    await subject.discard();
  });

  test("deliveries are found by endpoint and state, newest first, page after page", async () => {
    const { subject, write } = await open(engine);
    const { store } = subject;
    await write("w1", 3, [delivery("w1", 1), delivery("w1", 2, "failed"), delivery("w1", 3, "waiting")]);
    await write("w2", 3, [delivery("w2", 1, "waiting"), delivery("w2", 3, "failed")]);
    const found = async (query: { endpointId?: string; state?: DeliveryRecord["state"] }) =>
      ids((await store.deliveries({ ...query, limit: 50 })).items);
    assert.deepEqual(await found({}), ["w2.3", "w2.1", "w1.3", "w1.2", "w1.1"]);
    assert.deepEqual(await found({ endpointId: "w1" }), ["w1.3", "w1.2", "w1.1"]);
    assert.deepEqual(await found({ state: "failed" }), ["w2.3", "w1.2"]);
    assert.deepEqual(await found({ endpointId: "w2", state: "waiting" }), ["w2.1"]);
    const first = await store.deliveries({ limit: 2 });
    const second = await store.deliveries({ limit: 3, cursor: first.nextCursor ?? "" });
    assert.deepEqual([...ids(first.items), ...ids(second.items)], await found({}));
    assert.equal(second.nextCursor, null);
    await assert.rejects(store.deliveries({ limit: 1, cursor: "x" }), InvalidCursorError);
    assert.deepEqual([...(await store.waitingCounts())].sort(), [
      ["w1", 1],
      ["w2", 1],
    ]);
    await subject.discard();
  });

  test("those that wait come in the order of their events", async () => {
    const { subject, write } = await open(engine);
    await write(
      "w1",
      12,
      [10, 9, 11, 2].map((event) => delivery("w1", event, "waiting")),
    );
    assert.deepEqual(ids(await subject.store.waitingDeliveries("w1", 3)), ["w1.2", "w1.9", "w1.10"]);
    const digest = { ...delivery("w1", 0, "waiting"), id: "w1.digest-5", eventId: null };
    await write("w1", 12, [digest]);
    const left = await subject.store.waitingDeliveries("w1", 2);
    assert.deepEqual(ids(left), ["w1.digest-5", "w1.2"], "first, what is of no event");
    await subject.discard();
  });

  test("what is over goes, oldest first, in steps; what waits stays", async () => {
    const { subject, write } = await open(engine);
    const { store } = subject;
    const lease = await store.lease("outbound", signal);
    const states = ["delivered", "waiting", "failed", "delivered", "delivered"] as const;
    await write(
      "w1",
      5,
      states.map((state, index) => delivery("w1", index + 1, state)),
    );
    await write("w2", 1, [delivery("w2", 1)]);
    const prune = (keep: number, before: string, rows = 10) =>
      store.pruneDeliveries({ endpointId: "w1", keep, before, rows, under: lease.token });
    const left = async () => ids((await store.deliveries({ limit: 50 })).items);
    assert.equal(await prune(2, "", 1), true);
    assert.deepEqual(await left(), ["w2.1", "w1.5", "w1.4", "w1.3", "w1.2"]);
    assert.equal(await prune(2, ""), false);
    assert.deepEqual(await left(), ["w2.1", "w1.5", "w1.4", "w1.2"]);
    assert.equal(await prune(2, "2026-01-02"), false);
    assert.deepEqual(await left(), ["w2.1", "w1.2"]);
    await lease.release();
    await assert.rejects(prune(0, ""), FencedError);
    await subject.discard();
  });

  test("an endpoint that is removed takes its deliveries with it, and no other's", async () => {
    const { subject, write } = await open(engine);
    const { store } = subject;
    await write("w1", 1, [delivery("w1", 1, "waiting")]);
    await write("w2", 1, [delivery("w2", 1)]);
    await store.edit("webhook", "w1", () => ({ record: null, event: newEvent("webhook") }));
    assert.deepEqual(ids((await store.deliveries({ limit: 50 })).items), ["w2.1"]);
    assert.deepEqual(
      (await store.records("webhook")).map(({ id }) => id),
      ["w2"],
    );
    await subject.discard();
  });
}

async function open(engine: Engine) {
  const subject = await Subject.open(engine);
  for (const id of ["w1", "w2"]) {
    await subject.store.edit("webhook", id, () => ({ record: endpoint(id), event: newEvent("webhook") }));
  }
  const write = (
    id: string,
    position: number,
    deliveries: DeliveryWrite[],
    under?: Parameters<Store["claim"]>[1],
  ) =>
    subject.store.edit(
      "webhook",
      id,
      (current) => ({ record: current && { ...current, position }, deliveries }),
      under ? { under } : {},
    );
  return { subject, write };
}

function endpoint(id: string): WebhookRecord {
  return {
    id,
    url: "https://example.com/",
    format: "event",
    secret: "whsec_",
    status: "active",
    position: 0,
    skipped: 0,
    failingSince: null,
    lastDeliveredAt: null,
    createdAt: AT,
    updatedAt: AT,
  };
}

function delivery(
  endpointId: string,
  eventId: number,
  state: DeliveryRecord["state"] = "delivered",
): DeliveryRecord {
  return {
    id: `${endpointId}.${eventId}`,
    endpointId,
    eventId,
    eventType: "activity",
    state,
    tries: [],
    tryCount: 0,
    failures: 0,
    bytes: 2,
    lane: "t1",
    createdAt: AT,
    updatedAt: AT,
  };
}

function ids(found: readonly DeliveryRecord[]): string[] {
  return found.map(({ id }) => id);
}
