import assert from "node:assert/strict";
import { test } from "node:test";
import { addUsage } from "./usage.ts";

test("nothing added to something is that thing", () => {
  assert.equal(addUsage(undefined, undefined), undefined);
  assert.deepEqual(addUsage({ inputTokens: 1 }, undefined), { inputTokens: 1 });
  assert.deepEqual(addUsage(undefined, { outputTokens: 2 }), { outputTokens: 2 });
  assert.deepEqual(addUsage({ inputTokens: 1 }, { outputTokens: 2 }), { inputTokens: 1, outputTokens: 2 });
});

test("costs add up in one currency only; of two, the later stands", () => {
  const usd = { cost: { amount: 1, currency: "USD" } };
  assert.deepEqual(addUsage(usd, { cost: { amount: 2, currency: "USD" } }), {
    cost: { amount: 3, currency: "USD" },
  });
  assert.deepEqual(addUsage(usd, { cost: { amount: 2, currency: "EUR" } }), {
    cost: { amount: 2, currency: "EUR" },
  });
  assert.deepEqual(addUsage(usd, { inputTokens: 1 }), { inputTokens: 1, ...usd });
});
