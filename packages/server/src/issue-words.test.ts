import assert from "node:assert/strict";
import { test } from "node:test";
import { createAgentSchema, createTaskSchema, taskQuerySchema } from "@mission-control/protocol";
import { z } from "zod";
import "./issue-words.ts";

const words = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

test("what is wrong with a request is told in words a person reads", () => {
  assert.deepEqual(words(createTaskSchema, {}), ["title: is required"]);
  assert.deepEqual(words(createTaskSchema, { title: " " }), ["title: must not be empty"]);
  assert.deepEqual(words(createTaskSchema, { title: "x".repeat(501) }), [
    "title: must have at most 500 characters",
  ]);
  assert.deepEqual(words(createTaskSchema, { title: 1 }), ["title: must be a text"]);
  assert.deepEqual(words(createTaskSchema, { title: "a", priority: "soon" }), [
    "priority: must be one of low, normal, high, urgent",
  ]);
  assert.deepEqual(words(createTaskSchema, { title: "a", tags: "x", requiresReview: "yes" }), [
    "tags: must be a list",
    "requiresReview: must be true or false",
  ]);
  assert.deepEqual(words(createTaskSchema, []), [": must be an object"]);
  assert.deepEqual(
    words(createAgentSchema, { name: "a", concurrency: 0, endpoint: { kind: "http", url: "http://a" } }),
    ["concurrency: must be at least 1"],
  );
  assert.deepEqual(words(taskQuerySchema, { limit: "501" }), ["limit: must be at most 500"]);
});

test("a schema's own words win, and what is not covered is still told", () => {
  assert.deepEqual(words(z.string({ error: "must be what I say" }), 1), [": must be what I say"]);
  assert.deepEqual(words(z.object({ a: z.url() }), { a: "x" }), [
    "a: must be a whole address, such as https://example.com/path",
  ]);
  assert.deepEqual(words(z.strictObject({}), { b: 1 }), [": has fields that are not known: b"]);
  assert.deepEqual(words(z.number().positive(), 0), [": must be more than 0"]);
  assert.equal(words(z.number().multipleOf(5), 3)?.length, 1);
});
