import assert from "node:assert/strict";
import { test } from "node:test";
import { readWebhooksSearch } from "./webhooks-search.ts";

test("the address tells the tab, the filters and what is open; what makes no sense is left out", () => {
  const search = { tab: "refused", result: "failed", since: "24h", agent: "a1", delivery: "request_1" };
  assert.deepEqual(readWebhooksSearch(search), search);
  assert.deepEqual(readWebhooksSearch({ tab: "x", direction: 1, result: ["ok"], task: "", attempt: 5 }), {});
});
