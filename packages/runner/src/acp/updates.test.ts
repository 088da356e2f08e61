import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PromptResponse, SessionUpdate } from "@agentclientprotocol/sdk";
import type { ToolFacts } from "../agent-event.ts";
import { judgeTurn, TurnRecord } from "../verdict.ts";
import { knownAgent } from "./known-agents.ts";
import { UpdateReader } from "./updates.ts";
import { AttemptUsage } from "./usage.ts";

const chunk = (text: string, more: object = {}) => ({
  sessionUpdate: "agent_message_chunk",
  content: { type: "text", text },
  ...more,
});
const tool = (more: object = {}) => ({
  sessionUpdate: "tool_call",
  toolCallId: "t",
  title: "ls",
  status: "pending",
  ...more,
});
const codexState = (codex: object) => ({ sessionUpdate: "session_info_update", _meta: { codex } });

/** What becomes of a turn in which an agent sent these updates and then `end_turn`. */
function verdictOf(agent: string, ...updates: object[]): string {
  const known = knownAgent(agent);
  const reader = new UpdateReader(known);
  const record = new TurnRecord();
  let said = "";
  for (const event of updates.flatMap((update) => reader.read(update as SessionUpdate))) {
    record.take(event);
    if (event.type === "text") said += event.text;
  }
  const end = { stopReason: "end_turn", vouches: known?.vouches ?? true };
  const verdict = judgeTurn(end, record, said, "the last step");
  return verdict.ok ? `completed: ${verdict.summary}` : `failed: ${verdict.reason}`;
}

describe("what each agent says at the end of a turn, in updates as they were seen", () => {
  test("Codex: its thread is broken, and the words come as a message of its program", () => {
    const broken = codexState({ threadStatus: { type: "systemError" } });
    const words = chunk('{"error":{"message":"the quota is used up"}}\n\n');
    assert.equal(
      verdictOf("@agentclientprotocol/codex-acp", tool(), broken, words),
      "failed: The agent ran into an error: the quota is used up.",
    );
    assert.match(verdictOf("@agentclientprotocol/codex-acp", tool(), broken), /^failed/);
  });

  test("Codex: warnings of its program are not its words", () => {
    const warning = chunk("Warning: Model metadata not found.");
    assert.match(verdictOf("@agentclientprotocol/codex-acp", warning), /^failed: .*without having said/);
    assert.equal(
      verdictOf("@agentclientprotocol/codex-acp", chunk("All done.", { messageId: "m" }), warning),
      "completed: All done.",
    );
  });

  test("Codex: an error after which it tried again is got over", () => {
    const error = codexState({ error: { message: "stream lost", willRetry: true } });
    assert.match(
      verdictOf("@agentclientprotocol/codex-acp", error, chunk("There.", { messageId: "m" })),
      /^completed: There\./,
    );
  });

  test("Copilot: an error is a message, and so is what its program says", () => {
    assert.equal(
      verdictOf("Copilot", tool(), chunk("Error: 400 no such model")),
      "failed: The agent ran into an error: 400 no such model.",
    );
    assert.match(
      verdictOf("Copilot", tool({ status: "failed" }), chunk("Info: Operation cancelled by user")),
      /^failed: .*"ls" failed/,
    );
    assert.equal(verdictOf("other", chunk("Error: was the word")), "completed: Error: was the word");
  });

  test("Pi: after an error it says nothing", () => {
    assert.match(verdictOf("pi-acp", chunk("Let me see."), tool()), /^failed: .*without a word after/);
    assert.match(verdictOf("pi-acp"), /^failed/);
    assert.match(verdictOf("pi-acp", chunk("pi v0.87.1\n---\n")), /^failed: .*without having said/);
    assert.equal(verdictOf("pi-acp", tool(), chunk("Two.")), "completed: Two.");
  });

  test("a notice of the protocol is nobody's word, one of an error is an error", () => {
    const notice = (severity: string) => ({
      sessionUpdate: "notice",
      severity,
      title: "Slow",
      description: "Busy",
    });
    assert.match(verdictOf("other", notice("warning")), /without having said/);
    assert.equal(
      verdictOf("other", tool(), notice("error")),
      "failed: The agent ran into an error: Slow: Busy.",
    );
  });

  test("an update that is not known does no harm", () => {
    assert.equal(verdictOf("other", { sessionUpdate: "tea_time" }, chunk("Done.")), "completed: Done.");
  });
});

test("a tool call is merged of what its updates and the request for it tell", () => {
  const reader = new UpdateReader(undefined);
  const content = [{ type: "diff", path: "a", oldText: "", newText: "x" }];
  reader.read(tool({ title: "Write", kind: "edit", name: "write", content }) as SessionUpdate);
  reader.read({
    sessionUpdate: "tool_call_update",
    toolCallId: "t",
    content: [],
  } as unknown as SessionUpdate);
  assert.deepEqual(reader.toolCall({ toolCallId: "t", title: "", rawInput: { path: "a" } }), {
    toolCallId: "t",
    title: "Write",
    name: "write",
    kind: "edit",
    content,
    rawInput: { path: "a" },
    status: "pending",
  });
});

describe("what becomes of updates, as the agents send them", () => {
  const update = (fields: object) => ({ sessionUpdate: "tool_call_update", toolCallId: "t", ...fields });
  const read = (...updates: object[]) => {
    const reader = new UpdateReader(undefined, "/work");
    return updates.flatMap((one) => reader.read(one as SessionUpdate));
  };
  const text = (text: string) => ({ type: "content", content: { type: "text", text } });
  /** What is known of the call in the end. */
  const facts = (...updates: object[]) => {
    const known = new Map<string, unknown>();
    for (const event of read(tool(), ...updates)) {
      if (event.type !== "tool") continue;
      for (const [name, value] of Object.entries(event.facts ?? {})) {
        if (value !== undefined) known.set(name, value);
      }
    }
    return Object.fromEntries(known) as ToolFacts;
  };

  test("Claude Code: its input comes late, its output as its model gets it", () => {
    assert.deepEqual(
      facts(
        update({ rawInput: {}, content: [text("List the files")] }),
        update({ name: "Bash", rawInput: { command: "ls" }, content: [text("List the files")] }),
        update({ status: "completed", rawOutput: "a\nb", content: [text("```console\na\nb\n```")] }),
      ),
      { name: "Bash", input: { command: "ls" }, state: "completed", output: "a\nb" },
    );
    const failed = update({
      status: "failed",
      rawOutput: "Exit code 3\nno",
      content: [text("```\nExit code 3\nno\n```")],
    });
    assert.deepEqual(facts(failed), { state: "failed", output: "Exit code 3\nno", exitCode: 3 });
  });

  test("Codex: its output comes in pieces, and whole at the end", () => {
    const piece = (data: string) => update({ _meta: { terminal_output_delta: { data, terminal_id: "t" } } });
    const pieces = read(tool(), piece("one\n"), piece("two\n")).flatMap((event) =>
      event.type === "tool" ? (event.facts?.outputPiece ?? []) : [],
    );
    assert.deepEqual(pieces, ["one\n", "two\n"]);
    const rawOutput = { formatted_output: "one\ntwo\n", exit_code: 0 };
    const { output, exitCode, state } = facts(update({ status: "completed", rawOutput }));
    assert.deepEqual({ output, exitCode, state }, { output: "one\ntwo\n", exitCode: 0, state: "completed" });
  });

  test("Gemini: what a call begins with is what it will do, and its output is not told", () => {
    const began = tool({ toolCallId: "g", status: "in_progress", content: [text("[in /work] (A step)")] });
    const [event] = read(began, { ...update({ status: "completed", content: [] }), toolCallId: "g" });
    assert.equal(event?.type === "tool" && event.facts?.output, undefined);
  });

  test("Pi: its output comes in pieces alone, and in content blocks", () => {
    const [event] = read(tool({ _meta: { terminal_output: { data: "42\n" } } }));
    assert.equal(event?.type === "tool" && event.facts?.outputPiece, "42\n");
    const rawOutput = { content: [{ type: "text", text: "ok" }], details: {} };
    assert.equal(facts(update({ status: "completed", rawOutput })).output, "ok");
  });

  test("opencode and others: what is known of their shapes, else what they show", () => {
    const opencode = { output: "hi\n", metadata: { exit: 0 } };
    assert.deepEqual(facts(update({ status: "completed", rawOutput: opencode })), {
      state: "completed",
      output: "hi\n",
      exitCode: 0,
    });
    assert.equal(facts(update({ status: "completed", content: [text("shown")] })).output, "shown");
    assert.equal(facts(update({ status: "completed", rawOutput: { rows: 2 } })).output, '{\n  "rows": 2\n}');
    assert.equal(facts(update({ status: "failed", rawOutput: { message: "it broke" } })).output, "it broke");
  });

  test("a file that a call has changed is told with its diff, once the call has ended", () => {
    const diff = { type: "diff", path: "/work/src/a.ts", oldText: "a\n", newText: "b\n" };
    const other = { type: "diff", path: "/etc/b", oldText: null, newText: "c\n" };
    const events = read(tool({ content: [diff, other] }), update({ status: "completed" }));
    assert.deepEqual(
      events.filter(({ type }) => type === "file"),
      [
        {
          type: "file",
          id: "t-1",
          path: "src/a.ts",
          change: "edited",
          diff: "--- src/a.ts\n+++ src/a.ts\n@@ -1,1 +1,1 @@\n-a\n+b\n",
        },
        {
          type: "file",
          id: "t-2",
          path: "/etc/b",
          change: "created",
          diff: "--- /dev/null\n+++ /etc/b\n@@ -0,0 +1,1 @@\n+c\n",
        },
      ],
    );
    assert.ok(
      !read(tool({ content: [diff] }), update({ status: "failed" })).some(({ type }) => type === "file"),
    );
  });

  test("opencode: a file that it writes is told without a diff of its own", () => {
    const rawInput = { filePath: "/work/a", content: "x\n" };
    const rawOutput = { output: "Wrote it.", metadata: { filepath: "/work/a", exists: false } };
    const events = read(
      tool({ title: "write", kind: "edit", rawInput }),
      update({ status: "completed", rawOutput }),
    );
    assert.deepEqual(events.at(-1), {
      type: "file",
      id: "t-1",
      path: "a",
      change: "created",
      diff: "--- /dev/null\n+++ a\n@@ -0,0 +1,1 @@\n+x\n",
    });
  });

  test("what an agent thinks is told apart from what it says", () => {
    const thought = { sessionUpdate: "agent_thought_chunk", content: { type: "text", text: "Hm." } };
    assert.deepEqual(read(thought), [{ type: "thought", text: "Hm." }]);
  });
});

describe("usage", () => {
  const answer = (fields: object) => new AttemptUsage(undefined).takeAnswer(fields as PromptResponse);
  const cost = (amount: number) =>
    ({
      sessionUpdate: "usage_update",
      used: null,
      size: 1,
      cost: { amount, currency: "USD" },
    }) as unknown as SessionUpdate;

  test("input is all that was read, whether the cache is counted apart or within", () => {
    const cached = { cachedReadTokens: 2000, cachedWriteTokens: 400 };
    const apart = { inputTokens: 22, outputTokens: 10, ...cached, totalTokens: 2432 };
    assert.deepEqual(answer({ usage: apart }), { inputTokens: 2422, outputTokens: 10 });
    const within = { inputTokens: 2422, outputTokens: 10, ...cached, totalTokens: 2432 };
    assert.deepEqual(answer({ usage: within }), { inputTokens: 2422, outputTokens: 10 });
    const gemini = { token_count: { input_tokens: 111, output_tokens: 5 } };
    assert.deepEqual(answer({ _meta: { quota: gemini } }), { inputTokens: 111, outputTokens: 5 });
    assert.equal(answer({ usage: null }), undefined);
  });

  test("what several prompts of one attempt used is added up", () => {
    const usage = new AttemptUsage(undefined);
    const one = { usage: { inputTokens: 10, outputTokens: 2, totalTokens: 12 } } as unknown as PromptResponse;
    usage.takeAnswer(one);
    assert.deepEqual(usage.takeAnswer(one), { inputTokens: 20, outputTokens: 4 });
  });

  test("where each model call tells its own, they are added up", () => {
    const usage = new AttemptUsage(undefined);
    const call = { inputTokens: 111, outputTokens: 5, totalTokens: 116, cachedReadTokens: 100 };
    usage.take(chunk("", { _meta: { usage: call } }) as SessionUpdate);
    assert.deepEqual(usage.take(chunk("", { _meta: { usage: call } }) as SessionUpdate), {
      inputTokens: 222,
      outputTokens: 10,
    });
  });

  test("the cost of a session is that of its attempts together", () => {
    const second = new AttemptUsage({ amount: 0.25, currency: "USD" });
    assert.equal(second.take(cost(0.75))?.cost?.amount, 0.5);
    assert.equal(second.sessionCost?.amount, 0.75);
    const anew = new AttemptUsage({ amount: 1, currency: "USD" });
    assert.equal(anew.take(cost(0.25))?.cost?.amount, 0.25);
    assert.equal(anew.take(cost(1))?.cost?.amount, 1, "also where it comes to as much as before");
    const answer = (outputTokens: number) => ({ usage: { inputTokens: 9, outputTokens } }) as never;
    const equal = new AttemptUsage({ amount: 1, currency: "USD" });
    assert.equal(equal.takeAnswer(answer(3))?.cost, undefined, "it told no cost");
    equal.take(cost(1));
    assert.equal(equal.takeAnswer(answer(0))?.cost, undefined, "nothing was answered");
    assert.equal(equal.takeAnswer(answer(3))?.cost?.amount, 1, "as much as before, and not for nothing");
  });
});
