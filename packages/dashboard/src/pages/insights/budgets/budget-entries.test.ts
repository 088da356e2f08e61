import assert from "node:assert/strict";
import { test } from "node:test";
import type { BudgetLimit, BudgetView } from "@mission-control/protocol";
import fc from "fast-check";
import { amountText, type BudgetEntries, bodyOf, entriesOf, newEntries, shareOf } from "./budget-entries.ts";

const limit: fc.Arbitrary<BudgetLimit> = fc.oneof(
  fc.record({ tokens: fc.integer({ min: 1, max: 1_000_000_000 }) }, { noNullPrototype: true }),
  fc.record(
    {
      amount: fc.integer({ min: 1, max: 10_000_000 }).map((cents) => cents / 100),
      currency: fc.constantFrom("USD", "EUR"),
    },
    { noNullPrototype: true },
  ),
);
const id = fc.constantFrom(undefined, "agent_1");
const tag = fc.constantFrom(undefined, "nightly");

test("a budget that is opened and saved as it was is sent as it is", () => {
  fc.assert(
    fc.property(limit, id, tag, fc.boolean(), (of, agentId, named, refuses) => {
      const scope = { ...(agentId ? { agentId } : {}), ...(named ? { tag: named } : {}) };
      const budget = {
        name: "Nights",
        limit: of,
        period: "day",
        timeZone: "Europe/Berlin",
        refuses,
        ...scope,
      };
      const body = bodyOf(entriesOf(budget as BudgetView), undefined);
      assert.deepEqual(JSON.parse(JSON.stringify(body)), budget);
    }),
  );
});

test("what is left out of a new budget is nothing; taken out of one there is, it is taken away", () => {
  const entries: BudgetEntries = {
    ...newEntries(),
    name: " Nights ",
    amount: "2.5",
    currency: " EUR ",
    tag: " ",
  };
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const all = {
    name: "Nights",
    limit: { amount: 2.5, currency: "EUR" },
    period: "day",
    timeZone,
    refuses: false,
  };
  assert.deepEqual(JSON.parse(JSON.stringify(bodyOf(entries, undefined))), all);
  assert.deepEqual(bodyOf(entries, null), { ...all, agentId: null, tag: null });
});

test("a budget of tokens that becomes one of money keeps nothing of the tokens' kind", () => {
  const tokens = entriesOf({
    ...(bodyOf({ ...newEntries(), kind: "tokens", amount: "9" }, undefined) as BudgetView),
  });
  assert.deepEqual(bodyOf({ ...tokens, kind: "money", amount: "1" }, undefined), {
    ...bodyOf(tokens, undefined),
    limit: { amount: 1, currency: "USD" },
  });
});

test("what is spent is a share of the limit, in what the limit is in", () => {
  assert.equal(shareOf({ spent: 3, limit: { tokens: 4 } }), 0.75);
  assert.equal(shareOf({ spent: 3, limit: { amount: 2, currency: "USD" } }), 1.5);
  assert.notEqual(amountText(3, { tokens: 4 }), amountText(3, { amount: 4, currency: "USD" }));
});
