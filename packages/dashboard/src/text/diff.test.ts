import assert from "node:assert/strict";
import { test } from "node:test";
import { diffTotals, parseDiff } from "./diff.ts";

const GIT = `diff --git a/src/auth.ts b/src/auth.ts
index 1f2e3d4..5a6b7c8 100644
--- a/src/auth.ts
+++ b/src/auth.ts
@@ -1,4 +1,5 @@ export function logIn() {
 one
-two
--- three
+zwei
++++ drei
+vier

@@ -40 +41 @@
-last
\\ No newline at end of file
+last
diff --git a/docs/old name.md b/docs/new name.md
similarity index 100%
rename from docs/old name.md
rename to docs/new name.md
diff --git a/logo.png b/logo.png
new file mode 100644
Binary files /dev/null and b/logo.png differ
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-gone
`;

test("a patch of git: edited, renamed, binary and deleted files", () => {
  const files = parseDiff(GIT);
  assert.deepEqual(
    files.map(({ path, from, change, isBinary, added, removed }) => [
      path,
      from,
      change,
      isBinary,
      added,
      removed,
    ]),
    [
      ["src/auth.ts", undefined, "edited", false, 4, 3],
      ["docs/new name.md", "docs/old name.md", "renamed", false, 0, 0],
      ["logo.png", undefined, "created", true, 0, 0],
      ["gone.txt", undefined, "deleted", false, 0, 1],
    ],
  );
  assert.deepEqual(diffTotals(files), { added: 4, removed: 4 });
});

test("lines have their numbers on both sides, and those that look like headers are lines", () => {
  const [file] = parseDiff(GIT);
  assert.equal(file?.hunks[0]?.section, "export function logIn() {");
  assert.deepEqual(file?.hunks[0]?.lines, [
    { kind: "context", text: "one", before: 1, after: 1 },
    { kind: "removed", text: "two", before: 2 },
    { kind: "removed", text: "-- three", before: 3 },
    { kind: "added", text: "zwei", after: 2 },
    { kind: "added", text: "+++ drei", after: 3 },
    { kind: "added", text: "vier", after: 4 },
    { kind: "context", text: "", before: 4, after: 5 },
  ]);
  assert.deepEqual(file?.hunks[1]?.lines, [
    { kind: "removed", text: "last", before: 40 },
    { kind: "note", text: "No newline at end of file" },
    { kind: "added", text: "last", after: 41 },
  ]);
});

test("plain unified diffs, hunks alone, and words above a patch", () => {
  const [first, second] = parseDiff(
    "Only words.\n--- one.txt\t2026-01-01\n+++ one.txt\t2026-01-02\n@@ -1 +1 @@\n-a\n+b\n--- /dev/null\n+++ b/two.txt\n@@ -0,0 +1 @@\n+c\n",
  );
  assert.deepEqual([first?.path, first?.change, first?.added], ["one.txt", "edited", 1]);
  assert.deepEqual([second?.path, second?.change, second?.added], ["two.txt", "created", 1]);
  const [alone] = parseDiff("@@ -3,2 +3,2 @@\n same\n-a\n+b");
  assert.deepEqual([alone?.path, alone?.added, alone?.removed], ["", 1, 1]);
  assert.deepEqual(parseDiff("no diff at all\n"), []);
});

test("quoted paths are read as the bytes they stand for", () => {
  const [file] = parseDiff(
    'diff --git "a/\\303\\274ber \\"x\\".md" "b/\\303\\274ber \\"x\\".md"\nnew file mode 100644\n',
  );
  assert.equal(file?.path, 'über "x".md');
});
