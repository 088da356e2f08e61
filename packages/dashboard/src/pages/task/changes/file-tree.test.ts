import assert from "node:assert/strict";
import { test } from "node:test";
import { fileTree, type TreeNode } from "./file-tree.ts";

type Brief = string | [string, Brief[]];
const brief = (node: TreeNode<{ path: string }>): Brief =>
  node.kind === "file" ? node.name : [node.name, node.children.map(brief)];

test("files stand in their folders, and a chain of folders is one", () => {
  const tree = fileTree(
    ["README.md", "src/pages/task/a.ts", "src/pages/task/b.ts", "docs/guide.md", "src/main.ts"].map(
      (path) => ({
        path,
      }),
    ),
  );
  assert.deepEqual(tree.map(brief), [
    ["docs", ["guide.md"]],
    ["src", [["pages/task", ["a.ts", "b.ts"]], "main.ts"]],
    "README.md",
  ]);
});
