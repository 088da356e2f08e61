import assert from "node:assert/strict";
import { test } from "node:test";
import { splitList } from "./split-list.ts";
import { formatUsage } from "./usage.ts";
import { describeBrowser } from "./user-agent.ts";

test("only what is known of the usage is told", () => {
  assert.equal(formatUsage({}), "");
  assert.match(formatUsage({ outputTokens: 12 }), /^12 out$/);
  assert.match(
    formatUsage({ inputTokens: 0, cost: { amount: 0.5, currency: "EUR" } }),
    /^0 tokens in · 0[.,]50 EUR$/,
  );
});

test("a small cost is not rounded to nothing, any other to hundredths", () => {
  assert.match(formatUsage({ cost: { amount: 1.23456, currency: "USD" } }), /^1[.,]23 USD$/);
  assert.match(formatUsage({ cost: { amount: 0, currency: "USD" } }), /^0[.,]00 USD$/);
  assert.match(formatUsage({ cost: { amount: 0.0012, currency: "USD" } }), /^0[.,]0012 USD$/);
});

test("a browser that names others too is called by its own name", () => {
  const like =
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
  assert.equal(describeBrowser(`${like} Edg/140.0`), "Edge, Windows");
  assert.equal(describeBrowser(like), "Chrome, Windows");
  assert.equal(
    describeBrowser("Mozilla/5.0 (iPhone; CPU iPhone OS 19 like Mac OS X) Safari/604.1"),
    "Safari, iOS",
  );
  assert.equal(describeBrowser("Mozilla/5.0 (Linux; Android 16) Firefox/150.0"), "Firefox, Android");
  assert.equal(describeBrowser("curl/8.0"), "curl/8.0");
});

test("a list with commas has no empty words", () => {
  assert.deepEqual(splitList(" code , ,review,"), ["code", "review"]);
});
