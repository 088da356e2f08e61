import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { JsonObject, LogEvent } from "@mission-control/protocol";
import { FakeSlack } from "../../../test/support/fake-slack.ts";
import { OutboundFixture, operatorOf, PUBLIC_URL } from "../../../test/support/outbound-fixture.ts";
import { publicLookup } from "../public-address.ts";

async function open(context: TestContext, users?: string[]) {
  const slack = await FakeSlack.start();
  const fixture = await OutboundFixture.open(context);
  context.after(() => slack.close());
  const answers = users ? { users } : {};
  const { id } = await fixture.webhooks.create({ ...slack.endpoint, answers });
  fixture.answers(context);
  await slack.until(() => slack.sockets.size === 1);
  return { slack, fixture, id };
}

/** The text of all blocks of a message. */
function textOf({ blocks }: { blocks: JsonObject[] }): string {
  return JSON.stringify(blocks);
}

async function eventsOf(fixture: OutboundFixture, taskId: string): Promise<LogEvent[]> {
  return (await fixture.store.taskEvents(taskId, 0, 100)).items;
}

test("a question is answered by a button, audited with who pressed it, and its message then says so", async (context) => {
  const { slack, fixture } = await open(context);
  await fixture.accepted("t1", { title: "Fix <it>" });
  await fixture.asks("t1");
  await slack.until(() => slack.posts.length === 1);
  const [post = assert.fail("no message")] = slack.posts;
  assert.deepEqual(
    slack.buttons(post).map(({ text, style }) => [(text as JsonObject).text, style]),
    [
      ["Allow", "primary"],
      ["Deny", "danger"],
    ],
  );
  assert.ok(textOf(post).includes(`*<${PUBLIC_URL}/tasks/t1|An agent asks: Fix &lt;it&gt;>*`), textOf(post));
  const envelope = slack.press(post, "Deny");
  await slack.until(() => slack.acknowledged.includes(envelope));
  await slack.until(() => slack.buttons(post).length === 0);
  assert.match(textOf(post), /Answered, by slack:U1 \(ann\): Deny: Run rm -rf build/);
  const events = await eventsOf(fixture, "t1");
  const answered = events.find(({ type, data }) => type === "permission" && data.state === "answered");
  assert.deepEqual(answered?.data, {
    state: "answered",
    requestId: "r1",
    optionId: "deny",
    by: "slack:U1 (ann)",
  });
});

test("a result is approved, and another is sent back with what was said in the dialog", async (context) => {
  const { slack, fixture } = await open(context);
  for (const taskId of ["t1", "t2"]) {
    await fixture.accepted(taskId, { requiresReview: true });
    await fixture.completes(taskId);
  }
  await slack.until(() => slack.posts.length === 2);
  const [first = assert.fail("no message"), second = assert.fail("no message")] = slack.posts;
  slack.press(first, "Approve");
  await slack.until(() => slack.buttons(first).length === 0);
  assert.match(textOf(first), /Approved, by slack:U1 \(ann\)\./);
  slack.press(second, "Request changes");
  await slack.until(() => slack.calls.some(({ method }) => method === "views.open"));
  const opened = slack.calls.find(({ method }) => method === "views.open");
  const view = opened?.body.view as JsonObject;
  slack.interact({
    type: "view_submission",
    user: { id: "U1", username: "ann" },
    view: { ...view, state: { values: { feedback: { text: { value: "Add a test." } } } } },
  });
  await slack.until(() => slack.buttons(second).length === 0);
  const [{ taskId: approved } = assert.fail("no event")] = await eventsOf(fixture, "t1");
  assert.equal((await fixture.store.task(approved ?? ""))?.status, "completed");
  assert.equal((await fixture.store.task("t2"))?.status, "queued");
  assert.equal((await fixture.store.attempt("t2-again"))?.feedback, "Add a test.");
});

test("what is answered elsewhere, or not asked any more, loses its buttons in place", async (context) => {
  const { slack, fixture } = await open(context);
  await fixture.accepted("t1");
  await fixture.asks("t1");
  await fixture.accepted("t2");
  await fixture.asks("t2");
  await slack.until(() => slack.posts.length === 2);
  const before = structuredClone(slack.posts);
  await operatorOf(fixture.store).answerPermission("t1", "r1", { optionId: "allow" }, {});
  await fixture.store.change({ kind: "cancel", taskId: "t2" });
  await slack.until(() => slack.posts.every((post) => slack.buttons(post).length === 0));
  assert.match(textOf(slack.posts[0] ?? { blocks: [] }), /Answered: Allow: Run rm/);
  assert.match(textOf(slack.posts[1] ?? { blocks: [] }), /The task is cancelled now\./);
  // Somebody whose screen was not fresh.
  const [stale = assert.fail("no message")] = before;
  slack.press(stale, "Deny");
  await slack.until(() => slack.calls.some(({ method }) => method === "chat.postEphemeral"));
  const told = slack.calls.find(({ method }) => method === "chat.postEphemeral")?.body;
  assert.deepEqual([told?.user, told?.text], ["U1", 'The request was answered already, with "allow".']);
});

test("only those who may answer do, and of two only the first", async (context) => {
  const { slack, fixture } = await open(context, ["U1", "U2"]);
  await fixture.accepted("t1");
  await fixture.asks("t1");
  await slack.until(() => slack.posts.length === 1);
  const [post = assert.fail("no message")] = structuredClone(slack.posts);
  slack.press(post, "Allow", { id: "U9", username: "mallory" });
  await slack.until(() => slack.calls.some(({ method }) => method === "chat.postEphemeral"));
  assert.equal((await fixture.store.task("t1"))?.waitingFor?.id, "r1");
  slack.press(post, "Allow");
  slack.press(post, "Deny", { id: "U2", username: "bob" });
  await slack.until(() => slack.calls.filter(({ method }) => method === "chat.postEphemeral").length === 2);
  const answers = (await eventsOf(fixture, "t1")).filter(({ data }) => data.state === "answered");
  assert.equal(answers.length, 1);
});

test("an answer about an attempt that was replaced does nothing to the next one", async (context) => {
  const { slack, fixture } = await open(context);
  await fixture.accepted("t1", { requiresReview: true });
  await fixture.completes("t1");
  await slack.until(() => slack.posts.length === 1);
  const [old = assert.fail("no message")] = structuredClone(slack.posts);
  await operatorOf(fixture.store).reject("t1", "No.", {});
  await fixture.store.change({ kind: "sending", taskId: "t1", dispatchId: "t1-again" });
  await fixture.store.change({ kind: "accepted", taskId: "t1", dispatchId: "t1-again" });
  await fixture.completes("t1", "Done again.");
  await slack.until(() => slack.posts.length === 2);
  slack.press(old, "Approve");
  await slack.until(() => slack.calls.some(({ method }) => method === "chat.postEphemeral"));
  assert.equal((await fixture.store.task("t1"))?.status, "review");
});

test("a connection is replaced before Slack ends it, and made anew when it is cut", async (context) => {
  const { slack, fixture } = await open(context);
  slack.refresh();
  await slack.until(() => slack.connections === 2);
  slack.cut();
  await slack.until(() => slack.connections === 3 && slack.sockets.size === 1);
  await fixture.accepted("t1");
  await fixture.asks("t1");
  await slack.until(() => slack.posts.length === 1);
  const [post = assert.fail("no message")] = slack.posts;
  slack.press(post, "Allow");
  await slack.until(() => slack.buttons(post).length === 0);
});

test("that Slack refuses is shown, and gone when it does not any more", async (context) => {
  const slack = await FakeSlack.start();
  const fixture = await OutboundFixture.open(context);
  context.after(() => slack.close());
  slack.intercept = (method, response) => {
    if (method !== "apps.connections.open") return false;
    response
      .writeHead(200, { "content-type": "application/json" })
      .end('{"ok":false,"error":"invalid_auth"}');
    return true;
  };
  const { id } = await fixture.webhooks.create({ ...slack.endpoint, answers: {} });
  fixture.answers(context);
  const shown = await fixture.until(id, ({ answersError }) => answersError !== undefined);
  assert.equal(shown.answersError, "Slack: Refused: invalid_auth.");
  assert.doesNotMatch(JSON.stringify(shown), /xapp|xoxb/);
  slack.intercept = () => false;
  await fixture.until(id, ({ answersError }) => answersError === undefined);
});

test("Slack that is busy is written to when it said, and what it will never take is given up at once", async (context) => {
  const { slack, fixture, id } = await open(context);
  let refusals = 0;
  slack.intercept = (method, response) => {
    if (method !== "chat.postMessage" || refusals++ > 0) return false;
    response.writeHead(429, { "retry-after": "600" }).end('{"ok":false,"error":"ratelimited"}');
    return true;
  };
  await fixture.accepted("t1");
  await fixture.asks("t1");
  const [waiting] = await fixture.settled(id, (found) => found[0]?.tryCount === 1);
  const wait = Date.parse(waiting?.nextTryAt ?? "") - fixture.clock.now().getTime();
  assert.equal(wait, 600_000);
  await fixture.advancing(slack.until(() => slack.posts.length === 1));
  slack.intercept = (method, response) => {
    if (method !== "chat.postMessage") return false;
    response.writeHead(200).end('{"ok":false,"error":"msg_too_long"}');
    return true;
  };
  await fixture.accepted("t2");
  await fixture.asks("t2");
  await fixture.settled(id, (found) =>
    found.some(({ state, tryCount }) => state === "failed" && tryCount === 1),
  );
});

test("many long options fit, and a form is answered on the dashboard", async (context) => {
  const { slack, fixture } = await open(context);
  await fixture.accepted("t1", { title: "&".repeat(200) });
  const options = Array.from({ length: 32 }, (_, index) => ({
    optionId: `o${index}`,
    name: `${index} ${"x".repeat(250)}`,
  }));
  await fixture.asks("t1", { title: "<&>".repeat(1000), options });
  await fixture.accepted("t2");
  await fixture.asks("t2", { fields: [{ name: "why", label: "Why", type: "text" }] });
  await slack.until(() => slack.posts.length === 2);
  const counts = slack.posts.map((post) => slack.buttons(post).length).sort((a, b) => a - b);
  assert.deepEqual(counts, [0, 32]);
});

test("what an app of Slack needs is asked for in words", async (context) => {
  const slack = await FakeSlack.start();
  context.after(() => slack.close());
  const fixture = await OutboundFixture.open(context);
  const { appToken: _, ...withoutApp } = slack.endpoint;
  const { botToken: __, ...withoutBot } = slack.endpoint;
  await assert.rejects(fixture.webhooks.create({ ...withoutApp, answers: {} }), { field: "appToken" });
  await assert.rejects(fixture.webhooks.create(withoutBot), { field: "botToken" });
  const named = { ...slack.endpoint, url: slack.endpoint.url.replace(/channel=.*/, "channel=general") };
  await assert.rejects(fixture.webhooks.create(named), { field: "url" });
  await assert.rejects(fixture.webhooks.create({ url: slack.endpoint.url, format: "slack", answers: {} }), {
    field: "answers",
  });
  const { id } = await fixture.webhooks.create(withoutApp);
  await assert.rejects(fixture.webhooks.update(id, { answers: {} }), { field: "appToken" });
  const { appToken } = slack.endpoint;
  assert.deepEqual((await fixture.webhooks.update(id, { answers: { users: ["U1"] }, appToken }))?.answers, {
    users: ["U1"],
  });
});

test("a server that is killed before it noted a message writes it again under the same id, and either can be answered", async (context) => {
  const slack = await FakeSlack.start();
  const fixture = await OutboundFixture.open(context, { delivers: false });
  context.after(() => slack.close());
  const { id } = await fixture.webhooks.create({ ...slack.endpoint, answers: {} });
  await fixture.accepted("t1");
  await fixture.asks("t1");
  await fixture.startUntilKilled({ write: 1, when: "before" });
  await fixture.leaveBehind();
  fixture.start();
  fixture.answers(context);
  await fixture.settled(id, (found) => found[0]?.state === "delivered");
  const [first = assert.fail("no message"), second = assert.fail("not again")] = slack.posts;
  assert.deepEqual(first.metadata, second.metadata);
  await slack.until(() => slack.sockets.size === 1);
  slack.press(first, "Allow");
  await slack.until(() => slack.buttons(second).length === 0);
  slack.press(first, "Deny");
  await slack.until(() => slack.buttons(first).length === 0);
  const answers = (await eventsOf(fixture, "t1")).filter(({ data }) => data.state === "answered");
  assert.deepEqual(
    answers.map(({ data }) => data.optionId),
    ["allow"],
  );
});

test("a connection to an address that is not a public one is not made, whatever the service says", async (context) => {
  const slack = await FakeSlack.start();
  const fixture = await OutboundFixture.open(context);
  context.after(() => slack.close());
  const { id } = await fixture.webhooks.create({ ...slack.endpoint, answers: {} });
  fixture.answers(context, fixture.store, { lookup: publicLookup() });
  const { answersError } = await fixture.until(id, (endpoint) => endpoint.answersError !== undefined);
  assert.match(answersError ?? "", /^Slack: its address is not a public one/);
  assert.equal(slack.connections, 0);
});
