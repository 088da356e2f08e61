import assert from "node:assert/strict";
import { test } from "node:test";
import { activity, OutboundFixture } from "../../test/support/outbound-fixture.ts";

test("an endpoint gets what its filters let through, all of which have to match", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { store } = fixture;
  const create = (taskId: string, tags: string[]) =>
    store.change({
      kind: "create",
      taskId,
      fields: {
        title: taskId,
        description: "",
        priority: "normal",
        tags,
        context: {},
        requiresReview: false,
      },
    });
  await create("tagged", ["night"]);
  await create("other", []);
  const byType = await fixture.receiver(context, { types: ["complete"] });
  const byAgent = await fixture.receiver(context, { agentId: "a2" });
  const byTag = await fixture.receiver(context, { tag: "night", types: ["activity", "task"] });
  const byAgents = await fixture.receiver(context, {
    agentIds: ["a2", "a3"],
    types: ["activity", "complete"],
  });
  const byTags = await fixture.receiver(context, { tags: ["day", "night"], types: ["complete"] });
  const all = await fixture.receiver(context);
  await store.append([
    activity("tagged"),
    { ...activity("other", "complete"), agentId: "a2" },
    { ...activity("other"), agentId: "a3" },
    activity("tagged", "complete"),
  ]);
  await byTag.receiver.receives(1);
  await store.change({ kind: "delete", taskId: "tagged" });
  const { newest } = await store.range();
  await all.receiver.until(() => all.receiver.eventIds.includes(newest));
  const first = newest - 4;
  await byTag.receiver.receives(2);
  await byType.receiver.receives(2);
  await byAgent.receiver.receives(1);
  await byAgents.receiver.receives(2);
  await byTags.receiver.receives(1);
  assert.deepEqual(byAgents.receiver.eventIds, [first + 1, first + 2]);
  assert.deepEqual(byTags.receiver.eventIds, [first + 3]);
  assert.deepEqual(byType.receiver.eventIds.sort(), [first + 1, first + 3].sort());
  assert.deepEqual(byAgent.receiver.eventIds, [first + 1]);
  assert.deepEqual(byTag.receiver.eventIds, [first, newest], "a deleted task's tags count until its end");
});

test("an endpoint that wants nothing of what comes is not shown as behind it for long", async (context) => {
  const fixture = await OutboundFixture.open(context);
  const { id } = await fixture.receiver(context, { types: ["gateway"] });
  await fixture.append("t1", "t2");
  await fixture.until(id, ({ behind }) => behind === 0);
});
