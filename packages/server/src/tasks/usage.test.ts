import assert from "node:assert/strict";
import { test } from "node:test";
import type { Usage } from "@mission-control/protocol";
import fc from "fast-check";
import { addUsage, UsageSum } from "./usage.ts";

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

const sumOf = (usages: readonly Usage[]) => {
  const sum = new UsageSum();
  for (const usage of usages) sum.add(usage);
  return sum;
};

test("a sum tells tokens always, and a cost while it is in one currency", () => {
  assert.equal(sumOf([]).total, undefined);
  const usd = (amount: number) => ({ amount, currency: "USD" });
  const sum = sumOf([{ inputTokens: 0, cost: usd(0.1) }, { cost: usd(0.2) }]);
  assert.deepEqual(sum.total, { inputTokens: 0, cost: usd(0.3) });
  const euros = { outputTokens: 5, cost: { amount: 1, currency: "EUR" } };
  sum.add(euros);
  assert.deepEqual(sum.total, { inputTokens: 0, outputTokens: 5 });
  sum.remove(euros);
  assert.deepEqual(sum.total, { inputTokens: 0, cost: usd(0.3) });
});

test("a sum is the same in any order, and as if what was removed had never been added", () => {
  const tokens = fc.nat(1_000_000);
  const cost = fc.record({
    amount: fc.integer({ min: 0, max: 10_000_000 }).map((micros) => micros / 1_000_000),
    currency: fc.constantFrom("USD", "EUR"),
  });
  const usage: fc.Arbitrary<Usage> = fc.record(
    { inputTokens: tokens, outputTokens: tokens, cost },
    { requiredKeys: [] },
  );
  const story = fc.array(fc.tuple(usage, fc.boolean()), { maxLength: 30 });
  fc.assert(
    fc.property(story, (steps) => {
      const live = sumOf(steps.map(([each]) => each));
      for (const [each, isRemoved] of steps) if (isRemoved) live.remove(each);
      const kept = steps.filter(([, isRemoved]) => !isRemoved).map(([each]) => each);
      assert.deepEqual(live.total, sumOf(kept.reverse()).total);
    }),
  );
});
