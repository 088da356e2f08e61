import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { FakeTelegram } from "../../../test/support/fake-telegram.ts";
import { OutboundFixture, operatorOf } from "../../../test/support/outbound-fixture.ts";
import type { Store } from "../../store/store.ts";
import type { TaskChange } from "../../tasks/change.ts";

async function open(context: TestContext, users?: string[]) {
  const telegram = await FakeTelegram.start();
  const fixture = await OutboundFixture.open(context);
  context.after(() => telegram.close());
  const answers = users ? { users } : {};
  const { id } = await fixture.webhooks.create({ ...telegram.endpoint, answers });
  fixture.answers(context);
  await telegram.until(() => telegram.polls === 1);
  return { telegram, fixture, id };
}

async function answersOf(fixture: OutboundFixture, taskId: string): Promise<LogEvent[]> {
  const { items } = await fixture.store.taskEvents(taskId, 0, 100);
  return items.filter(({ data }) => data.state === "answered");
}

test("a question is answered by a button, audited with who pressed it, and its message then says so", async (context) => {
  const { telegram, fixture } = await open(context);
  await fixture.accepted("t1", { title: "Fix *it* <b>now</b>" });
  await fixture.asks("t1");
  await telegram.until(() => telegram.posts.length === 1);
  const [post = assert.fail("no message")] = telegram.posts;
  assert.match(post.text, /^An agent asks: Fix \*it\* <b>now<\/b>\nRun rm -rf build\nhttps:/);
  telegram.press(post, "Allow");
  await telegram.until(() => post.buttons.length === 0 && post.text.includes("Answered"));
  assert.match(post.text, /\nAnswered, by telegram:7 \(Ann\): Allow: Run rm -rf build$/);
  const [answered] = await answersOf(fixture, "t1");
  assert.deepEqual([answered?.data.by, answered?.data.optionId], ["telegram:7 (Ann)", "allow"]);
  const query = telegram.calls.find(({ method }) => method === "answerCallbackQuery");
  assert.equal(query?.body.text, undefined, "the phone stops to wait, and says nothing");
});

test("a result is sent back with what was written in answer to the bot, and by nobody else's words", async (context) => {
  const { telegram, fixture } = await open(context);
  await fixture.accepted("t1", { requiresReview: true });
  await fixture.completes("t1");
  await telegram.until(() => telegram.posts.length === 1);
  const [post = assert.fail("no message")] = telegram.posts;
  telegram.press(post, "Request changes");
  await telegram.until(() => telegram.posts.length === 2);
  const [, asked = assert.fail("not asked")] = telegram.posts;
  telegram.reply(asked, "Forged.", { id: 9, is_bot: false });
  telegram.reply(asked, "Add a test.");
  await telegram.until(() => post.text.includes("Sent back, by telegram:7 (Ann)."));
  assert.equal((await fixture.store.attempt("t1-again"))?.feedback, "Add a test.");
});

test("what is answered elsewhere loses its buttons, and who presses one all the same is told", async (context) => {
  const { telegram, fixture } = await open(context);
  await fixture.accepted("t1");
  await fixture.asks("t1");
  await telegram.until(() => telegram.posts.length === 1);
  const [post = assert.fail("no message")] = telegram.posts;
  const stale = structuredClone(post);
  await operatorOf(fixture.store).answerPermission("t1", "r1", { optionId: "deny" }, {});
  await telegram.until(() => post.buttons.length === 0);
  telegram.press(stale, "Allow");
  await telegram.until(() => telegram.calls.some(({ body }) => body.show_alert === true));
  assert.equal((await answersOf(fixture, "t1")).length, 1);
});

test("only those who may answer do", async (context) => {
  const { telegram, fixture } = await open(context, ["8"]);
  await fixture.accepted("t1");
  await fixture.asks("t1");
  await telegram.until(() => telegram.posts.length === 1);
  const [post = assert.fail("no message")] = telegram.posts;
  telegram.press(post, "Allow");
  await telegram.until(() => telegram.calls.some(({ body }) => body.show_alert === true));
  assert.equal((await answersOf(fixture, "t1")).length, 0);
  telegram.press(post, "Allow", { id: 8, first_name: "Bob" });
  await telegram.until(() => post.buttons.length === 0);
});

test("a press that could not be stored comes again, and is taken once", async (context) => {
  const telegram = await FakeTelegram.start();
  const fixture = await OutboundFixture.open(context);
  context.after(() => telegram.close());
  const { id } = await fixture.webhooks.create({ ...telegram.endpoint, answers: {} });
  let failures = 0;
  const store = new Proxy(fixture.store, {
    get: (target, name: keyof Store) => {
      if (name !== "change") return (target[name] as () => unknown).bind(target);
      return async (change: TaskChange) => {
        if (change.kind === "answer_permission" && failures++ === 0) throw new Error("The disk is full.");
        return target.change(change);
      };
    },
  });
  await fixture.accepted("t1");
  await fixture.asks("t1");
  await telegram.until(() => telegram.posts.length === 1);
  fixture.answers(context, store);
  await telegram.until(() => telegram.polls === 1);
  const [post = assert.fail("no message")] = telegram.posts;
  telegram.press(post, "Allow");
  await telegram.until(() => post.buttons.length === 0);
  assert.equal(failures, 2);
  assert.equal((await answersOf(fixture, "t1")).length, 1);
  await fixture.until(id, ({ answersError }) => answersError === undefined);
});

test("Telegram that is busy is written to when it says in its answer", async (context) => {
  const { telegram, fixture, id } = await open(context);
  let refusals = 0;
  telegram.intercept = (method, response) => {
    if (method !== "sendMessage" || refusals++ > 0) return false;
    const parameters = { retry_after: 400 };
    response
      .writeHead(429)
      .end(JSON.stringify({ ok: false, description: "Too Many Requests: retry after 400", parameters }));
    return true;
  };
  await fixture.accepted("t1");
  await fixture.asks("t1");
  const [waiting] = await fixture.settled(id, (found) => found[0]?.tryCount === 1);
  assert.equal(Date.parse(waiting?.nextTryAt ?? "") - fixture.clock.now().getTime(), 400_000);
  await fixture.advancing(telegram.until(() => telegram.posts.length === 1));
});

test("a second listener is told, until the first is gone", async (context) => {
  const { telegram, fixture, id } = await open(context);
  const other = { method: "POST", body: '{"timeout":50}' };
  const url = new URL(telegram.endpoint.url);
  const base = `${url.origin}${url.pathname.replace("sendMessage", "getUpdates")}`;
  const second = fetch(base, other).catch(() => null);
  const shown = await fixture.until(id, ({ answersError }) => answersError !== undefined);
  assert.match(shown.answersError ?? "", /^Telegram: Refused: Conflict: terminated by other getUpdates/);
  await fixture.until(id, ({ answersError }) => answersError === undefined);
  await second;
});
