import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { type TestContext, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { WebhookReceiver } from "../../test/support/webhook-receiver.ts";
import { SYSTEM_CLOCK } from "./clock.ts";
import { WebhookSender, type WebhookSenderOptions } from "./sender.ts";

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const OLDER = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;
const MESSAGE = { contentType: "application/json", body: '{"id":1}' };

async function start(context: TestContext, options: Partial<WebhookSenderOptions> = {}) {
  const receiver = await WebhookReceiver.start();
  const sender = new WebhookSender({ clock: SYSTEM_CLOCK, allowPrivate: true, ...options });
  context.after(async () => {
    sender.close();
    await receiver.close();
  });
  const send = (url = receiver.url, more: { previousSecret?: { secret: string; until: string } } = {}) =>
    sender.send({ url, secret: SECRET, ...more }, "w1.1", MESSAGE, new AbortController().signal);
  return { receiver, send };
}

test("a receiver that never answers is waited for no longer than a try may take", async (context) => {
  const { receiver, send } = await start(context, { timeoutMs: 50 });
  receiver.reaction = () => undefined;
  const { made, isDelivered } = await send();
  assert.deepEqual([isDelivered, made.status, made.error], [false, undefined, "No answer within 0.05 s."]);
});

test("a redirect is not followed, and is no delivery", async (context) => {
  const { receiver, send } = await start(context);
  const other = await WebhookReceiver.start();
  context.after(() => other.close());
  receiver.reaction = (_, response) => {
    response.writeHead(307, { location: other.url }).end();
    return undefined;
  };
  const { made, isDelivered } = await send();
  assert.equal(isDelivered, false);
  assert.match(made.error ?? "", /307.*redirects are not followed/);
  assert.equal(other.received.length, 0);
});

test("an answer of a gigabyte is read no further than its beginning", async (context) => {
  const { receiver, send } = await start(context);
  let written = 0;
  const closed = Promise.withResolvers<void>();
  receiver.reaction = (_, response) => {
    response.writeHead(200, { "content-length": String(1024 ** 3) });
    const piece = Buffer.alloc(64 * 1024, "x");
    const write = () => {
      while (!response.destroyed && written < 1024 ** 3) {
        written += piece.length;
        if (!response.write(piece)) return void response.once("drain", write);
      }
    };
    response.once("close", () => closed.resolve());
    write();
    return undefined;
  };
  const { made, isDelivered } = await send();
  await closed.promise;
  assert.equal(isDelivered, true, "its head says that it was taken");
  assert.equal(made.response, "x".repeat(1024));
  assert.ok(written < 32 * 1024 ** 2, `${written} bytes were sent`);
});

test("an address that is not public is not connected to, by number or by name", async (context) => {
  const { receiver, send } = await start(context, { allowPrivate: false });
  for (const url of [receiver.url, receiver.url.replace("127.0.0.1", "localhost")]) {
    const { made, isDelivered } = await send(url);
    assert.equal(isDelivered, false);
    assert.match(made.error ?? "", /not a public one.*MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS/);
  }
  assert.equal(receiver.received.length, 0);
});

test("what a name was resolved to is what is connected to: it is not looked up a second time", async (context) => {
  const answers = ["192.0.2.1", "127.0.0.1"].map((address): LookupAddress => ({ address, family: 4 }));
  let asked = 0;
  // Public at the first look, this machine at any later one.
  const resolve: WebhookSenderOptions["resolve"] = (_, __, callback) => {
    callback(null, [asked++ === 0 ? { address: "8.8.8.8", family: 4 } : (answers[1] as LookupAddress)]);
  };
  const { receiver, send } = await start(context, { allowPrivate: false, resolve, timeoutMs: 100 });
  const url = receiver.url.replace("127.0.0.1", "rebinding.example");
  const first = await send(url);
  assert.equal(first.isDelivered, false);
  assert.equal(asked, 1);
  const second = await send(url);
  assert.match(second.made.error ?? "", /not a public one/);
  assert.equal(receiver.received.length, 0);
});

test("while a secret is being changed, both sign", async (context) => {
  const { receiver, send } = await start(context);
  const until = (ms: number) => ({ secret: OLDER, until: new Date(Date.now() + ms).toISOString() });
  await send(receiver.url, { previousSecret: until(60_000) });
  await send(receiver.url, { previousSecret: until(-1) });
  const verifies = (secret: string, at: number) => {
    const { headers, body } = receiver.received[at] ?? assert.fail();
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  };
  assert.deepEqual([verifies(SECRET, 0), verifies(OLDER, 0)], [true, true]);
  assert.deepEqual([verifies(SECRET, 1), verifies(OLDER, 1)], [true, false]);
});

test("what cannot be connected to is told in words", async (context) => {
  const { receiver, send } = await start(context);
  const { url } = receiver;
  await receiver.close();
  const { made, isDelivered } = await send(url);
  assert.equal(isDelivered, false);
  assert.match(made.error ?? "", /^Not delivered: .+\.$/);
});
