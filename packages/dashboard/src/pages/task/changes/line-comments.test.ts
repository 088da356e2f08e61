import assert from "node:assert/strict";
import { test } from "node:test";
import { feedbackOf, lineKey } from "./line-comments.ts";

test("comments become feedback that says file, line and what stands there", () => {
  const feedback = feedbackOf(" Nearly there. ", [
    {
      path: "src/a.ts",
      line: { kind: "added", text: "  const x = 1;", after: 12 },
      text: " Call it `count`. ",
    },
    { path: "src/b.ts", line: { kind: "removed", text: "log(`x`)", before: 3 }, text: "Keep this." },
    { path: "", line: { kind: "context", text: "", before: 1, after: 1 }, text: "Why?" },
  ]);
  assert.equal(
    feedback,
    [
      "Nearly there.",
      "**src/a.ts, line 12**",
      "> `  const x = 1;`",
      "Call it `count`.",
      "**src/b.ts, removed line 3**",
      "> `` log(`x`) ``",
      "Keep this.",
      "**the file, line 1**",
      "Why?",
    ].join("\n\n"),
  );
  assert.equal(feedbackOf("", []), "");
});

test("a removed line and the one that stands in its place are two", () => {
  assert.notEqual(
    lineKey("a", { kind: "removed", text: "", before: 5 }),
    lineKey("a", { kind: "added", text: "", after: 5 }),
  );
});
