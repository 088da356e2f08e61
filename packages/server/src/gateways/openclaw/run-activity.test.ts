import assert from "node:assert/strict";
import { test } from "node:test";
import { redactor } from "./redaction.ts";
import { RunActivity } from "./run-activity.ts";

const SECRET = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=";

function feed(now: () => number = () => 0): RunActivity {
  const activity = new RunActivity(redactor(SECRET), now);
  activity.useToolEvents(true);
  return activity;
}

function messages(activity: RunActivity, stream: string, data: object): string[] {
  const payload = JSON.parse(JSON.stringify({ stream, data }));
  return activity.take(payload).map(({ message }) => message);
}

test("a tool call is told with what it does, a failed one with why", () => {
  const activity = feed();
  const call = { phase: "start", name: "exec", args: { command: "npm\n  test" } };
  assert.deepEqual(messages(activity, "tool", call), ["exec: npm test"]);
  assert.deepEqual(messages(activity, "tool", { phase: "update", name: "exec" }), []);
  assert.deepEqual(messages(activity, "tool", { phase: "result", name: "exec", isError: false }), []);
  const failed = { phase: "result", name: "exec", isError: true, result: { content: [{ text: "exit 1" }] } };
  assert.deepEqual(messages(activity, "tool", failed), ["exec failed: exit 1"]);
  assert.deepEqual(messages(activity, "tool", { phase: "start", name: "list", args: { depth: 2 } }), [
    'list: {"depth":2}',
  ]);
});

test("text is told once, when the agent goes on to a tool", () => {
  const activity = feed();
  assert.deepEqual(messages(activity, "assistant", { text: "I look" }), []);
  assert.deepEqual(messages(activity, "assistant", { text: "I look at it." }), []);
  const call = { phase: "start", name: "read", args: { path: "a.ts" } };
  assert.deepEqual(messages(activity, "tool", call), ["I look at it.", "read: a.ts"]);
  assert.deepEqual(messages(activity, "tool", call), ["read: a.ts"]);
});

test("text before a tool that comes as a preamble, in pieces, is told once", () => {
  const activity = feed();
  const piece = (itemId: string, progressText: string) =>
    messages(activity, "item", { kind: "preamble", phase: "update", itemId, progressText });
  assert.deepEqual(piece("c1", "I look"), []);
  assert.deepEqual(piece("c1", "I look first."), []);
  const call = { phase: "start", name: "read", args: { path: "a.ts" } };
  assert.deepEqual(messages(activity, "tool", call), ["I look first.", "read: a.ts"]);
  assert.deepEqual(piece("c2", "And then?"), []);
  assert.deepEqual(piece("c3", "Then this."), ["And then?"], "each is told, with a tool between them or not");
});

test("the secret is never told, in none of its forms, also where a text is cut", () => {
  const activity = feed();
  const key = SECRET.slice("whsec_".length);
  for (const form of [SECRET, key, encodeURIComponent(SECRET)]) {
    for (const before of ["echo ", "x".repeat(190)]) {
      const call = { phase: "start", name: "exec", args: { command: `${before}${form} and more` } };
      const [message = ""] = messages(feed(), "tool", call);
      assert.doesNotMatch(message, /YWJjZGVm/);
    }
  }
  messages(activity, "assistant", { text: `My secret is ${SECRET}` });
  const told = messages(activity, "tool", { phase: "start", name: "exec", args: { command: "ls" } });
  assert.deepEqual(told, ["My secret is [secret]", "exec: ls"]);
});

test("a report command is told without its variables", () => {
  const command = `MISSION_CONTROL_CALLBACK_URL='http://x/y' MISSION_CONTROL_CALLBACK_SECRET='${SECRET}' \\\n  mission-control report progress "half"`;
  const told = messages(feed(), "tool", { phase: "start", name: "exec", args: { command } });
  assert.deepEqual(told, ['exec: mission-control report progress "half"']);
});

test("where tool events are missing, items tell the tool calls", () => {
  const activity = feed();
  const item = { kind: "tool", phase: "start", name: "exec", title: "Exec print text" };
  assert.deepEqual(messages(activity, "item", item), []);
  activity.useToolEvents(false);
  assert.deepEqual(messages(activity, "item", item), ["exec: Exec print text"]);
  assert.deepEqual(messages(activity, "item", { ...item, phase: "end" }), []);
});

test("a flood is cut to a few, and what was left out is counted", () => {
  let now = 0;
  const activity = feed(() => now);
  const call = JSON.parse('{"stream":"tool","data":{"phase":"start","name":"exec","args":{"command":"x"}}}');
  const told = Array.from({ length: 100 }, () => activity.take(call)).flat();
  assert.equal(told.length, 10);
  now = 10_000;
  assert.deepEqual(
    activity.take(call).map(({ data }) => data),
    [{ source: "gateway", phase: "start", tool: "exec", skipped: 90 }],
  );
  assert.equal(activity.take(call)[0]?.data.skipped, undefined);
});

test("the start is told once, however often the model is tried", () => {
  const activity = feed();
  assert.deepEqual(messages(activity, "lifecycle", { phase: "start" }), ["The agent's run has started"]);
  assert.deepEqual(messages(activity, "lifecycle", { phase: "finishing", error: "rate limit" }), [
    "The model call failed: rate limit",
  ]);
  assert.deepEqual(messages(activity, "lifecycle", { phase: "start" }), []);
  assert.deepEqual(messages(activity, "lifecycle", { phase: "end" }), []);
});
