import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import { createAgentSchema } from "./agents.ts";
import { callbackSchema } from "./callbacks.ts";
import { idSchema, jsonObjectSchema, MAX_JSON_DEPTH, timestampSchema, usageSchema } from "./common.ts";
import { eventFilterQuerySchema, eventPositionSchema } from "./events.ts";
import { createTaskSchema, patchTaskSchema, taskQuerySchema } from "./tasks.ts";

function accepts(schema: z.ZodType, values: readonly unknown[]): void {
  for (const value of values) assert.equal(schema.safeParse(value).error, undefined, JSON.stringify(value));
}

function refuses(schema: z.ZodType, values: readonly unknown[]): void {
  for (const value of values) assert.equal(schema.safeParse(value).success, false, JSON.stringify(value));
}

test("an id cannot leave its place in a path, a header or a line", () => {
  accepts(idSchema, ["a", "task_01J", "A-b.c:d", "x".repeat(128)]);
  refuses(idSchema, ["", "a/b", "a b", "a\n", "é", "%2F", "x".repeat(129), 7, null, undefined]);
});

test("every time that is accepted is one JavaScript can read", () => {
  const times = ["2026-11-23T10:00:00.000Z", "2026-11-23T10:00:00Z", "2026-02-28T23:59:59.999999999+05:30"];
  times.push("0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-02-29T00:00:00-23:59");
  accepts(timestampSchema, times);
  for (const time of times) assert.ok(!Number.isNaN(new Date(time).getTime()), time);
  refuses(timestampSchema, [
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01",
    "now",
    1_767_225_600,
    null,
  ]);
});

test("a callback needs its task, agent and type; everything else has bounds", () => {
  const base = { taskId: "t", agentId: "a" };
  const request = { id: "r", title: "May I?", options: [{ optionId: "allow", name: "Allow" }] };
  accepts(callbackSchema, [
    { ...base, type: "progress" },
    { ...base, type: "progress", progress: 0, unknown: "is let through" },
    { ...base, type: "complete", summary: "x".repeat(64 * 1024), progress: 1 },
    { ...base, type: "error", error: "", lastState: "", data: {} },
    { ...base, type: "permission", request, usage: {} },
  ]);
  refuses(callbackSchema, [
    {},
    [],
    null,
    "progress",
    { ...base },
    { ...base, type: "done" },
    { ...base, type: ["progress"] },
    { agentId: "a", type: "progress" },
    { taskId: "t", type: "progress" },
    { ...base, type: "progress", taskId: "a/b" },
    { ...base, type: "progress", progress: 1.01 },
    { ...base, type: "progress", progress: -0.1 },
    { ...base, type: "progress", progress: "0.5" },
    { ...base, type: "progress", message: "x".repeat(64 * 1024 + 1) },
    { ...base, type: "progress", message: null },
    { ...base, type: "progress", data: [] },
    { ...base, type: "progress", data: "x" },
    { ...base, type: "progress", id: "" },
    { ...base, type: "progress", timestamp: "yesterday" },
    { ...base, type: "permission" },
    { ...base, type: "permission", request: { ...request, options: [] } },
    { ...base, type: "permission", request: { ...request, id: "a b" } },
    { ...base, type: "progress", usage: { inputTokens: -1 } },
  ]);
  const read = callbackSchema.parse({
    ...base,
    type: "progress",
    unknown: 1,
    data: { kept: { as: ["it", null] } },
  });
  assert.deepEqual(read, { ...base, type: "progress", data: { kept: { as: ["it", null] } } });
});

test("own data may nest, to a depth that cannot break what reads it", () => {
  const nested = (depth: number) => JSON.parse(`{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`);
  accepts(jsonObjectSchema, [{}, { a: null }, nested(MAX_JSON_DEPTH)]);
  refuses(jsonObjectSchema, [nested(MAX_JSON_DEPTH + 1), null, [], "x", 7]);
  assert.equal(jsonObjectSchema.safeParse(nested(50_000)).success, false);
});

test("usage is never negative, nor without a currency", () => {
  accepts(usageSchema, [{}, { inputTokens: 0 }, { cost: { amount: 0.01, currency: "USD" } }]);
  refuses(usageSchema, [
    { outputTokens: -1 },
    { cost: { amount: 1 } },
    { cost: { amount: 1, currency: "" } },
  ]);
});

test("a task needs a title with something in it, and gets defaults for the rest", () => {
  assert.deepEqual(createTaskSchema.parse({ title: "  Build  " }), {
    title: "Build",
    description: "",
    priority: "normal",
    tags: [],
    context: {},
    requiresReview: false,
  });
  refuses(createTaskSchema, [{}, { title: "" }, { title: "   " }, { title: "x".repeat(501) }]);
  refuses(createTaskSchema, [
    { title: "x", priority: "highest" },
    { title: "x", tags: [""] },
    { title: "x", tags: Array(33).fill("t") },
    { title: "x", requiresReview: "yes" },
  ]);
  assert.deepEqual(patchTaskSchema.parse({}), {}, "a patch without fields changes none");
});

test("an agent is reached by a web address or through a gateway, nothing else", () => {
  const agent = (endpoint: unknown) => ({ name: "A", endpoint });
  accepts(createAgentSchema, [
    agent({ kind: "http", url: "http://127.0.0.1:3000/hook" }),
    agent({ kind: "openclaw", agentId: "main" }),
    { ...agent({ kind: "openclaw", agentId: "main", gatewayId: "g" }), concurrency: 1000 },
  ]);
  refuses(createAgentSchema, [
    agent({ kind: "http", url: "file:///etc/passwd" }),
    agent({ kind: "http", url: "javascript:alert(1)" }),
    agent({ kind: "http", url: "/relative" }),
    agent({ kind: "openclaw", agentId: "" }),
    agent({ kind: "telepathy" }),
    { ...agent({ kind: "openclaw", agentId: "main" }), concurrency: 0 },
    { ...agent({ kind: "openclaw", agentId: "main" }), concurrency: 1.5 },
    { name: " ", endpoint: { kind: "openclaw", agentId: "main" } },
  ]);
});

test("a stream's filters and position come as text", () => {
  assert.deepEqual(eventFilterQuerySchema.parse({ types: "activity,,error" }), {
    types: ["activity", "error"],
  });
  refuses(eventFilterQuerySchema, [{ types: "activity,nonsense" }, { types: "reset" }, { taskId: "a b" }]);
  assert.equal(eventPositionSchema.parse("42"), 42);
  refuses(eventPositionSchema, ["-1", "1.5", "abc", "9007199254740993", "Infinity", undefined]);
  assert.deepEqual(taskQuerySchema.parse({ limit: "7" }), { sort: "createdAt", limit: 7 });
  refuses(taskQuerySchema, [
    { limit: "0" },
    { limit: "501" },
    { sort: "title" },
    { status: "done" },
    { q: " " },
  ]);
});
