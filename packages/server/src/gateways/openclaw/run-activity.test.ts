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
  return activity.take(payload).flatMap(({ message }) => message ?? []);
}

/** The parts of entries that an event amounts to. */
function entries(activity: RunActivity, stream: string, data: object): unknown[] {
  const payload = JSON.parse(JSON.stringify({ stream, data }));
  return activity.take(payload).flatMap(({ data: { entry } }) => entry ?? []);
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

// As openclaw 2026.9.6 told them.
const CALL = { name: "exec", toolCallId: "call_0_24" };
const START = { ...CALL, phase: "start", args: { command: `env S=${SECRET} make` } };
const CALLED = { id: "call_0_24", kind: "tool", name: "exec", state: "running" };
const RESULT = {
  ...CALL,
  phase: "result",
  isError: false,
  result: {
    content: [{ type: "text", text: "hello\n\n(Command exited with code 3)" }],
    details: { status: "completed", exitCode: 3, durationMs: 1076, aggregated: "hello" },
  },
};

test("a tool call's begin and end, and what was said and thought before it, are entries", () => {
  const activity = feed();
  assert.deepEqual(entries(activity, "thinking", { text: "Hm." }), []);
  assert.deepEqual(entries(activity, "assistant", { text: "I make it." }), []);
  assert.deepEqual(entries(activity, "tool", START), [
    { kind: "thought", text: "Hm." },
    { kind: "message", role: "assistant", text: "I make it." },
    {
      id: "call_0_24",
      kind: "tool",
      name: "exec",
      title: "env S=[secret] make",
      input: { command: "env S=[secret] make" },
      state: "running",
    },
  ]);
  const command = { ...CALL, phase: "end", output: "hello", status: "completed", exitCode: 3 };
  assert.deepEqual(entries(activity, "command_output", command), [], "the tool stream tells it");
  assert.deepEqual(entries(activity, "tool", RESULT), [
    {
      id: "call_0_24",
      kind: "tool",
      output: "hello\n\n(Command exited with code 3)",
      state: "failed",
      exitCode: 3,
      durationMs: 1076,
    },
  ]);
  assert.deepEqual(messages(activity, "tool", RESULT), [], "an end has no line of its own");
  assert.deepEqual(entries(activity, "thinking", { text: "Done." }), []);
  assert.deepEqual(entries(activity, "lifecycle", { phase: "end" }), [{ kind: "thought", text: "Done." }]);
});

test("where tool events are missing, items and command outputs make the same entry", () => {
  const activity = feed();
  activity.useToolEvents(false);
  const item = { ...CALL, kind: "tool", title: "Exec make", status: "running", phase: "start" };
  const parts = [
    ...entries(activity, "item", item),
    ...entries(activity, "item", { ...item, phase: "update" }),
    ...entries(activity, "command_output", { ...CALL, phase: "delta", output: "he" }),
    ...entries(activity, "item", { ...item, phase: "end", status: "failed" }),
    ...entries(activity, "command_output", {
      ...CALL,
      phase: "end",
      output: SECRET,
      exitCode: 3,
      durationMs: 10,
    }),
  ];
  assert.deepEqual(Object.assign({}, ...parts), {
    id: "call_0_24",
    kind: "tool",
    name: "exec",
    title: "Exec make",
    state: "failed",
    output: "[secret]",
    exitCode: 3,
    durationMs: 10,
  });
  assert.equal(parts.length, 3);
});

test("a plan is one entry however often it changes", () => {
  const steps = [
    { step: "read", status: "completed" },
    { step: "write", status: "in_progress" },
  ];
  assert.deepEqual(entries(feed(), "plan", { phase: "update", title: "Plan updated", steps }), [
    {
      id: "plan",
      kind: "plan",
      steps: [
        { title: "read", state: "completed" },
        { title: "write", state: "running" },
      ],
    },
  ]);
  assert.deepEqual(entries(feed(), "plan", { phase: "update", steps: [] }), []);
});

test("a call id that a model uses again makes another entry", () => {
  const activity = feed();
  const ids = [START, RESULT, START, RESULT, START].flatMap((data) =>
    entries(activity, "tool", data).map((entry) => (entry as { id: string }).id),
  );
  assert.deepEqual(ids, ["call_0_24", "call_0_24", "call_0_24 (2)", "call_0_24 (2)", "call_0_24 (3)"]);
});

test("a secret that its gateway has masked in part is gone, and so are a report command's variables", () => {
  const masked =
    "MISSION_CONTROL_CALLBACK_SECRET='whsec_…Juw=' mission-control report complete done; echo whsec_…Juw=";
  const [entry] = entries(feed(), "tool", { ...START, args: { command: masked } });
  const command = "mission-control report complete done; echo [secret]";
  assert.deepEqual(entry, { ...CALLED, title: command, input: { command } });
  const [end] = entries(feed(), "tool", { ...RESULT, result: { content: [{ text: masked }] } });
  assert.doesNotMatch(JSON.stringify(end), /Juw/);
});

test("a secret is gone also where a long output is cut in its middle", () => {
  const output = `${"x".repeat(16 * 1024 - 20)}${SECRET}${"y".repeat(40_000)}`;
  const [entry] = entries(feed(), "tool", { ...RESULT, result: { content: [{ text: output }] } });
  assert.match(JSON.stringify(entry), /bytes left out/);
  assert.doesNotMatch(JSON.stringify(entry), /YWJjZGVm/);
});

test("of a flood of calls the transcript has a hundred, and says how many it has not", () => {
  let now = 0;
  const activity = feed(() => now);
  const told = Array.from({ length: 150 }, (_, index) => {
    return activity.take(
      JSON.parse(JSON.stringify({ stream: "tool", data: { ...START, toolCallId: `c${index}` } })),
    );
  }).flat();
  assert.equal(told.filter(({ message }) => message !== undefined).length, 10);
  assert.equal(told.length, 100);
  now = 10_000;
  const [next] = activity.take(JSON.parse(JSON.stringify({ stream: "tool", data: START })));
  assert.equal(next?.data.skipped, 50);
});
