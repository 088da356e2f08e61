import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  deliveryDetailSchema,
  deliveryPageSchema,
  deliverySchema,
  webhookEndpointSchema,
  webhookSecretSchema,
} from "@mission-control/protocol";
import { Webhook } from "standardwebhooks";
import { newEvent } from "../../test/conformance/engine.ts";
import { type HttpFixture, startHttp } from "../../test/http-fixture.ts";
import { WebhookReceiver } from "../../test/support/webhook-receiver.ts";
import { SYSTEM_CLOCK } from "../outbound/clock.ts";
import { WebhookSender } from "../outbound/sender.ts";
import { Webhooks } from "../outbound/webhooks.ts";

const ENDPOINTS = "/api/webhooks/endpoints";

let http: HttpFixture;
let receiver: WebhookReceiver;

before(async () => {
  http = await startHttp();
  receiver = await WebhookReceiver.start();
});

after(async () => {
  await receiver.close();
  await http.close();
});

/** Adds an endpoint. */
async function add(fields: object = {}): Promise<{ id: string; secret: string }> {
  const { status, body } = await http.call("POST", ENDPOINTS, { url: receiver.url, ...fields });
  assert.equal(status, 201, JSON.stringify(body));
  return webhookSecretSchema.parse(body);
}

test("an endpoint shows its secret once, and never what is secret in its URL", async () => {
  const url = `${receiver.url.replace("127", "user:password@127")}?token=x`;
  const { id } = await add({ url, types: ["complete", "complete"], tag: "night", description: "Ours" });
  const { body, status } = await http.call("GET", `${ENDPOINTS}/${id}`);
  assert.equal(status, 200);
  const shown = webhookEndpointSchema.parse(body);
  assert.equal("secret" in body, false);
  assert.equal(shown.url, `${receiver.url.replace("127", "***@127")}?token=***`);
  assert.deepEqual(
    [shown.types, shown.tag, shown.format, shown.status, shown.behind, shown.waiting],
    [["complete"], "night", "event", "active", 1, 0],
  );
  const list = await http.call("GET", ENDPOINTS);
  assert.deepEqual(
    list.body.items.filter((one: { id: string }) => one.id === id),
    [body],
  );
  const renamed = await http.call("PATCH", `${ENDPOINTS}/${id}`, { url: shown.url, tag: null, types: null });
  assert.deepEqual(
    [renamed.body.url, renamed.body.tag, renamed.body.types],
    [shown.url, undefined, undefined],
  );
  assert.equal((await http.store.record("webhook", id))?.url, url, "what was given back as shown stays");
  const hidden = await http.call("PATCH", `${ENDPOINTS}/${id}`, { url: "http://example.com/?token=***" });
  assert.equal(hidden.status, 400);
  assert.equal(hidden.body.errors[0].path, "url");
});

test("an endpoint may want several agents and tags, one being the same as a list of one", async () => {
  const many = { agentIds: ["a1", "a2", "a1"], tags: ["night", "day"] };
  const { id } = await add(many);
  const shown = webhookEndpointSchema.parse((await http.call("GET", `${ENDPOINTS}/${id}`)).body);
  assert.deepEqual([shown.agentIds, shown.agentId], [["a1", "a2"], undefined]);
  assert.deepEqual([shown.tags, shown.tag], [["night", "day"], undefined]);
  const patched = async (fields: object) => {
    const { body, status } = await http.call("PATCH", `${ENDPOINTS}/${id}`, fields);
    assert.equal(status, 200, JSON.stringify(body));
    return webhookEndpointSchema.parse(body);
  };
  const one = await patched({ agentId: "a3" });
  assert.deepEqual([one.agentId, one.agentIds, one.tags], ["a3", ["a3"], ["night", "day"]]);
  const again = await patched({ agentId: "a3", agentIds: ["a3"], tag: null });
  assert.deepEqual([again.agentIds, again.tags, again.tag], [["a3"], undefined, undefined]);
  const none = await patched({ agentIds: null });
  assert.deepEqual([none.agentId, none.agentIds], [undefined, undefined]);
  const both = await http.call("PATCH", `${ENDPOINTS}/${id}`, { agentId: "a1", agentIds: ["a1", "a2"] });
  assert.equal(both.status, 400);
  assert.deepEqual(both.body.errors, [
    { path: "agentId", message: "says something else than agentIds: give one of them" },
  ]);
  assert.equal((await http.call("POST", ENDPOINTS, { url: receiver.url, tags: [] })).status, 400);
});

test("an edit of what was edited meanwhile is refused, where its maker says what was seen", async () => {
  const { id } = await add({ description: "Ours" });
  const path = `${ENDPOINTS}/${id}`;
  const { updatedAt } = webhookEndpointSchema.parse((await http.call("GET", path)).body);
  const seen = { "If-Match": `"${updatedAt}"` };
  http.clock.advance(1);
  assert.equal((await http.call("PATCH", path, { description: "Mine" }, seen)).status, 200);
  http.clock.advance(1);
  const late = await http.call("PATCH", path, { description: "Late" }, seen);
  assert.equal(late.status, 412);
  assert.match(late.body.detail, /was edited meanwhile/);
  assert.equal((await http.call("GET", path)).body.description, "Mine");
  const bare = await http.call("PATCH", path, { description: "Late" }, { "If-Match": updatedAt });
  assert.equal(bare.status, 400);
});

test("what cannot be an endpoint is refused by field", async () => {
  const answer = await http.call("POST", ENDPOINTS, { url: "ftp://x/", types: ["nothing"], format: "xml" });
  assert.equal(answer.status, 400);
  assert.deepEqual(
    answer.body.errors.map(({ path }: { path: string }) => path),
    ["url", "types.0", "format"],
  );
  for (const path of [`${ENDPOINTS}/none`, "/api/webhooks/deliveries/none"]) {
    assert.equal((await http.call("GET", path)).status, 404);
  }
  assert.equal((await http.call("POST", `${ENDPOINTS}/none/test`)).status, 404);
  assert.equal((await http.call("GET", "/api/webhooks/deliveries?cursor=x")).status, 400);
});

test("a private address is refused unless the setting allows it", async (context) => {
  const { store } = http;
  const sender = new WebhookSender({ clock: SYSTEM_CLOCK, allowPrivate: false });
  const publicUrl = () => "http://127.0.0.1:1";
  const options = { store, sender, clock: SYSTEM_CLOCK, publicUrl };
  const webhooks = new Webhooks({ ...options, allowPrivate: false, canMail: false });
  const strict = await startHttp({ beside: http, webhooks });
  context.after(() => strict.close());
  for (const url of [
    receiver.url,
    "http://localhost:1/",
    "https://169.254.169.254/",
    "http://[::ffff:a00:1]/",
  ]) {
    const { status, body } = await strict.call("POST", ENDPOINTS, { url });
    assert.equal(status, 400, url);
    assert.match(body.detail, /MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS=true/);
  }
  assert.equal((await strict.call("POST", ENDPOINTS, { url: "https://8.8.8.8/" })).status, 201);
});

test("a test is sent at once, and kept with what was answered", async () => {
  const { id, secret } = await add();
  receiver.reaction = (_, response) => {
    response.writeHead(418).end("short and stout");
    return undefined;
  };
  const { body } = await http.call("POST", `${ENDPOINTS}/${id}/test`);
  const tested = deliverySchema.parse(body);
  const [made] = tested.tries;
  assert.deepEqual(
    [tested.state, made?.status, made?.response, made?.error],
    ["failed", 418, "short and stout", "Answered with HTTP 418."],
  );
  const sent = receiver.received.at(-1) ?? assert.fail();
  assert.equal(sent.id, tested.id);
  new Webhook(secret).verify(sent.body, sent.headers as Record<string, string>);
  const detail = deliveryDetailSchema.parse(
    (await http.call("GET", `/api/webhooks/deliveries/${tested.id}`)).body,
  );
  assert.equal(detail.request.body, sent.body);
  assert.equal(detail.request.headers["webhook-id"], tested.id);
  const page = await http.call("GET", `/api/webhooks/deliveries?endpointId=${id}&state=failed`);
  assert.deepEqual(deliveryPageSchema.parse(page.body).items, [tested]);
  const again = await http.call("POST", `/api/webhooks/deliveries/${tested.id}/resend`);
  assert.equal(again.status, 409);
  receiver.reaction = () => 204;
});

test("a rotated secret signs with the one before it, for as long as is asked", async () => {
  const { id, secret } = await add();
  const rotated = await http.call("POST", `${ENDPOINTS}/${id}/rotate`, { overlapSeconds: 60 });
  const { secret: fresh, previousSecretUntil } = webhookSecretSchema.parse(rotated.body);
  assert.notEqual(fresh, secret);
  assert.equal(previousSecretUntil, new Date(http.clock.now().getTime() + 60_000).toISOString());
  await http.call("POST", `${ENDPOINTS}/${id}/test`);
  const { body, headers } = receiver.received.at(-1) ?? assert.fail();
  for (const one of [secret, fresh]) new Webhook(one).verify(body, headers as Record<string, string>);
});

test("a replay from before the log's beginning begins with it, and counts nothing as skipped", async () => {
  const { id } = await add({ types: ["gateway"] });
  await http.store.append(Array.from({ length: 5 }, () => newEvent("activity")));
  const policy = { keepEvents: 2, receiptsBefore: "2000-01-01T00:00:00.000Z" };
  while (await http.store.prune(policy));
  const { oldest } = await http.store.range();
  const path = `${ENDPOINTS}/${id}/replay`;
  assert.equal((await http.call("POST", path, { since: 1 })).status, 202);
  assert.equal((await http.store.record("webhook", id))?.replayAfter, oldest - 1);
});

test("what an operator does is told in the log, without the URL", async () => {
  const { id } = await add({ url: `${receiver.url}/secret-path` });
  await http.call("PATCH", `${ENDPOINTS}/${id}`, { enabled: false });
  const off = await http.call("GET", `${ENDPOINTS}/${id}`);
  assert.deepEqual([off.body.status, off.body.statusReason], ["off", "It was switched off by the operator."]);
  await http.call("PATCH", `${ENDPOINTS}/${id}`, { enabled: true });
  const replayed = await http.call("POST", `${ENDPOINTS}/${id}/replay`, { since: 1 });
  assert.equal(replayed.status, 202);
  assert.equal((await http.call("POST", `${ENDPOINTS}/${id}/replay`, { since: 1_000_000 })).status, 409);
  assert.equal((await http.call("DELETE", `${ENDPOINTS}/${id}`)).status, 204);
  assert.equal((await http.call("DELETE", `${ENDPOINTS}/${id}`)).status, 404);
  const { items } = await http.store.history(null, { types: ["webhook"] }, 100);
  const told = items.filter(({ data }) => data.webhookId === id).map(({ data }) => data.change);
  assert.deepEqual(told.reverse(), ["created", "switched_off", "switched_on", "replayed", "deleted"]);
  assert.equal(JSON.stringify(items).includes("secret-path"), false);
});
