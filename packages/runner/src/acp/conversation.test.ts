import assert from "node:assert/strict";
import { test } from "node:test";
import { type OperatorMessage, OperatorMessages } from "../operator-messages.ts";
import { Conversation, type Listener } from "./conversation.ts";

/** An agent in the middle of a turn; `steer` is how it takes a message into it, where it does. */
function inTurn(steer?: (text: string) => Promise<boolean>) {
  const told: string[] = [];
  const agent: Listener = {
    name: "fake",
    steers: steer !== undefined,
    steer: (_, text) => (steer as (text: string) => Promise<boolean>)(text),
    cancel: async () => void told.push("cancel"),
  };
  const messages = new OperatorMessages();
  const conversation = new Conversation(agent, "s", messages);
  const say = (text: string, mode: OperatorMessage["mode"]) =>
    messages.deliver({
      text,
      mode,
      takenUp: () => told.push(`${text} taken up`),
      refuse: (reason) => told.push(`${text} refused: ${reason}`),
    });
  return { conversation, say, told };
}

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
  assert.equal(await conversation.next(), "left");
  assert.deepEqual(told, ["left taken up"]);
});

test("an agent that does not steer hears it after its turn, in the order of saying", async () => {
  const { conversation, say, told } = inTurn();
  say("one", "steer");
  say("two", "next");
  assert.deepEqual(told, []);
  assert.equal(await conversation.next(), "one");
  assert.equal(await conversation.next(), "two");
  assert.equal(await conversation.next(), undefined);
});

test("an interruption ends the turn, and comes before what waits", async () => {
  const { conversation, say, told } = inTurn();
  const { interrupted } = conversation;
  say("later", "next");
  say("stop", "interrupt");
  assert.equal(interrupted.aborted, true, "what the turn waits for is over");
  assert.equal(await conversation.next(), "stop");
  assert.equal(conversation.interrupted.aborted, false, "a new turn");
  assert.equal(await conversation.next(), "later");
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
