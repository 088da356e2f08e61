import assert from "node:assert/strict";
import { test } from "node:test";
import { OutboundFixture } from "../../test/support/outbound-fixture.ts";
import type { WebhookReceiver } from "../../test/support/webhook-receiver.ts";

const MINUTE = 60_000;

/** The events of each task in the order in which they first came. */
function firstTimes({ received }: WebhookReceiver): Map<string, number[]> {
  const tasks = new Map<string, number[]>();
  const seen = new Set<string>();
  for (const { id, body } of received) {
    if (seen.has(id)) continue;
    seen.add(id);
    const { id: event, taskId } = JSON.parse(body) as { id: number; taskId: string };
    tasks.set(taskId, [...(tasks.get(taskId) ?? []), event]);
  }
  return tasks;
}

test("whichever write a node is killed before or after, every event is delivered, under one id, in its task's order", async (context) => {
  for (const when of ["before", "after"] as const) {
    for (let write = 1; write <= 4; write++) {
      const fixture = await OutboundFixture.open(context, { delivers: false });
      const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
      let fails = 2;
      // The first of task t0 fails twice: one that waits, and one behind it, are written too.
      receiver.reaction = ({ body }) => (body.includes("about t0") && fails-- > 0 ? 500 : 204);
      const killed = fixture.startUntilKilled({ write, when });
      const sent: number[] = [];
      for (let round = 0; round < 3; round++) {
        const last = await fixture.append("t0", "t1", "t2", "t1");
        sent.push(last - 3, last - 2, last - 1, last);
        await Promise.race([killed, receiver.receives(sent.length - 3)]);
      }
      const all = receiver.until(() => new Set(receiver.eventIds).size === sent.length);
      await fixture.advancing(Promise.race([killed, all]));
      await fixture.leaveBehind();
      fixture.start();
      await fixture.advancing(all);
      const told = `killed ${when} write ${write}`;
      assert.deepEqual(new Set(receiver.eventIds), new Set(sent), told);
      assert.equal(new Set(receiver.received.map((one) => one.id)).size, sent.length, told);
      for (const events of firstTimes(receiver).values()) {
        assert.deepEqual(
          events,
          events.toSorted((a, b) => a - b),
          told,
        );
      }
      await fixture.until(id, ({ waiting }) => waiting === 0);
      await fixture.stop();
    }
  }
});

test("a node that stops leaves nothing to be sent twice, and the next one goes on", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
  const sent: number[] = [];
  for (let node = 0; node < 4; node++) {
    sent.push(await fixture.append(`t${node}`));
    await receiver.until(() => receiver.eventIds.includes(sent.at(-1) as number));
    await fixture.settled(id, (found) => found.length === sent.length);
    await fixture.stop();
    sent.push(await fixture.append(`t${node}`));
    fixture.start();
    await receiver.until(() => receiver.eventIds.includes(sent.at(-1) as number));
  }
  assert.deepEqual(receiver.eventIds, sent);
});

test("one of two nodes delivers, and the other takes over when it stops", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver } = await fixture.receiver(context, { types: ["activity"] });
  const other = fixture.another();
  context.after(() => other.close());
  const first = await fixture.append("t1");
  await receiver.receives(1);
  await fixture.stop();
  const second = await fixture.append("t1");
  await receiver.until(() => receiver.eventIds.includes(second));
  assert.deepEqual(receiver.eventIds, [first, second]);
});

test("an endpoint that does not answer delays no other one", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const slow = await fixture.receiver(context, { types: ["activity"] });
  const quick = await fixture.receiver(context, { types: ["activity"] });
  slow.receiver.reaction = () => undefined;
  const tasks = Array.from({ length: 300 }, (_, index) => `t${index}`);
  const last = await fixture.append(...tasks);
  await quick.receiver.receives(300);
  assert.equal(new Set(quick.receiver.eventIds).size, 300);
  assert.ok(slow.receiver.received.length <= 8, "and is not swamped itself");
  const { position = 0, behind } = (await fixture.webhooks.get(slow.id)) ?? {};
  assert.ok(position <= last - 300, "its position stays before what nobody has taken");
  assert.ok((behind ?? 0) >= 300);
});

test("a replay sends again what came since, under the ids it had", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
  const first = await fixture.append("t1");
  fixture.clock.advance(MINUTE);
  const since = fixture.clock.now().toISOString();
  const second = (await fixture.store.append([
    { type: "activity", taskId: "t1", data: {}, timestamp: since, receivedAt: since },
  ])) as number;
  await receiver.until(() => receiver.eventIds.includes(second));
  await fixture.settled(
    id,
    (found) => found.every(({ state }) => state === "delivered") && found.length === 2,
  );
  const ids = receiver.received.map((one) => one.id);
  await fixture.webhooks.replay(id, first);
  await receiver.receives(4);
  assert.deepEqual(receiver.eventIds.slice(2), [first, second]);
  await fixture.until(id, ({ position }) => position >= second);
  await fixture.webhooks.replay(id, since);
  await receiver.receives(5);
  assert.deepEqual(receiver.eventIds.slice(4), [second]);
  assert.deepEqual(new Set(receiver.received.map((one) => one.id)), new Set(ids));
  assert.equal((await fixture.store.record("webhook", id))?.replayAfter, undefined);
});

test("an endpoint that was added and removed again is sent nothing any more, and leaves nothing", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context);
  await fixture.append("t1");
  await receiver.receives(1);
  assert.equal(await fixture.webhooks.remove(id), true);
  assert.equal(await fixture.webhooks.remove(id), false);
  const other = await fixture.receiver(context, { types: ["complete"] });
  const last = await fixture.append("t2");
  await fixture.store.append([
    {
      type: "complete",
      data: {},
      timestamp: "2026-11-23T10:00:00.000Z",
      receivedAt: "2026-11-23T10:00:00.000Z",
    },
  ]);
  await other.receiver.receives(1);
  assert.ok(!receiver.eventIds.includes(last));
  assert.deepEqual(await fixture.deliveries(id), []);
});
