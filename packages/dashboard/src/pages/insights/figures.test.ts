import assert from "node:assert/strict";
import { test } from "node:test";
import type { InsightFigures } from "@mission-control/protocol";
import { text } from "../../text/text.ts";
import { costOf, failuresIn, isNothing, medianOf, rateOf, tokensOf } from "./figures.ts";
import { readInsightsSearch } from "./insights-search.ts";

const none = { completed: 0, failed: 0, rejected: 0, lost: 0, cancelled: 0 };
const figures = (fields: Partial<InsightFigures> = {}, ended: Partial<typeof none> = {}): InsightFigures =>
  ({
    ended: { ...none, ...ended },
    inputTokens: 0,
    outputTokens: 0,
    costs: [],
    waited: null,
    ...fields,
  }) as InsightFigures;

test("a rate is of what ended by itself; what somebody cancelled says nothing about an agent", () => {
  const some = figures({}, { completed: 3, failed: 1, rejected: 1, lost: 1, cancelled: 50 });
  assert.deepEqual([failuresIn(some), rateOf(some)], [3, rateOf(figures({}, { completed: 1, lost: 1 }))]);
  assert.match(rateOf(some), /50/);
  for (const nothing of [figures(), figures({}, { cancelled: 9 })]) assert.equal(rateOf(nothing), text.none);
});

test("what was not counted is none, not nought", () => {
  assert.deepEqual(
    [tokensOf(figures()), costOf(figures()), medianOf(null)],
    [text.none, text.none, text.none],
  );
  assert.notEqual(tokensOf(figures({ outputTokens: 1 })), text.none);
});

test("costs of two currencies are not added up", () => {
  const costs = [
    { amount: 1, currency: "USD" },
    { amount: 2, currency: "EUR" },
  ];
  assert.equal(costOf(figures({ costs })).split(" + ").length, 2);
});

test("there is something to see as soon as anything was counted", () => {
  assert.ok(isNothing(figures()));
  const counted: Partial<InsightFigures>[] = [
    { inputTokens: 1 },
    { outputTokens: 1 },
    { costs: [{ amount: 0, currency: "USD" }] },
    { waited: {} as never },
  ];
  for (const fields of counted) assert.ok(!isNothing(figures(fields)), Object.keys(fields)[0]);
  assert.ok(!isNothing(figures({}, { cancelled: 1 })));
});

test("what an address says that makes no sense is left out", () => {
  assert.deepEqual(readInsightsSearch({ range: "7d", agent: "a", tag: 404 }), {
    range: "7d",
    agent: "a",
    tag: "404",
  });
  assert.deepEqual(
    readInsightsSearch({ range: "24h", agent: "", tag: ["a"] }),
    {},
    "a day is what it is without",
  );
  assert.deepEqual(readInsightsSearch({ range: "1y", agent: null }), {});
});
