import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, NewEvent, NoticeKind } from "@mission-control/protocol";
import { FakeChatServices } from "../../test/support/fake-chat-services.ts";
import { activity, OutboundFixture, PUBLIC_URL } from "../../test/support/outbound-fixture.ts";
import { discordMessage } from "./notice-format.ts";

const HOSTILE = "<!channel> & <https://evil.example|click> @everyone";

async function open(context: Parameters<typeof OutboundFixture.open>[0]) {
  const fixture = await OutboundFixture.open(context);
  const services = await FakeChatServices.start();
  context.after(() => services.close());
  await fixture.store.change({
    kind: "create",
    taskId: "t1",
    fields: {
      title: "Fix <it> & be done",
      description: "",
      priority: "normal",
      tags: [],
      context: {},
      requiresReview: true,
    },
  });
  return { fixture, services };
}

const asks: NewEvent = {
  ...activity("t1", "permission"),
  message: `Run rm -rf build ${HOSTILE}`,
  data: { state: "requested" },
};
const answered: NewEvent = { ...asks, data: { state: "answered" } };
const became = (to: string): NewEvent => ({ ...activity("t1", "status_change"), data: { from: "x", to } });

test("people are told in the words of each service, with a link, and nothing an agent writes calls anybody", async (context) => {
  const { fixture, services } = await open(context);
  for (const [format, url] of [
    ["slack", services.slackUrl],
    ["discord", services.discordUrl],
    ["ntfy", services.ntfyUrl],
    ["telegram", services.telegramUrl],
  ] as const) {
    await fixture.webhooks.create({ url, format });
  }
  await fixture.store.append([activity("t1"), asks, answered, became("completed")]);
  await services.shows(4);
  const link = `${PUBLIC_URL}/tasks/t1`;
  const of = (service: string) => services.shown.filter((one) => one.service === service);
  const [[slack], [discord], [ntfy], [telegram]] = [of("slack"), of("discord"), of("ntfy"), of("telegram")];
  assert.equal(
    slack?.text,
    `*<${link}|An agent asks: Fix &lt;it&gt; &amp; be done>*\nRun rm -rf build &lt;!channel&gt; &amp; &lt;https://evil.example|click&gt; @everyone`,
  );
  assert.equal(
    discord?.text,
    `**An agent asks: Fix <it> & be done**\nRun rm -rf build ${HOSTILE}\n<${link}>`,
  );
  assert.deepEqual(discord?.body.allowed_mentions, { parse: [] });
  const { topic, title, message, click, priority } = ntfy?.body ?? {};
  assert.deepEqual(
    [topic, title, message, click, priority],
    ["secret-topic", "An agent asks: Fix <it> & be done", `Run rm -rf build ${HOSTILE}`, link, 4],
  );
  assert.equal(telegram?.text, `An agent asks: Fix <it> & be done\nRun rm -rf build ${HOSTILE}\n${link}`);
  assert.equal(telegram?.body.parse_mode, undefined, "plain text");
  assert.equal(services.shown.length, 4, "of what is no notice, or not wanted, nobody is told");
});

test("that an agent is missed is told once it is serious, and not that it can be reached again", async (context) => {
  const { fixture, services } = await open(context);
  await fixture.webhooks.create({ url: services.slackUrl, format: "slack" });
  const missed = (silence?: Json): NewEvent => ({
    ...activity("t1", "dispatch"),
    message: "The agent has said nothing for a long time",
    data: { state: "running", attempt: 1, ...(silence === undefined ? {} : { silence }) },
  });
  const since = "2026-11-23T10:00:00.000Z";
  await fixture.store.append([
    missed(undefined),
    missed({ state: "not_responding", since }),
    missed({ state: "silent", since }),
    missed(null),
    missed({ state: "offline", since }),
    asks,
  ]);
  await services.shows(3);
  const heads = services.shown.map(({ text }) => /\|([^:]+):/.exec(String(text))?.[1]);
  assert.deepEqual(heads, ["No word from the agent", "No word from the agent", "An agent asks"]);
});

test("an answer or a message that its agent did not get is told with what was written and why", async (context) => {
  const { fixture, services } = await open(context);
  await fixture.webhooks.create({ url: services.ntfyUrl, format: "ntfy" });
  await fixture.webhooks.create({ url: services.slackUrl, format: "slack", notices: ["question"] });
  const answer = (state: string, data: object = {}): NewEvent => ({
    ...activity("t1", "permission"),
    message: "Nobody there knows it.",
    data: { state, requestId: "r1", ...data },
  });
  const message = (state: string, data: object = {}): NewEvent => ({
    ...activity("t1", "message"),
    message: "It takes no files.",
    data: { state, messageId: "m1", mode: "next", by: "ann", ...data },
  });
  await fixture.store.append([
    answer("delivered"),
    answer("undelivered", { title: "Run rm -rf build", reason: "Nobody there knows it." }),
    message("sending"),
    message("delivered"),
    // The end of the attempt tells it.
    message("refused", { opening: true }),
    message("refused"),
    asks,
  ]);
  await services.shows(4);
  const told = services.shown.flatMap(({ service, body: { title, message, priority } }) =>
    service === "ntfy" && title !== "An agent asks: Fix <it> & be done" ? [[title, message, priority]] : [],
  );
  const title = "Not delivered to the agent: Fix <it> & be done";
  assert.deepEqual(told, [
    [title, 'The answer to "Run rm -rf build": Nobody there knows it.', 4],
    [title, "A message of ann: It takes no files.", 4],
  ]);
});

test("each is told of what it asked for, and no more", async (context) => {
  const { fixture, services } = await open(context);
  const create = (notices?: NoticeKind[]) =>
    fixture.webhooks.create({ url: services.slackUrl, format: "slack", ...(notices ? { notices } : {}) });
  const usual = await create();
  const some = await create(["review", "complete"]);
  const events = ["review", "failed", "completed", "queued"].map(became);
  const last = (await fixture.store.append([asks, ...events])) as number;
  await services.shows(5);
  const ofEndpoint = async (id: string, count: number) =>
    (
      await fixture.settled(
        id,
        (found) => found.length === count && found.every(({ state }) => state === "delivered"),
      )
    )
      .map(({ eventId }) => (eventId as number) - last)
      .sort((a, b) => a - b);
  assert.deepEqual(await ofEndpoint(usual.id, 3), [-4, -3, -2]);
  assert.deepEqual(await ofEndpoint(some.id, 2), [-3, -1]);
});

test("a program may ask for notices alone, and gets them as events", async (context) => {
  const { fixture } = await open(context);
  const { receiver } = await fixture.receiver(context, { notices: ["failure"] });
  const failed = (await fixture.store.append([asks, became("review"), became("failed")])) as number;
  await receiver.receives(1);
  assert.deepEqual(receiver.eventIds, [failed]);
});

test("the secret address of a service is not shown, and a test says that it is one", async (context) => {
  const { fixture, services } = await open(context);
  const { id, url } = await fixture.webhooks.create({ url: services.slackUrl, format: "slack" });
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/\*\*\*$/);
  await fixture.webhooks.update(id, { url, description: "Ours" });
  assert.equal((await fixture.store.record("webhook", id))?.url, services.slackUrl);
  const tested = await fixture.webhooks.deliveries.test(id);
  assert.equal(tested?.state, "delivered");
  assert.match(services.shown[0]?.text ?? "", /^\*Mission Control\*\nA test of this webhook/);
  const detail = await fixture.webhooks.deliveries.get(tested?.id ?? "");
  assert.equal(detail?.request.url, url);
});

test("a message is never longer than Discord takes, and keeps its link", () => {
  const notice = {
    kind: null,
    title: "t".repeat(1500),
    text: "x".repeat(1500),
    link: "https://example.com/",
  };
  const { content } = JSON.parse(discordMessage(notice).body) as { content: string };
  assert.equal(content.length, 2000);
  assert.ok(content.endsWith("\n<https://example.com/>"));
});
