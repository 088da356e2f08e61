import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readLine } from "./output.ts";

const read = (...lines: object[]) => lines.flatMap((line) => readLine(JSON.stringify(line)));
const item = (value: object, type = "item.completed") => ({ type, item: { id: "i", ...value } });

test("Claude's result: success only where all of it says so", () => {
  const result = (fields: object) =>
    read({ type: "result", subtype: "success", is_error: false, result: "Fixed.", ...fields }).at(-1);
  const failure = (text: string) => ({ type: "result", ok: false, text, vouched: true });
  assert.deepEqual(result({}), { type: "result", ok: true, text: "Fixed.", vouched: true });
  assert.deepEqual(result({ terminal_reason: "completed", result: "" }), {
    type: "result",
    ok: true,
    text: "",
    vouched: true,
  });
  assert.deepEqual(result({ is_error: true, result: "API Error: 400" }), failure("API Error: 400"));
  assert.deepEqual(result({ terminal_reason: "hook_stopped" }), failure("hook_stopped: Fixed."));
  assert.deepEqual(
    result({
      subtype: "error_max_turns",
      terminal_reason: "max_turns",
      result: undefined,
      errors: ["Reached 1"],
    }),
    failure("error_max_turns: Reached 1"),
  );
  assert.deepEqual(
    result({ subtype: "error_during_execution", result: undefined }),
    failure("error_during_execution"),
  );
  assert.deepEqual(result({ is_error: true, result: undefined }), failure("an error"));
});

test("Claude's usage counts what came from and went into its cache", () => {
  const usage = {
    input_tokens: 22,
    cache_read_input_tokens: 2000,
    cache_creation_input_tokens: 400,
    output_tokens: 9,
  };
  assert.deepEqual(read({ type: "result", subtype: "success", usage, total_cost_usd: 0.5 })[0], {
    type: "usage",
    usage: { inputTokens: 2422, outputTokens: 9, cost: { amount: 0.5, currency: "USD" } },
  });
});

test("what Claude Code itself asks on is nobody's word", () => {
  const message = { content: [{ type: "text", text: "[Please continue]" }] };
  assert.deepEqual(read({ type: "user", message, isSynthetic: true }), []);
});

test("Codex' file changes, MCP calls and searches are told", () => {
  const changes = [
    { path: "a.ts", kind: "add" },
    { path: "b.ts", kind: "update" },
    { path: "c.ts", kind: "delete" },
  ];
  assert.deepEqual(
    read(
      item({ type: "file_change", changes, status: "completed" }),
      item({ type: "mcp_tool_call", server: "github", tool: "list", status: "in_progress" }, "item.started"),
      item({
        type: "mcp_tool_call",
        server: "github",
        tool: "list",
        status: "failed",
        error: { message: "401" },
      }),
      item({ type: "web_search", query: "" }, "item.started"),
      item({ type: "web_search", query: "node 24" }),
    ),
    [
      {
        type: "tool",
        id: "i",
        title: "Create a.ts, Edit b.ts, Delete c.ts",
        facts: { state: "completed" },
      },
      { type: "file", id: "i-1", path: "a.ts", change: "created" },
      { type: "file", id: "i-2", path: "b.ts", change: "edited" },
      { type: "file", id: "i-3", path: "c.ts", change: "deleted" },
      { type: "tool", id: "i", title: "github · list", facts: { name: "list", state: "running" } },
      {
        type: "tool",
        id: "i",
        title: "github · list",
        facts: { name: "list", output: "401", state: "failed" },
      },
      { type: "tool-failed", id: "i", output: "401" },
      {
        type: "tool",
        id: "i",
        title: "Search the web: node 24",
        facts: { input: { query: "node 24" }, state: "completed" },
      },
    ],
  );
});

test("Codex' warnings are no words of its model, and its errors no end", () => {
  assert.deepEqual(
    read(
      item({ type: "error", message: "Model metadata not found." }),
      { type: "error", message: '{"type":"error","error":{"message":"the quota is used up"}}' },
      { type: "turn.completed", usage: { input_tokens: 111, cached_input_tokens: 100, output_tokens: 5 } },
      { type: "turn.failed", error: { message: "stream lost" } },
    ),
    [
      { type: "notice", text: "Model metadata not found." },
      { type: "trouble", text: "the quota is used up" },
      { type: "usage", usage: { inputTokens: 111, outputTokens: 5 } },
      { type: "result", ok: true, text: "" },
      { type: "result", ok: false, text: "stream lost" },
    ],
  );
});

test("Codex' commands are told with what they printed, and what it thinks is told", () => {
  const command = { type: "command_execution", command: "make" };
  assert.deepEqual(
    read(
      item({ type: "reasoning", text: "I had better build it." }),
      item({ ...command, status: "in_progress", aggregated_output: "" }, "item.started"),
      item({ ...command, status: "completed", aggregated_output: "built\n", exit_code: 0 }),
    ),
    [
      { type: "thought", text: "I had better build it.", ends: true },
      {
        type: "tool",
        id: "i",
        title: "make",
        facts: { input: { command: "make" }, output: "", state: "running" },
      },
      {
        type: "tool",
        id: "i",
        title: "make",
        facts: { input: { command: "make" }, output: "built\n", exitCode: 0, state: "completed" },
      },
    ],
  );
});

describe("Claude's tool calls are told with what went in and what came out", () => {
  const use = (name: string, input: object) => ({
    type: "assistant",
    message: { content: [{ type: "tool_use", id: "t", name, input }] },
  });
  const result = (content: unknown, more: object = {}, is_error = false) => ({
    type: "user",
    message: { content: [{ type: "tool_result", tool_use_id: "t", content, is_error }] },
    ...more,
  });

  test("that went well, and that failed", () => {
    assert.deepEqual(
      read(
        { type: "assistant", message: { content: [{ type: "thinking", thinking: "Let me see." }] } },
        use("Bash", { command: "ls" }),
        result([{ type: "text", text: "a" }, { type: "image" }]),
        result("Exit code 2\nno such file", {}, true),
      ),
      [
        { type: "thought", text: "Let me see.", ends: true },
        {
          type: "tool",
          id: "t",
          title: "Bash: ls",
          facts: { name: "Bash", input: { command: "ls" }, state: "running" },
        },
        { type: "tool", id: "t", facts: { output: "a\n(image)", state: "completed" } },
        {
          type: "tool",
          id: "t",
          facts: { output: "Exit code 2\nno such file", state: "failed", exitCode: 2 },
        },
        { type: "tool-failed", id: "t", output: "Exit code 2\nno such file" },
      ],
    );
  });

  test("an edit and a new file with their diffs, by their paths from the folder", () => {
    const edit = {
      filePath: "/work/src/a.ts",
      structuredPatch: [{ oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, lines: ["-a", "+b"] }],
    };
    const files = [
      result("ok", { tool_use_result: edit }),
      result("ok", {
        tool_use_result: { type: "create", filePath: "/work/b", content: "x\n", structuredPatch: [] },
      }),
    ]
      .flatMap((line) => readLine(JSON.stringify(line), "/work"))
      .filter(({ type }) => type === "file");
    assert.deepEqual(files, [
      {
        type: "file",
        id: "t-1",
        path: "src/a.ts",
        change: "edited",
        diff: "--- src/a.ts\n+++ src/a.ts\n@@ -1,1 +1,1 @@\n-a\n+b\n",
      },
      {
        type: "file",
        id: "t-1",
        path: "b",
        change: "created",
        diff: "--- /dev/null\n+++ b\n@@ -0,0 +1,1 @@\n+x\n",
      },
    ]);
  });

  test("its list of what to do is its plan", () => {
    const todos = [
      { content: "look", status: "completed" },
      { content: "fix", status: "in_progress" },
    ];
    assert.deepEqual(read(use("TodoWrite", { todos })), [
      {
        type: "plan",
        steps: [
          { text: "look", done: true, current: false },
          { text: "fix", done: false, current: true },
        ],
      },
    ]);
  });

  test("what was said to it, and it repeats, it has taken up", () => {
    const message = { content: [{ type: "text", text: "left" }] };
    const lifecycle = (state: string) => ({ type: "command_lifecycle", command_uuid: "v", state });
    assert.deepEqual(read(lifecycle("queued"), lifecycle("started"), lifecycle("completed")), [
      { type: "heard", id: "v" },
    ]);
    assert.deepEqual(
      read({ type: "tea_time", session_id: "s", uuid: "x" }, { type: "control_response" }),
      [],
    );
    assert.deepEqual(read({ type: "user", message, isReplay: true, uuid: "u" }), [
      { type: "heard", id: "u" },
    ]);
  });
});
