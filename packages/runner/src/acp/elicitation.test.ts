import assert from "node:assert/strict";
import { test } from "node:test";
import type { FormValues } from "@mission-control/agent";
import { permissionRequestSchema } from "@mission-control/protocol";
import { elicitationParams, toForm } from "./elicitation.ts";

const NOW = Date.parse("2026-11-30T10:00:00Z");
const form = (request: object) => toForm("f1", elicitationParams.parse(request), NOW);
const asked = {
  mode: "form",
  message: "How shall it be built?",
  requestedSchema: {
    type: "object",
    properties: {
      target: {
        type: "string",
        title: "Target",
        oneOf: [
          { const: "p", title: "Production" },
          { const: "d", title: "Dev" },
        ],
      },
      checks: { type: "array", items: { type: "string", enum: ["lint", "test"] } },
      retries: { type: "integer", description: "How often" },
      push: { type: "boolean" },
      note: { type: "string" },
    },
    required: ["target"],
  },
};

test("an agent's form becomes one that Mission Control takes", () => {
  const request = form(asked)?.request;
  permissionRequestSchema.parse(request);
  assert.deepEqual(request?.fields, [
    { name: "target", label: "Target", type: "choice", options: ["Production", "Dev"], required: true },
    { name: "checks", label: "checks", type: "multi", options: ["lint", "test"] },
    { name: "retries", label: "retries: How often (a number)", type: "text" },
    { name: "push", label: "push", type: "boolean" },
    { name: "note", label: "note", type: "text" },
  ]);
});

test("the agent gets its own values, and only those that were filled in", () => {
  const answer = (values: FormValues, optionId = "submit") => form(asked)?.answered({ optionId, values });
  assert.deepEqual(answer({ target: "Production", checks: ["lint"], retries: "3", push: false, note: "" }), {
    action: "accept",
    content: { target: "p", checks: ["lint"], retries: 3, push: false },
  });
  assert.deepEqual(answer({ target: "Dev", retries: "often" }), {
    action: "accept",
    content: { target: "d" },
  });
  assert.deepEqual(answer({}, "decline"), { action: "decline" });
});

test("the time after which Codex goes on without an answer is when the form expires; other agents tell none", () => {
  const until = (codex: object) => form({ ...asked, _meta: { codex } })?.request.expiresAt;
  assert.equal(until({ autoResolutionMs: 60_000 }), "2026-11-30T10:01:00.000Z");
  assert.equal(until({ autoResolutionMs: null }), undefined);
  assert.equal(until({ autoResolutionMs: "soon" }), undefined);
  assert.equal(form(asked)?.request.expiresAt, undefined);
});

test("choices that are titled alike are told apart", () => {
  const oneOf = [
    { const: "a", title: "Same" },
    { const: "b", title: "Same" },
  ];
  const request = { message: "", requestedSchema: { properties: { x: { oneOf } } } };
  assert.deepEqual(form(request)?.request.fields?.[0]?.options, ["Same", "Same (b)"]);
  assert.deepEqual(form(request)?.answered({ values: { x: "Same (b)" } }), {
    action: "accept",
    content: { x: "b" },
  });
});

test("what is no form, or too large a one, is not taken", () => {
  assert.equal(form({ mode: "url", url: "https://example.com" }), undefined);
  assert.equal(form({ message: "Nothing?", requestedSchema: { properties: {} } }), undefined);
  const properties = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`f${i}`, {}]));
  assert.equal(form({ requestedSchema: { properties } }), undefined);
});
