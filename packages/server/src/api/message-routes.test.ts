import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { messagePageSchema, messageSchema } from "@mission-control/protocol";
import { type HttpFixture, startHttp } from "../../test/http-fixture.ts";

let http: HttpFixture;
before(async () => {
  http = await startHttp();
});
after(() => http.close());

/** A task that its agent has. */
async function taskAtWork(): Promise<string> {
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/agent" };
  const { body: agent } = await http.call("POST", "/api/agents", {
    name: "builder",
    concurrency: 9,
    endpoint,
  });
  const { body: task } = await http.call("POST", "/api/tasks", { title: "A task" });
  await http.call("POST", `/api/tasks/${task.id}/dispatch`, { agentId: agent.id });
  return task.id;
}

const write = (id: string, body: unknown, headers = {}) =>
  http.call("POST", `/api/tasks/${id}/messages`, body, headers);

test("a message is taken with 202, steers unless it says otherwise, and is read back", async () => {
  const id = await taskAtWork();
  const sent = await write(id, { text: " Look again.\n" });
  assert.equal(sent.status, 202);
  assert.deepEqual(messageSchema.parse(sent.body), sent.body);
  const { text, mode, state, by } = sent.body;
  assert.deepEqual([text, mode, state, by], [" Look again.\n", "steer", "sending", "operator"]);
  const second = await write(id, { text: "And then?", mode: "next" });
  const { body } = await http.call("GET", `/api/tasks/${id}/messages`);
  assert.deepEqual(messagePageSchema.parse(body), body);
  assert.deepEqual(
    body.items.map((item: { id: string }) => item.id),
    [sent.body.id, second.body.id],
  );
  const page = await http.call("GET", `/api/tasks/${id}/messages?limit=1`);
  const next = await http.call("GET", `/api/tasks/${id}/messages?limit=1&after=${page.body.nextCursor}`);
  assert.equal(next.body.items[0].id, second.body.id);
  const events = await http.call("GET", "/api/events/history?types=message&limit=500");
  assert.ok(events.body.items.some((one: { message: string }) => one.message === " Look again.\n"));
});

test("an Idempotency-Key makes a repeat the same message, within its task", async () => {
  const [id, other] = [await taskAtWork(), await taskAtWork()];
  const once = { "Idempotency-Key": "once" };
  const first = await write(id, { text: "Only once" }, once);
  const again = await write(id, { text: "Only once" }, once);
  assert.deepEqual([again.status, again.body], [202, first.body]);
  assert.equal((await write(id, { text: "Something else" }, once)).status, 422);
  assert.equal((await write(other, { text: "Something else" }, once)).status, 202);
  assert.equal((await http.call("GET", `/api/tasks/${id}/messages`)).body.items.length, 1);
});

test("what cannot be a message is refused, and so is one that nobody can take", async () => {
  const id = await taskAtWork();
  assert.equal((await write(id, { text: "  " })).status, 400);
  assert.equal((await write(id, { text: "x", mode: "shout" })).status, 400);
  assert.equal((await write(id, { text: "x".repeat(64 * 1024 + 1) })).status, 400);
  assert.equal((await write("nope", { text: "x" })).status, 404);
  assert.equal((await http.call("GET", "/api/tasks/nope/messages")).status, 404);
  const { body: pending } = await http.call("POST", "/api/tasks", { title: "Nobody has it" });
  const refused = await write(pending.id, { text: "x" });
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /not dispatched yet/);
  assert.deepEqual((await http.call("GET", `/api/tasks/${pending.id}/messages`)).body.items, []);
});

test("files of a message are artifacts of its task, which can be sent again by their ids", async () => {
  const id = await taskAtWork();
  const content = Buffer.from("one,two\n").toString("base64");
  const sent = await write(id, { text: "See these.", attachments: [{ name: "numbers.csv", content }] });
  assert.equal(sent.status, 202, JSON.stringify(sent.body));
  assert.deepEqual(messageSchema.parse(sent.body), sent.body);
  const [file] = sent.body.attachments;
  assert.deepEqual([file.name, file.mediaType, file.size], ["numbers.csv", "application/octet-stream", 8]);
  const listed = await http.call("GET", `/api/tasks/${id}/artifacts`);
  assert.deepEqual(
    listed.body.items.map((item: { id: string; messageId: string }) => [item.id, item.messageId]),
    [[file.artifactId, sent.body.id]],
  );
  const again = await write(id, { text: "And once more.", attachments: [{ artifactId: file.artifactId }] });
  assert.deepEqual(again.body.attachments, [file]);
  assert.equal((await http.call("GET", `/api/tasks/${id}/artifacts`)).body.items.length, 1);
  const { body } = await http.call("GET", `/api/tasks/${id}/messages`);
  assert.deepEqual(
    body.items.map((item: { attachments: unknown }) => item.attachments),
    [[file], [file]],
  );
});

test("files that cannot be taken are refused, each with its place, and nothing is written to the agent", async () => {
  const id = await taskAtWork();
  const large = Buffer.alloc(2_700_000).toString("base64");
  for (const [attachments, path] of [
    [[{ name: "a.txt", content: "not base64!" }], "attachments.0"],
    [[{ name: "../a.txt", content: "" }], "attachments.0"],
    [[{ artifactId: "nobody" }], "attachments.0.artifactId"],
    [Array(9).fill({ name: "a", content: "" }), "attachments"],
    [["a.bin", "b.bin"].map((name) => ({ name, content: large })), "attachments"],
  ] as const) {
    const { status, body } = await write(id, { text: "See these.", attachments });
    assert.equal(status, 400, path);
    assert.equal(body.errors[0].path.slice(0, path.length), path, JSON.stringify(body));
    assert.ok(body.detail.startsWith(`The request is not valid: ${path}`), body.detail);
  }
  const huge = [{ name: "a", content: "A".repeat(9_000_000) }];
  assert.equal((await write(id, { text: "See this.", attachments: huge })).status, 413);
  assert.deepEqual((await http.call("GET", `/api/tasks/${id}/messages`)).body.items, []);
});
