import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import { createAgentSchema } from "./agents.ts";
import { callbackSchema } from "./callbacks.ts";
import {
  agentTimeSchema,
  idSchema,
  jsonObjectSchema,
  MAX_JSON_DEPTH,
  timestampSchema,
  usageSchema,
} from "./common.ts";
import { eventFilterQuerySchema, eventPositionSchema } from "./events.ts";
import { createGatewaySchema } from "./gateways.ts";
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
    { ...base, type: "progress", taskId: null },
    { ...base, type: "progress", data: [1] },
    { ...base, type: "progress", data: JSON.parse('{"a":[1e999]}') },
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

test("what other languages write for nothing counts as nothing: null for a field, [] for an object", () => {
  const base = { taskId: "t", agentId: "a", type: "progress" } as const;
  const optional = ["id", "dispatchId", "message", "progress", "summary", "error", "lastState"];
  optional.push("data", "usage", "timestamp");
  const nulls = Object.fromEntries(optional.map((name) => [name, null]));
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
  assert.deepEqual(plain(callbackSchema.parse({ ...base, ...nulls })), base);
  assert.deepEqual(plain(callbackSchema.parse({ ...base, data: [], usage: [] })), {
    ...base,
    data: {},
    usage: {},
  });
  const told = { inputTokens: null, outputTokens: 2, cost: null };
  assert.deepEqual(plain(callbackSchema.parse({ ...base, usage: told })).usage, { outputTokens: 2 });
  const options = [{ optionId: "allow", name: "Allow", kind: null }];
  const request = { id: "r", title: "May I?", options };
  accepts(callbackSchema, [{ ...base, type: "permission", request }]);
  assert.deepEqual(callbackSchema.parse({ ...base, data: { kept: null } }).data, { kept: null });
});

test("an agent's time may be written in any common way, and comes out in one", () => {
  const read = (timestamp: string) =>
    callbackSchema.parse({ taskId: "t", agentId: "a", type: "progress", timestamp }).timestamp;
  for (const [told, meant] of [
    ["2026-11-23T10:00:00.000Z", "2026-11-23T10:00:00.000Z"],
    ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000Z"],
    ["2026-11-23t10:00:00z", "2026-11-23T10:00:00.000Z"],
    ["2026-11-23 10:00:00.5Z", "2026-11-23T10:00:00.500Z"],
    ["2026-11-23T10:00Z", "2026-11-23T10:00:00.000Z"],
    ["2026-11-23T10:00:00,123456789Z", "2026-11-23T10:00:00.123Z"],
    ["2026-11-23T10:00:00+0000", "2026-11-23T10:00:00.000Z"],
    ["2026-11-23T10:00:00-00:00", "2026-11-23T10:00:00.000Z"],
    ["2026-11-23T10:00+05", "2026-11-23T05:00:00.000Z"],
    ["2026-11-23T10:00:00.25-0330", "2026-11-23T13:30:00.250Z"],
    ["2024-02-29T23:30:00-01:00", "2024-03-01T00:30:00.000Z"],
    ["2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"],
    ["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
    ["0050-01-01T00:00:00Z", "0050-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59.999Z"],
  ] as const) {
    assert.equal(read(told), meant, told);
    assert.ok(timestampSchema.safeParse(read(told)).success, told);
  }
  refuses(agentTimeSchema, [
    "2026-11-23T10:00:00",
    "2026-11-23",
    "2026-02-29T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00+01:60",
    "2026-01-01T00:00:00.Z",
    "+010000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-00:01",
    "0000-01-01T00:00:00+00:01",
    " 2026-11-23T10:00:00Z",
    "2026-11-23T10:00:00Z\n",
    1_767_225_600,
  ]);
});

test("each day of a year is there, and no other", () => {
  for (const year of [2024, 2026]) {
    for (let place = 0; place < 12 * 31; place++) {
      const [month, day] = [Math.floor(place / 31) + 1, (place % 31) + 1];
      const text = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}T10:00:00.000Z`;
      const isThere = new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1;
      assert.equal(agentTimeSchema.safeParse(text).data, isThere ? text : undefined, text);
    }
  }
});

test("own data may nest, to a depth that cannot break what reads it", () => {
  const nested = (depth: number) => JSON.parse(`{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`);
  accepts(jsonObjectSchema, [{}, { a: null }, nested(MAX_JSON_DEPTH)]);
  refuses(jsonObjectSchema, [nested(MAX_JSON_DEPTH + 1), null, [], "x", 7]);
  assert.equal(jsonObjectSchema.safeParse(nested(50_000)).success, false);
});

test("usage is never negative, nor without a currency, nor so much that sums leave the numbers", () => {
  accepts(usageSchema, [{}, { inputTokens: 0 }, { cost: { amount: 0.01, currency: "USD" } }]);
  refuses(usageSchema, [
    { outputTokens: -1 },
    { inputTokens: 1e308 },
    { outputTokens: Number.POSITIVE_INFINITY },
    { cost: { amount: 2 ** 53, currency: "USD" } },
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
  assert.deepEqual(eventFilterQuerySchema.parse({ types: "activity,,error,activity" }), {
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

test("a gateway's address holds no credentials: the refusal says where the token goes, and repeats nothing", () => {
  assert.ok(createGatewaySchema.safeParse({ url: "wss://gateway.example:18789/path", token: "T" }).success);
  for (const url of ["ws://user:pass@h", "ws://h/?token=hidden", "ws://h/#token=hidden"]) {
    const { error } = createGatewaySchema.safeParse({ url });
    assert.match(error?.issues[0]?.message ?? "", /without credentials.*the field token/);
    assert.doesNotMatch(JSON.stringify(error), /pass|hidden/);
  }
});

test("a request has options, a form, or both; a form's fields have names of their own, and choices their options", () => {
  const base = { taskId: "t", agentId: "a", type: "permission" };
  const parse = (request: object) =>
    callbackSchema.safeParse({ ...base, request: { id: "r", title: "Which?", ...request } });
  const field = { name: "branch", type: "text" };
  const form = parse({ fields: [{ ...field, label: null }], expiresAt: "2026-11-23T10:00+01:00" });
  const request = form.success && form.data.type === "permission" && form.data.request;
  assert.deepEqual(JSON.parse(JSON.stringify(request)), {
    id: "r",
    title: "Which?",
    options: [],
    fields: [field],
    expiresAt: "2026-11-23T09:00:00.000Z",
  });
  for (const request of [
    {},
    { options: [] },
    { fields: [] },
    { fields: [field, field] },
    { fields: [{ name: "base", type: "choice" }] },
    { fields: [{ name: "base", type: "date" }] },
    { fields: [field], expiresAt: "tomorrow" },
  ]) {
    assert.equal(parse(request).success, false, JSON.stringify(request));
  }
});
