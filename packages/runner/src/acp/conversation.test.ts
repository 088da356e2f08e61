import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContentBlock } from "@agentclientprotocol/sdk";
import { type OperatorMessage, OperatorMessages } from "../operator-messages.ts";
import { Conversation, type Listener } from "./conversation.ts";

/** An agent in the middle of a turn; `steer` is how it takes a message into it, where it does. */
function inTurn(steer?: (text: string) => Promise<boolean>) {
  const told: string[] = [];
  const agent: Listener = {
    name: "fake",
    takes: {},
    steers: steer !== undefined,
    steer: (_, blocks) => (steer as (text: string) => Promise<boolean>)(textOf(blocks) ?? ""),
    cancel: async () => void told.push("cancel"),
  };
  const messages = new OperatorMessages();
  const conversation = new Conversation(agent, "s", messages);
  const say = (text: string, mode: OperatorMessage["mode"], files: OperatorMessage["files"] = []) =>
    messages.deliver({
      text,
      files,
      mode,
      takenUp: () => told.push(`${text} taken up`),
      refuse: (reason) => told.push(`${text} refused: ${reason}`),
    });
  return { conversation, say, told };
}

/** The text that a prompt begins with. */
function textOf(blocks: ContentBlock[] = []): string | undefined {
  const [first] = blocks;
  return first?.type === "text" ? first.text : undefined;
}

test("a message whose file the agent cannot take is refused at once, whatever its mode", async () => {
  const { conversation, say, told } = inTurn();
  const image = { name: "a.png", mediaType: "image/png", size: 1, content: "AA==" };
  say("look", "interrupt", [image]);
  assert.equal(await conversation.next(), undefined);
  assert.match(told.join(), /^look refused: fake takes no files like a\.png/);
});

test("an agent that steers is given the message at once", async () => {
  const { conversation, say, told } = inTurn(async () => true);
  say("left", "steer");
  assert.equal(await conversation.next(), undefined);
  assert.deepEqual(told, ["left taken up"]);
});

test("messages that steer do not overtake each other, and the end of the turn waits for them", async () => {
  const first = Promise.withResolvers<boolean>();
  const { conversation, say, told } = inTurn((text) =>
    text === "one" ? first.promise : Promise.resolve(true),
  );
  say("one", "steer");
  say("two", "steer");
  const next = conversation.next();
  first.resolve(true);
  assert.equal(await next, undefined);
  assert.deepEqual(told, ["one taken up", "two taken up"]);
});

test("one that comes too late for the turn is the next prompt", async () => {
  const { conversation, say, told } = inTurn(async () => false);
  say("left", "steer");
  assert.equal(textOf(await conversation.next()), "left");
  assert.deepEqual(told, ["left taken up"]);
});

test("an agent that does not steer hears it after its turn, in the order of saying", async () => {
  const { conversation, say, told } = inTurn();
  say("one", "steer");
  say("two", "next");
  assert.deepEqual(told, []);
  assert.equal(textOf(await conversation.next()), "one");
  assert.equal(textOf(await conversation.next()), "two");
  assert.equal(await conversation.next(), undefined);
});

test("an interruption ends the turn, and comes before what waits", async () => {
  const { conversation, say, told } = inTurn();
  const { interrupted } = conversation;
  say("later", "next");
  say("stop", "interrupt");
  assert.equal(interrupted.aborted, true, "what the turn waits for is over");
  assert.equal(textOf(await conversation.next()), "stop");
  assert.equal(conversation.interrupted.aborted, false, "a new turn");
  assert.equal(textOf(await conversation.next()), "later");
  assert.deepEqual(told, ["cancel", "stop taken up", "later taken up"]);
});

test("what comes after the last turn is refused, and what waits when the agent dies", async () => {
  const { conversation, say, told } = inTurn();
  await conversation.next();
  say("late", "steer");
  assert.match(told[0] ?? "", /^late refused: The agent had ended its work/);
  const dead = inTurn();
  dead.say("waiting", "next");
  dead.conversation.close();
  assert.match(dead.told[0] ?? "", /^waiting refused/);
});
