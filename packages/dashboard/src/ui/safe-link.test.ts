import assert from "node:assert/strict";
import { test } from "node:test";
import { safeLink } from "./safe-link.ts";

test("links lead to pages and mailboxes, never to scripts or files", () => {
  assert.equal(safeLink("https://example.com/a?b"), "https://example.com/a?b");
  assert.equal(safeLink("mailto:a@b.c"), "mailto:a@b.c");
  for (const bad of [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:x",
    "data:text/html,x",
    "file:///etc",
    "/api/session",
    "vbscript:x",
  ]) {
    assert.equal(safeLink(bad), null, bad);
  }
});
