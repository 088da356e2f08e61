import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryView } from "@mission-control/protocol";
import { HTTP } from "cloudevents";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { OutboundFixture, PUBLIC_URL } from "../../test/support/outbound-fixture.ts";
import type { Received } from "../../test/support/webhook-receiver.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Whether a delivery is of an event. */
const isOf = (event: number) => (delivery: DeliveryView) => delivery.eventId === event;

/** How often deliveries were tried, together. */
const sum = (found: DeliveryView[]) => found.reduce((all, { tryCount }) => all + tryCount, 0);

/** The headers that a verifier looks at. */
function signed({ headers }: Received): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

test("every event is delivered as the stream sends it, and believed by the verifiers of others", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id, secret } = await fixture.receiver(context);
  const last = await fixture.append("t1", "t2", "t1");
  await receiver.until(() => receiver.eventIds.includes(last));
  assert.ok(!receiver.eventIds.includes(last - 3), "that it was added is no news to it");
  const [delivered] = receiver.received.filter(({ body }) => body.includes("about t2"));
  assert.ok(delivered);
  const verified = new StandardWebhook(secret).verify(delivered.body, signed(delivered));
  new SvixWebhook(secret).verify(delivered.body, signed(delivered));
  for (const verifier of [new StandardWebhook(secret), new SvixWebhook(secret)]) {
    assert.throws(() => verifier.verify(`${delivered.body} `, signed(delivered)));
  }
  const { items } = await fixture.store.history(null, {}, 100);
  assert.deepEqual(
    verified,
    items.find(({ message }) => message === "about t2"),
  );
  assert.equal(delivered.id, `${id}.${last - 1}`);
  assert.equal(delivered.headers["content-type"], "application/json");
});

test("CloudEvents are read by their SDK", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, secret } = await fixture.receiver(context, {
    format: "cloudevents",
    types: ["activity"],
  });
  const last = await fixture.append("t1");
  await receiver.receives(1);
  const [delivered] = receiver.received;
  assert.ok(delivered);
  new StandardWebhook(secret).verify(delivered.body, signed(delivered));
  const event = HTTP.toEvent({ headers: signed(delivered), body: delivered.body });
  assert.ok(!Array.isArray(event));
  assert.ok(event.validate, "it is one event");
  const { id, source, type, subject, time, data } = event;
  assert.deepEqual(
    [id, source, type, subject, time],
    [String(last), PUBLIC_URL, "mission-control.activity", "t1", "2026-11-23T10:00:00.000Z"],
  );
  assert.deepEqual(data, (await fixture.store.history(null, {}, 1)).items[0]);
});

test("a delivery that fails is tried again on the schedule, under one id, and its task's next waits for it", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
  receiver.reaction = ({ body }) => (body.includes("about t1") ? 500 : 204);
  const first = await fixture.append("t1");
  await fixture.append("t1", "t2", "t1");
  await receiver.until(() => receiver.eventIds.includes(first + 2));
  await fixture.settled(id, (found) => found.filter(({ state }) => state === "waiting").length === 3);
  let tries = 1;
  for (const wait of [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR]) {
    const before = receiver.received.length;
    fixture.clock.advance(wait - 1);
    await fixture.append("t3");
    await receiver.receives(before + 1);
    assert.match(receiver.received.at(-1)?.body ?? "", /about t3/, `not before ${wait} ms`);
    fixture.clock.advance(1);
    await receiver.receives(before + 2);
    tries++;
    await fixture.settled(id, (found) =>
      found.some((one) => one.eventId === first && one.tryCount === tries),
    );
  }
  receiver.reaction = () => 204;
  fixture.clock.advance(10 * HOUR);
  await receiver.until(() => receiver.eventIds.includes(first + 3));
  const ofTask = receiver.eventIds.filter((event) => [first, first + 1, first + 3].includes(event));
  assert.deepEqual(ofTask, [...Array(7).fill(first), first + 1, first + 3]);
  const ids = receiver.received.filter(({ body }) => body.includes(`"id":${first},`)).map((one) => one.id);
  assert.deepEqual(new Set(ids), new Set([`${id}.${first}`]));
});

test("one that waits behind another is sent again after that, both at once", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
  receiver.reaction = () => 500;
  const first = await fixture.append("t1");
  const second = await fixture.append("t1");
  await fixture.settled(id, (found) => found.length === 2 && found.some(({ tryCount }) => tryCount === 1));
  receiver.reaction = () => 204;
  await fixture.webhooks.deliveries.resend(`${id}.${second}`);
  await receiver.receives(3);
  assert.deepEqual(receiver.eventIds, [first, first, second]);
  await fixture.settled(id, (found) => found.every(({ state }) => state === "delivered"));
});

test("one that no try gets through is given up after the schedule while others get through, and can be sent again", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
  receiver.reaction = ({ body }) => (body.includes("about t1") ? 400 : 204);
  const first = await fixture.append("t1");
  for (let failures = 1; failures < 8; failures++) {
    await fixture.settled(id, (found) => found.some(({ tryCount }) => tryCount === failures));
    await fixture.append("t2");
    const before = receiver.received.length;
    await fixture.settled(
      id,
      (found) => found.filter(({ state }) => state === "delivered").length >= failures,
    );
    assert.ok(receiver.received.length >= before);
    fixture.clock.advance(10 * HOUR);
  }
  const [failed] = (
    await fixture.settled(id, (found) => found.some(({ state }) => state === "failed"))
  ).filter(isOf(first));
  assert.ok(failed);
  assert.deepEqual([failed.tryCount, failed.nextTryAt], [8, undefined]);
  assert.deepEqual(failed.tries.at(-1)?.error, "Answered with HTTP 400.");
  assert.equal((await fixture.webhooks.get(id))?.status, "active");
  receiver.reaction = () => 204;
  await fixture.webhooks.deliveries.resend(failed.id);
  await fixture.settled(id, (found) => found.filter(isOf(first))[0]?.state === "delivered");
  assert.equal(receiver.received.at(-1)?.id, failed.id);
  assert.equal((await fixture.store.record("webhook", id))?.resend, undefined);
});

test("an endpoint that is down for two days is paused after one, and then gets everything, in each task's order", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
  receiver.reaction = () => 503;
  const first = await fixture.append("t1", "t2");
  const sent = [first - 1, first];
  for (let hour = 0; hour < 48; hour++) {
    sent.push(await fixture.append(`t${hour % 5}`));
    const { status } = (await fixture.webhooks.get(id)) ?? {};
    const tried = receiver.received.length;
    fixture.clock.advance(HOUR);
    if (status === "paused") await receiver.receives(tried + 1);
    else await fixture.quiet(receiver);
    await fixture.settled(id, (found) => sum(found) === receiver.received.length);
  }
  const paused = await fixture.webhooks.get(id);
  assert.equal(paused?.status, "paused");
  assert.ok(
    (await fixture.deliveries(id)).every(({ state }) => state === "waiting"),
    "none is given up",
  );
  receiver.reaction = () => 204;
  receiver.received.length = 0;
  fixture.clock.advance(HOUR);
  await receiver.until(() => new Set(receiver.eventIds).size === sent.length);
  const tasks = new Map<string, number[]>();
  for (const { body } of receiver.received) {
    const { id: event, taskId } = JSON.parse(body) as { id: number; taskId: string };
    tasks.set(taskId, [...(tasks.get(taskId) ?? []), event]);
  }
  for (const events of tasks.values())
    assert.deepEqual(
      events,
      events.toSorted((a, b) => a - b),
    );
  assert.deepEqual(
    receiver.eventIds.toSorted((a, b) => a - b),
    sent,
    "each once, and none is left out",
  );
  const back = await fixture.until(id, ({ status }) => status === "active");
  assert.equal(back.failingSince, null);
  const { items } = await fixture.store.history(null, { types: ["webhook"] }, 10);
  assert.deepEqual(
    items.map(({ data }) => data.change),
    ["resumed", "paused", "created"],
  );
});

test("one that fails for five days is switched off, with an event, and goes on where it stopped when it is switched on", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
  receiver.reaction = () => 500;
  const first = await fixture.append("t1");
  await fixture.settled(id, (found) => found.length === 1);
  for (const wait of [24 * HOUR, 4 * 24 * HOUR]) {
    const before = receiver.received.length;
    fixture.clock.advance(wait);
    await receiver.receives(before + 1);
    await fixture.settled(id, ([one]) => one?.tryCount === before + 1);
  }
  const off = await fixture.until(id, ({ status }) => status === "off");
  assert.match(off.statusReason ?? "", /five days/);
  const [told] = (await fixture.store.history(null, { types: ["webhook"] }, 1)).items;
  assert.deepEqual([told?.data.change, told?.data.webhookId], ["switched_off", id]);
  const missed = await fixture.append("t1", "t2");
  const tried = receiver.received.length;
  fixture.clock.advance(24 * HOUR);
  await fixture.quiet(receiver);
  assert.equal(receiver.received.length, tried, "nothing is sent to one that is off");
  const [waiting] = await fixture.deliveries(id);
  assert.deepEqual([waiting?.state, waiting?.nextTryAt], ["waiting", undefined], "nor is a try promised");
  receiver.reaction = () => 204;
  await fixture.webhooks.update(id, { enabled: true });
  await receiver.until(() => receiver.eventIds.includes(missed));
  await receiver.until(() => receiver.eventIds.includes(missed - 1));
  assert.deepEqual(receiver.eventIds.slice(tried).toSorted(), [first, missed - 1, missed].toSorted());
});

test("a receiver that is gone for good is switched off at once", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
  receiver.reaction = () => 410;
  await fixture.append("t1");
  const off = await fixture.until(id, ({ status }) => status === "off");
  assert.match(off.statusReason ?? "", /410/);
});

test("a receiver that asks for patience gets it, for all that it is sent", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
  receiver.reaction = (_, response) => {
    response.writeHead(429, { "retry-after": "60" }).end();
    return undefined;
  };
  await fixture.append("t1");
  await fixture.settled(id, (found) => found.length === 1);
  receiver.reaction = () => 204;
  await fixture.append("t2");
  fixture.clock.advance(59 * SECOND);
  await fixture.quiet(receiver);
  assert.equal(receiver.received.length, 1);
  fixture.clock.advance(SECOND);
  await receiver.receives(3);
});

test("what failed at an address is tried at once at the one that takes its place", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { receiver, id } = await fixture.receiver(context, { types: ["activity"] });
  const other = await fixture.receiver(context, { types: ["gateway"] });
  receiver.reaction = () => 500;
  const first = await fixture.append("t1", "t2");
  await fixture.settled(id, (found) => sum(found) === 2);
  await fixture.webhooks.update(id, { url: other.receiver.url });
  await other.receiver.receives(2);
  assert.deepEqual(other.receiver.eventIds.toSorted(), [first - 1, first].toSorted());
});
