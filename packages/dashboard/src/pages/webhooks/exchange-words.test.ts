import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExchangeView, exchangeDirectionSchema, exchangeResultSchema } from "@mission-control/protocol";
import { text } from "../../text/text.ts";
import { RESULT_TONE, whatOf } from "./exchange-words.ts";

const exchange = (fields: Partial<ExchangeView>): ExchangeView => ({
  id: "x1",
  direction: "webhook",
  what: "complete",
  at: "2026-11-23T10:00:00.000Z",
  result: "ok",
  tryCount: 1,
  ...fields,
});

test("what was sent is told in the page's words; what they do not know yet, in its own", () => {
  assert.equal(whatOf(exchange({})), text.eventType.complete);
  for (const direction of exchangeDirectionSchema.options) {
    assert.equal(whatOf(exchange({ direction, what: "of a later version" })), "of a later version");
    assert.notEqual(whatOf(exchange({ direction, what: "dispatch" })), "");
  }
  assert.notEqual(whatOf(exchange({ what: "test" })), "test");
});

test("a name that every object has is no word of ours", () => {
  for (const what of ["constructor", "toString", "__proto__"]) assert.equal(whatOf(exchange({ what })), what);
});

test("what was not kept says so, whatever it was; every result has its tone", () => {
  assert.notEqual(whatOf(exchange({ notKept: 3 } as Partial<ExchangeView>)), text.eventType.complete);
  for (const result of exchangeResultSchema.options) assert.ok(RESULT_TONE[result], result);
});
