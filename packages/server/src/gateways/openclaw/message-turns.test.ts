import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { OpenClawFixture, payload, SESSION, target } from "../../../test/support/openclaw-fixture.ts";
import type { AgentMessage } from "../gateway.ts";

let gateway: OpenClawFixture;
/** What the gateway's ledger says of its runs. */
let tasks: { runId: string; status: string }[];
beforeEach(async () => {
  gateway = await OpenClawFixture.open();
  tasks = [];
  gateway.fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  gateway.fake.on("tasks.list", ({ answer }) => answer({ tasks }));
  gateway.fake.on("chat.history", ({ answer }) => answer({ messages: [] }));
  gateway.fake.on("chat.abort", ({ answer }) => answer({ aborted: true }));
});
afterEach(() => gateway.close());

const say = (mode: AgentMessage["mode"] = "next", id = "m1") =>
  gateway.adapter.sendMessage(
    target,
    payload,
    { id, text: "Look again.", mode, attachments: gateway.files.get(id) ?? undefined },
    gateway.context(),
  );

/** The gateway tells that a run has begun. */
const begin = (runId: string) =>
  gateway.fake.tell("agent", {
    runId,
    sessionKey: SESSION,
    stream: "lifecycle",
    data: { phase: "start" },
  });

/** What was told of messages and of the end, in order. */
const told = () =>
  gateway.events.flatMap((event) => {
    if (event.kind === "message_taken_up") return [`taken up ${event.messageId}`];
    return event.kind === "ended" ? [`ended ${event.outcome} ${event.text}`] : [];
  });

test("a message is the agent's next turn with the way to report; taken up when that begins, and its end is the end", async () => {
  gateway.start();
  await gateway.adapter.dispatch(target, payload, gateway.context());
  const first = await gateway.fake.request("agent");
  const waiting = await gateway.fake.request("agent.wait");
  assert.deepEqual(await say(), { state: "delivered" });
  const second = await gateway.fake.request("agent", 2);
  assert.deepEqual(
    [second.params.idempotencyKey, second.params.message, second.params.extraSystemPrompt],
    ["d1.message.m1", "Look again.", first.params.extraSystemPrompt],
  );
  assert.deepEqual(await say(), { state: "delivered" });
  assert.equal(gateway.fake.count("agent"), 2, "delivered again, it is no further turn");
  assert.equal(gateway.fake.count("chat.abort"), 0);
  begin("d1");
  waiting.answer({ status: "ok", terminalReply: { text: "First." } });
  const waitingAgain = await gateway.fake.request("agent.wait", 2);
  assert.equal(waitingAgain.params.runId, "d1.message.m1");
  assert.deepEqual(told(), []);
  begin("d1.message.m1");
  await gateway.until(() => told().length === 1);
  waitingAgain.answer({ status: "ok", terminalReply: { text: "Looked." } });
  await gateway.until(() => told().length === 2);
  assert.deepEqual(told(), ["taken up m1", "ended completed Looked."]);
});

test("a message that should steer says how it is taken; where no turn is under way there is nothing to say", async () => {
  gateway.start();
  assert.deepEqual(await say("steer"), { state: "delivered" });
  const outcome = await say("steer", "m2");
  assert.equal(outcome.state, "delivered");
  assert.match(outcome.reason ?? "", /as its next turn/);
});

test("a message that interrupts waits behind the turn under way before it stops that, whose end is not the end", async () => {
  gateway.start();
  await gateway.adapter.dispatch(target, payload, gateway.context());
  const waiting = await gateway.fake.request("agent.wait");
  assert.deepEqual(await say("interrupt"), { state: "delivered" });
  const order = gateway.fake.requests.map(({ method, params }) => [
    method,
    params.runId ?? params.idempotencyKey,
  ]);
  const [sent, stopped] = order.filter(([method]) => method === "agent" || method === "chat.abort").slice(1);
  assert.deepEqual(
    [sent, stopped],
    [
      ["agent", "d1.message.m1"],
      ["chat.abort", "d1"],
    ],
  );
  waiting.answer({ status: "timeout", stopReason: "rpc", endedAt: 1 });
  const next = await gateway.fake.request("agent.wait", 2);
  assert.deepEqual([next.params.runId, told()], ["d1.message.m1", []]);
});

test("a message that an earlier process said is found with the gateway, running or over, and not said twice", async () => {
  tasks = [{ runId: "d1.message.m1", status: "running" }];
  gateway.start();
  const note = { message: { id: "m1", text: "Look again." }, runId: "d1.message.m1", bootId: "boot-1" };
  await gateway.adapter.resume(target, payload, { accepted: true, note }, gateway.context());
  assert.deepEqual(await say("interrupt"), { state: "delivered" });
  assert.deepEqual(
    gateway.fake.requests.filter(({ method }) => method === "chat.abort").map(({ params }) => params.runId),
    ["d1", "d1.2", "d1.3"],
    "what it interrupts is known by its ids alone",
  );
  tasks = [{ runId: "d1.message.m2", status: "completed" }];
  assert.deepEqual(await say("next", "m2"), { state: "taken_up" });
  assert.equal(gateway.fake.count("agent"), 0);
});

test("a message that the gateway refuses leaves the dispatch as it is; one it cannot be told now is tried again", async () => {
  gateway.start({ times: { handOverMs: 20 } });
  await gateway.until(() => gateway.adapter.state().state === "connected");
  await gateway.adapter.dispatch(target, payload, gateway.context());
  gateway.fake.on("agent", ({ refuse }) => refuse({ code: "UNAVAILABLE", message: "busy", retryable: true }));
  await assert.rejects(say(), /gateway is busy/);
  gateway.fake.on("agent", ({ refuse }) => refuse({ code: "INVALID_REQUEST", message: "too much" }));
  const refused = await say();
  assert.equal(refused.state, "refused");
  assert.match(refused.reason ?? "", /too much/);
  assert.deepEqual(
    gateway.notes.at(-1),
    { runId: "d1", bootId: "boot-1" },
    "a restart takes up the task's turn",
  );
  const waiting = await gateway.fake.request("agent.wait");
  waiting.answer({ status: "ok", terminalReply: { text: "Done." } });
  await gateway.until(() => told().length === 1);
  assert.deepEqual(told(), ["ended completed Done."]);
});

const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString("base64");
const fileOf = (name: string, mediaType: string, bytes: Uint8Array) => ({
  name,
  mediaType,
  size: bytes.length,
  content: base64(bytes),
});
const png = fileOf("screen.png", "image/png", Buffer.from("89504e470d0a1a0a", "hex"));
const notes = fileOf("notes.md", "text/markdown", Buffer.from("# Notes\n"));

test("what is text of a message's files stands in it, all else is the gateway's to take", async () => {
  gateway.files.set("m1", [png, notes]);
  gateway.start();
  assert.deepEqual(await say(), { state: "delivered" });
  const { params } = await gateway.fake.request("agent");
  assert.equal(params.message, "Look again.\n\nnotes.md:\n\n```\n# Notes\n```");
  assert.deepEqual(params.attachments, [
    { fileName: "screen.png", mimeType: "image/png", content: png.content },
  ]);
  assert.ok(!JSON.stringify(gateway.notes).includes(png.content), "no note holds a file");
});

test("a message that an earlier process did not get to send goes with its files, or says that they are gone", async () => {
  gateway.start();
  const resume = (id: string, dispatchId: string) => {
    const note = {
      message: { id, text: "Look again." },
      runId: `${dispatchId}.message.${id}`,
      bootId: "boot-1",
    };
    const sent = { ...payload, dispatchId };
    return gateway.adapter.resume(target, sent, { accepted: true, note }, gateway.context());
  };
  gateway.files.set("m1", [png]);
  await resume("m1", "d1");
  const { params } = await gateway.fake.request("agent");
  assert.equal((params.attachments as unknown[]).length, 1);
  gateway.files.set("m2", null);
  await resume("m2", "d2");
  const second = await gateway.fake.request("agent", 2);
  assert.match(String(second.params.message), /^Look again\.\n\n\[The files .* not kept any more\.\]$/);
});

test("files that the gateway refuses, or that hold too much text, are a refused message", async () => {
  gateway.start();
  gateway.fake.on("agent", ({ refuse }) =>
    refuse({ code: "INVALID_REQUEST", message: "attachment screen.png: exceeds size limit" }),
  );
  gateway.files.set("m1", [png]);
  const refused = await say();
  assert.equal(refused.state, "refused");
  assert.match(
    refused.reason ?? "",
    /^The gateway refused the message: .*exceeds size limit .*takes images, .*, and text/,
  );
  const log = fileOf("run.log", "text/plain", Buffer.alloc(300_000, "x"));
  gateway.files.set("m2", [log]);
  const { reason } = await say("next", "m2");
  assert.match(reason ?? "", /takes 256 KiB of text .* run\.log has 293 KiB/);
  assert.equal(gateway.fake.count("agent"), 1);
});
