import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { DispatchFixture } from "../../test/support/dispatch-fixture.ts";
import type { AgentMessage, MessageOutcome } from "../gateways/gateway.ts";

/** A task that its agent has. */
async function atWork(context: TestContext) {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const { attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  const write = (text: string) =>
    fixture.dispatcher.sendMessage(taskId, { text, mode: "steer", by: "operator" });
  const settled = () => fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  const states = async () =>
    (await fixture.store.messagesOf(taskId, 0, 100)).items.map(({ text, state, reason }) =>
      reason === undefined ? `${text} ${state}` : `${text} ${state}: ${reason}`,
    );
  return { fixture, agentId, taskId, dispatchId: attempt?.id ?? "", write, settled, states };
}

test("messages reach the agent in order, each once, and say what it answered", async (context) => {
  const { fixture, write, settled, states, dispatchId } = await atWork(context);
  const answers: MessageOutcome[] = [
    { state: "delivered" },
    { state: "taken_up" },
    { state: "refused", reason: "Not now." },
  ];
  fixture.gateway.onMessage = async () => answers.shift() ?? { state: "delivered" };
  for (const text of ["one", "two", "three"]) await write(text);
  await settled();
  assert.deepEqual(await states(), ["one delivered", "two taken_up", "three refused: Not now."]);
  assert.deepEqual(
    fixture.gateway.calls.slice(1),
    ["one", "two", "three"].map((text) => `message ${dispatchId} ${text}`),
  );
});

test("a message is kept through a crash, and delivered again under its id where nobody wrote the agent's answer", async (context) => {
  const { fixture, write, settled, states } = await atWork(context);
  const ids: string[] = [];
  const reached = Promise.withResolvers<void>();
  fixture.gateway.onMessage = ({ id }) => {
    ids.push(id);
    reached.resolve();
    // The server dies before it hears the agent's answer.
    return new Promise(() => {});
  };
  await write("hold on");
  await reached.promise;
  assert.deepEqual(await states(), ["hold on sending"]);
  fixture.gateway.onMessage = async ({ id }) => {
    ids.push(id);
    return { state: "delivered" };
  };
  await fixture.crash();
  await settled();
  assert.deepEqual(await states(), ["hold on delivered"]);
  assert.equal(ids.length, 2);
  assert.equal(new Set(ids).size, 1, "so that the agent knows it again");
});

test("a message whose attempt ends before its agent has it says so, and begins nothing", async (context) => {
  const { fixture, taskId, write, settled, states } = await atWork(context);
  let tries = 0;
  fixture.gateway.onMessage = async () => {
    if (++tries === 1) await fixture.report(taskId, "complete");
    throw new Error("The agent could not be reached.");
  };
  await write("too late");
  await settled();
  assert.deepEqual(await states(), [
    "too late refused: The attempt ended before its agent confirmed that it has it.",
  ]);
  assert.equal(tries, 1);
});

test("an agent of a kind that takes no messages has refused, in words", async (context) => {
  const { fixture, write, settled, states } = await atWork(context);
  Object.assign(fixture.gateway, { sendMessage: undefined });
  await write("hello");
  await settled();
  assert.deepEqual(await states(), ["hello refused: Agents of this kind take no messages."]);
});

test("the files of a message are kept through a crash, and go to the agent whole", async (context) => {
  const { fixture, taskId, settled, states } = await atWork(context);
  const received: AgentMessage[] = [];
  const reached = Promise.withResolvers<void>();
  fixture.gateway.onMessage = () => {
    reached.resolve();
    return new Promise(() => {});
  };
  const content = Buffer.from("PNG\0").toString("base64");
  const attachments = [{ name: "screen.png", mediaType: "image/png", content }];
  const message = { text: "look", mode: "steer", by: "operator", attachments } as const;
  await fixture.dispatcher.sendMessage(taskId, { ...message, attachments: [...attachments] });
  await reached.promise;
  fixture.gateway.onMessage = async (message) => {
    received.push(message);
    return { state: "delivered" };
  };
  await fixture.crash();
  await settled();
  assert.deepEqual(await states(), ["look delivered"]);
  assert.deepEqual(received[0]?.attachments, [
    { name: "screen.png", mediaType: "image/png", size: 4, content },
  ]);
});

test("what a gateway sees of a message is told, also before the agent's side has answered", async (context) => {
  const { fixture, write, settled, states, dispatchId } = await atWork(context);
  const answered = Promise.withResolvers<void>();
  fixture.gateway.onMessage = async ({ id }) => {
    fixture.dispatcher.onRunEvent({ kind: "message_taken_up", dispatchId, messageId: id, at: new Date() });
    await answered.promise;
    return { state: "delivered" };
  };
  await write("steer");
  await fixture.until(async () => (await states()).includes("steer taken_up"));
  answered.resolve();
  await settled();
  assert.deepEqual(await states(), ["steer taken_up"]);
});

test("a message is delivered by the node that does the agent's work, whichever it was given to", async (context) => {
  const { fixture, taskId, settled, states, dispatchId } = await atWork(context);
  const other = await fixture.addNode();
  await other.dispatcher.sendMessage(taskId, { text: "from afar", mode: "next", by: "operator" });
  await settled();
  assert.deepEqual(await states(), ["from afar delivered"]);
  assert.deepEqual(other.gateway.calls, []);
  assert.equal(fixture.gateway.calls.at(-1), `message ${dispatchId} from afar`);
});

test("a message to a task that has ended is dispatched as a new attempt, where the agent keeps its conversations", async (context) => {
  const { fixture, taskId, write, states } = await atWork(context);
  await fixture.report(taskId, "complete");
  const refused = await write("And the tests?");
  assert.equal(refused.refusal?.code, "conflict");
  Object.assign(fixture.gateway, { keepsConversations: true });
  await write("And the tests?");
  await fixture.untilState(taskId, "in_progress accepted");
  assert.deepEqual(await states(), ["And the tests? delivered"]);
  assert.equal(fixture.gateway.payloads.at(-1)?.task.feedback, "And the tests?");
  await fixture.report(taskId, "complete");
  assert.deepEqual(await states(), ["And the tests? taken_up"]);
});

test("while a budget is used up, a message reaches an attempt under way, and begins none", async (context) => {
  const { fixture, taskId, write, states } = await atWork(context);
  Object.assign(fixture.gateway, { keepsConversations: true });
  fixture.overBudget = "It is used up.";
  assert.equal((await write("Be quick")).refusal, undefined);
  await fixture.report(taskId, "complete");
  assert.deepEqual((await write("And the tests?")).refusal, { code: "conflict", detail: "It is used up." });
  fixture.overBudget = null;
  await write("And the tests?");
  await fixture.untilState(taskId, "in_progress accepted");
  assert.equal((await states()).length, 2);
});

test("a cancel does not wait for the answer of an agent that hangs over a message", async (context) => {
  const { fixture, taskId, dispatchId, write, settled, states } = await atWork(context);
  const reached = Promise.withResolvers<void>();
  fixture.gateway.onMessage = () => {
    reached.resolve();
    return new Promise(() => {});
  };
  await write("are you there?");
  await reached.promise;
  await fixture.dispatcher.cancel(taskId);
  await settled();
  assert.equal(fixture.gateway.calls.at(-1), `cancel ${dispatchId}`);
  assert.deepEqual(await states(), [
    "are you there? refused: The attempt ended before its agent confirmed that it has it.",
  ]);
});
