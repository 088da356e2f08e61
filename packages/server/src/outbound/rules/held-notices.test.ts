import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { CreateWebhook, NewEvent } from "@mission-control/protocol";
import { FakeChatServices } from "../../../test/support/fake-chat-services.ts";
import {
  activity,
  OutboundFixture,
  type OutboundFixtureOptions,
  operatorOf,
  PUBLIC_URL,
} from "../../../test/support/outbound-fixture.ts";

// The clock of the tests begins at 10:00 UTC.
const QUIET = { timeZone: "UTC", from: "09:00", to: "12:00" };

async function open(
  context: TestContext,
  rules: Partial<CreateWebhook>,
  options: OutboundFixtureOptions = {},
) {
  const fixture = await OutboundFixture.open(context, options);
  const services = await FakeChatServices.start();
  context.after(() => services.close());
  const { id } = await fixture.webhooks.create({ url: services.ntfyUrl, format: "ntfy", ...rules });
  return { fixture, services, id };
}

const failed = (taskId: string): NewEvent => ({
  ...activity(taskId, "status_change"),
  data: { from: "in_progress", to: "failed" },
});

/** The lines of a message that name notices, without their links. */
function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.startsWith("•"));
}

test("what comes in quiet hours is told at their end in one message, and what passes at once", async (context) => {
  const { fixture, services, id } = await open(context, { quiet: QUIET, passes: ["question"] });
  await fixture.accepted("t1", { title: "One", requiresReview: true });
  await fixture.completes("t1");
  await fixture.accepted("t2", { title: "Two", requiresReview: true });
  await fixture.completes("t2");
  await fixture.accepted("t3", { title: "Three" });
  await fixture.asks("t3");
  await services.shows(1);
  assert.equal(services.shown[0]?.body.title, "An agent asks: Three");
  const [, digest] = await fixture.settled(id, (found) => found.length === 2);
  assert.deepEqual(
    [digest?.eventType, digest?.state, digest?.nextTryAt],
    ["digest", "waiting", "2026-11-23T12:00:00.000Z"],
  );
  await operatorOf(fixture.store).approve("t1", {});
  fixture.clock.advance(2 * 3600_000 - 1);
  await fixture.quietly();
  assert.equal(services.shown.length, 1);
  fixture.clock.advance(1);
  await services.shows(2);
  const { title, message, click } = services.shown[1]?.body ?? {};
  assert.deepEqual([title, click], ["Held back: 2 reviews", `${PUBLIC_URL}/inbox`]);
  assert.equal(
    message,
    `• To be reviewed: One (over)\n  ${PUBLIC_URL}/tasks/t1\n• To be reviewed: Two\n  ${PUBLIC_URL}/tasks/t2`,
  );
});

test("an answer that did not arrive is over once its agent asks again, a message that did not stays told", async (context) => {
  const { fixture, services } = await open(context, { quiet: QUIET });
  for (const taskId of ["t1", "t2"]) {
    await fixture.accepted(taskId, { title: taskId });
    await fixture.asks(taskId);
    await operatorOf(fixture.store).answerPermission(taskId, "r1", { optionId: "allow" }, {});
    const dispatchId = `${taskId}-1`;
    const reason = "It no longer knows it.";
    await fixture.store.change({ kind: "answer_delivered", taskId, dispatchId, requestId: "r1", reason });
  }
  await fixture.asks("t2");
  const refused: NewEvent = { ...activity("t1", "message"), data: { state: "refused", by: "ann" } };
  await fixture.store.append([refused]);
  await fixture.advancing(services.shows(1));
  assert.deepEqual(linesOf(services.shown[0]?.text ?? ""), [
    "• An agent asks: t1 (over)",
    "• Not delivered to the agent: t1",
    "• An agent asks: t2",
    "• Not delivered to the agent: t2 (over)",
    "• An agent asks: t2",
    "• Not delivered to the agent: t1",
  ]);
});

test("a digest is told so long after its first notice, and the next one after that", async (context) => {
  const { fixture, services } = await open(context, { digestMinutes: 30 });
  await fixture.store.append([failed("t1"), failed("t2")]);
  await fixture.advancing(services.shows(1));
  await fixture.store.append([failed("t3")]);
  await fixture.advancing(services.shows(2));
  const titles = services.shown.map(({ body }) => body.title);
  assert.deepEqual(titles, ["Held back: 2 failures", "Held back: 1 failure"]);
});

test("a digest that is not taken is tried again under its id", async (context) => {
  const { fixture, services, id } = await open(context, { digestMinutes: 30 });
  services.refuses = 1;
  await fixture.store.append([failed("t1")]);
  await fixture.advancing(services.shows(1));
  const [digest, ...others] = await fixture.settled(id, (found) => found[0]?.state === "delivered");
  assert.deepEqual([digest?.tryCount, others.length], [2, 0]);
});

test("what is held back when the rules go is told at once", async (context) => {
  const { fixture, services, id } = await open(context, { quiet: QUIET });
  await fixture.store.append([failed("t1")]);
  await fixture.settled(id, (found) => found.length === 1);
  await fixture.webhooks.update(id, { quiet: null });
  await services.shows(1);
  assert.equal(services.shown[0]?.body.title, "Held back: 1 failure");
});

test("what is held back is told when the rules say so after they were edited", async (context) => {
  const { fixture, services, id } = await open(context, { quiet: QUIET });
  await fixture.store.append([failed("t1")]);
  const dueAt = async (expected: string) => {
    await fixture.settled(id, (found) => found[0]?.nextTryAt === expected);
  };
  await dueAt("2026-11-23T12:00:00.000Z");
  await fixture.webhooks.update(id, { quiet: { ...QUIET, to: "11:00" } });
  await dueAt("2026-11-23T11:00:00.000Z");
  await fixture.webhooks.update(id, { quiet: null, digestMinutes: 30 });
  await dueAt("2026-11-23T10:30:00.000Z");
  await fixture.stop();
  await fixture.webhooks.update(id, { digestMinutes: 40 });
  fixture.start();
  await dueAt("2026-11-23T10:40:00.000Z");
  fixture.clock.advance(40 * 60_000);
  await services.shows(1);
  assert.equal(services.shown[0]?.body.title, "Held back: 1 failure");
});

test("more than is told one by one is counted", async (context) => {
  const { fixture, services, id } = await open(context, { digestMinutes: 30 });
  const tasks = Array.from({ length: 60 }, (_, index) => `t${index}`);
  for (const task of tasks) await fixture.store.append([failed(task)]);
  await fixture.until(id, ({ behind }) => behind === 0);
  await fixture.advancing(services.shows(1));
  assert.equal(services.shown[0]?.body.title, "Held back: 60 failures");
  const told = linesOf(services.shown[0]?.text ?? "").length;
  assert.ok(services.shown[0]?.text.endsWith(`\nand ${60 - told} more`));
});

for (const when of ["before", "after"] as const) {
  for (let write = 1; write <= 3; write++) {
    test(`killed ${when} its write ${write}, a node leaves no notice out and none in two digests`, async (context) => {
      const { fixture, services } = await open(context, { digestMinutes: 30 }, { delivers: false });
      const killed = fixture.startUntilKilled({ write, when });
      for (const task of ["t1", "t2", "t3"]) await fixture.store.append([failed(task)]);
      await fixture.advancing(killed);
      await fixture.leaveBehind();
      fixture.start();
      for (const task of ["t4", "t5"]) await fixture.store.append([failed(task)]);
      const tasksTold = () => new Set(services.shown.flatMap(({ text }) => text.match(/tasks\/t\d/g) ?? []));
      await fixture.advancing(services.until(() => tasksTold().size === 5));
      // Told and not noted, a digest comes again as it was, under the id that it had.
      const digests = new Map(services.shown.map(({ text, id }) => [id, text]));
      const lines = [...digests.values()].flatMap((text) => text.match(/tasks\/t\d/g) ?? []);
      assert.equal(lines.length, 5, lines.join(" "));
    });
  }
}

test("a digest that was told while an earlier notice was still under way is not told again after a restart", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const rules = { format: "ntfy", digestMinutes: 30, passes: ["question"] } as const;
  const { receiver, id } = await fixture.receiver(context, { ...rules, passes: [...rules.passes] });
  receiver.reaction = ({ body }) => (body.includes("An agent asks") ? undefined : 204);
  const asks: NewEvent = { ...activity("t1", "permission"), data: { state: "requested" } };
  const last = (await fixture.store.append([asks, failed("t2")])) as number;
  await receiver.receives(1);
  await fixture.advancing(receiver.receives(2));
  const [digest] = await fixture.settled(id, (found) => found.some(({ state }) => state === "delivered"));
  assert.equal(digest?.eventType, "digest");
  const { position } = await fixture.until(id, () => true);
  assert.ok(position < last - 1, "the question holds the position back");
  await fixture.stop();
  receiver.reaction = () => 204;
  fixture.start();
  await receiver.receives(3);
  await fixture.store.append([failed("t3")]);
  await fixture.advancing(receiver.receives(4));
  const told = receiver.received.map(({ body }) => body.match(/tasks\/t[23]/g)?.join(" ") ?? "");
  assert.deepEqual(told, ["", "tasks/t2", "", "tasks/t3"]);
});

test("a program has no quiet hours, and a time zone has to be one", async (context) => {
  const { fixture, id } = await open(context, { quiet: QUIET });
  await assert.rejects(
    fixture.webhooks.create({ url: "http://127.0.0.1:1/", format: "event", digestMinutes: 5 }),
    { field: "digestMinutes" },
  );
  await assert.rejects(fixture.webhooks.update(id, { format: "event" }), { field: "quiet" });
});
