import assert from "node:assert/strict";
import { test } from "node:test";
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
      { type: "tool", id: "i", title: "Create a.ts, Edit b.ts, Delete c.ts" },
      { type: "tool", id: "i", title: "github · list" },
      { type: "tool", id: "i", title: "github · list" },
      { type: "tool-failed", id: "i", output: "401" },
      { type: "tool", id: "i", title: "Search the web: node 24" },
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
