import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { splitCommandLine } from "../command-line.ts";
import { type OperatorMessage, OperatorMessages } from "../operator-messages.ts";
import { readsStreamJson, StreamJsonInput, withReplay } from "./stream-json-input.ts";

interface Line {
  type: string;
  uuid?: string;
  request?: { subtype: string };
  message?: { content: { text: string }[] };
}

function begun() {
  const input = new PassThrough({ encoding: "utf8" });
  const messages = new OperatorMessages();
  const conversation = new StreamJsonInput(input, messages);
  conversation.begin("the task");
  const told: string[] = [];
  const read = (): Line[] =>
    String(input.read() ?? "")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
  const say = (text: string, mode: OperatorMessage["mode"], files: OperatorMessage["files"] = []) =>
    messages.deliver({
      text,
      files,
      mode,
      takenUp: () => told.push(`${text} taken up`),
      refuse: () => told.push(`${text} refused`),
    });
  const [task] = read();
  conversation.heard(task?.uuid ?? "");
  return { conversation, input, read, say, told, task };
}

const textsOf = (lines: Line[]) =>
  lines.map(({ type, message, request }) => message?.content[0]?.text ?? `${type} ${request?.subtype}`);

test("is for Claude Code with that input format alone", () => {
  for (const [command, reads] of [
    ["claude -p --input-format stream-json --output-format stream-json --verbose", true],
    ["/opt/claude -p --input-format=stream-json", true],
    ["claude -p {prompt} --output-format stream-json --verbose", false],
    ["my-agent --input-format stream-json", false],
  ] as const) {
    assert.equal(readsStreamJson(splitCommandLine(command)), reads, command);
  }
  assert.deepEqual(withReplay(["claude"]), ["claude", "--replay-user-messages"]);
  assert.deepEqual(withReplay(["claude", "--replay-user-messages"]), ["claude", "--replay-user-messages"]);
});

test("a message that steers is written at once, and taken up when the program repeats it", () => {
  const { conversation, read, say, told, task } = begun();
  assert.equal(task?.message?.content[0]?.text, "the task");
  say("left", "steer");
  const [line] = read();
  assert.equal(line?.message?.content[0]?.text, "left");
  assert.deepEqual(told, []);
  conversation.heard(line?.uuid ?? "");
  assert.deepEqual(told, ["left taken up"]);
});

test("one that waits is written when the turn is over; then the input ends", () => {
  const { conversation, input, read, say, told } = begun();
  say("then this", "next");
  assert.deepEqual(read(), []);
  assert.equal(conversation.turnEnded(), true);
  const [line] = read();
  conversation.heard(line?.uuid ?? "");
  assert.equal(conversation.turnEnded(), false);
  assert.equal(input.writableEnded, true);
  say("late", "steer");
  assert.deepEqual(told, ["then this taken up", "late refused"]);
});

test("a turn that is over before a message was taken up is not the last", () => {
  const { conversation, say, told } = begun();
  say("left", "steer");
  assert.equal(conversation.turnEnded(), true);
  conversation.close();
  assert.deepEqual(told, ["left refused"]);
});

test("an interruption ends the turn before the message", () => {
  const { read, say } = begun();
  say("stop", "interrupt");
  assert.deepEqual(textsOf(read()), ["control_request interrupt", "stop"]);
});

test("gives images as images and text files as text, and refuses a message with anything else", () => {
  const { read, say, told } = begun();
  const image = { name: "a.png", mediaType: "image/png", size: 1, content: "AA==" };
  const text = { name: "b.log", mediaType: "application/octet-stream", size: 2, content: btoa("no") };
  say("look", "steer", [image, text]);
  say("and", "next", [{ ...image, name: "c.bin", mediaType: "application/zip" }]);
  const [line] = read();
  assert.deepEqual(line?.message?.content, [
    { type: "text", text: "look" },
    { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } },
    { type: "text", text: "b.log:\n\n```\nno\n```" },
  ]);
  assert.deepEqual(told, ["and refused"]);
});
