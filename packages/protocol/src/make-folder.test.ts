import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeFolder } from "./make-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "mc-make-folder-"));
after(() => rmSync(folder, { recursive: true }));

test("a folder is made with those above it, for its owner alone, and one that is there is left as it is", () => {
  const deep = join(folder, "a", "b", "c");
  makeFolder(deep, 0o700);
  makeFolder(deep, 0o755);
  for (const path of [deep, join(folder, "a", "b"), join(folder, "a")]) {
    assert.equal(statSync(path).mode & 0o777, 0o700, path);
  }
});

test("what can be no folder is refused at once", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  assert.throws(() => makeFolder(file, 0o700), { code: "EEXIST" });
  assert.throws(() => makeFolder(join(file, "below", "it"), 0o700), { code: "EEXIST", path: file });
});

test("a file system that makes no folders, such as /proc, is not asked for ever", {
  skip: !existsSync("/proc/self"),
}, () => {
  for (const path of ["/proc/mission-control", "/proc/mission-control/data"]) {
    assert.throws(() => makeFolder(path, 0o700), { code: "ENOENT" });
  }
});
