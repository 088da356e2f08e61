import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Repository } from "../test/repository.ts";
import { FolderState } from "./changes.ts";
import { Git } from "./git.ts";

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mc-changes-"));
  folder = join(root, "work");
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);
async function state(): Promise<FolderState> {
  return (await FolderState.open(new Git(folder, process.env))) ?? assert.fail("no repository");
}

describe("what was changed in a repository", () => {
  test("is a patch that applies: edits, new, deleted, renamed and binary files, whatever their names", async () => {
    write("edited.txt", "one\ntwo\n");
    write("deleted.txt", "gone\n");
    write("renamed.txt", "the same lines\n".repeat(20));
    write("image.bin", Buffer.from([0, 1, 2]));
    const repository = new Repository(folder);
    const base = repository.git("rev-parse", "HEAD");
    execFileSync("git", ["clone", "--quiet", folder, join(root, "clone")]);
    write("edited.txt", "one\nthree\n");
    rmSync(join(folder, "deleted.txt"));
    repository.git("mv", "renamed.txt", "moved.txt");
    write("image.bin", Buffer.from([0, 1, 2, 255, 254]));
    write("new file ä.txt", "new\n");
    write("run.sh", "#!/bin/sh\n");
    chmodSync(join(folder, "run.sh"), 0o755);
    const looked = await state();
    const { patch, files, insertions, deletions, note } = await looked.changesSince(base);
    looked.close();
    const clone = join(root, "clone");
    execFileSync("git", ["apply", "--index"], { cwd: clone, input: patch });
    assert.equal(readFileSync(join(clone, "edited.txt"), "utf8"), "one\nthree\n");
    assert.deepEqual(readFileSync(join(clone, "image.bin")), Buffer.from([0, 1, 2, 255, 254]));
    assert.deepEqual(
      readdirSync(clone).filter((name) => name !== ".git"),
      ["edited.txt", "image.bin", "moved.txt", "new file ä.txt", "run.sh"],
    );
    assert.equal(note, undefined);
    assert.deepEqual([insertions, deletions], [23, 22]);
    assert.deepEqual(
      files.find(({ path }) => path === "image.bin"),
      { path: "image.bin" },
    );
    assert.deepEqual(
      files.find(({ path }) => path === "new file ä.txt"),
      {
        path: "new file ä.txt",
        insertions: 1,
        deletions: 0,
      },
    );
  });

  test("is found without a touch on the index, the objects and what was done before", async () => {
    write("a", "a\n");
    const repository = new Repository(folder);
    write("a", "the user's\n");
    write("untracked", "the user's\n");
    write("staged", "the user's\n");
    repository.git("add", "staged");
    const seen = () => [
      repository.git("status", "--porcelain"),
      repository.git("diff", "--cached"),
      repository.git("count-objects", "-v"),
      readdirSync(root).join(),
    ];
    const before = seen();
    const looked = await state();
    const tree = await looked.tree();
    write("a", "the agent's\n");
    write("new", "the agent's\n");
    const { patch, files } = await looked.changesSince(tree);
    assert.deepEqual(
      files.map(({ path }) => path),
      ["a", "new"],
    );
    assert.match(patch.toString(), /-the user's\n\+the agent's/);
    rmSync(join(folder, "new"));
    write("a", "the user's\n");
    looked.close();
    assert.deepEqual(seen(), before);
  });

  test("is written the same whatever the user has set, and no program of the repository is run for it", async () => {
    write("a", "a\n");
    write(".gitattributes", "* diff=loud\n");
    const repository = new Repository(folder);
    const base = repository.git("rev-parse", "HEAD");
    for (const [name, value] of [
      ["diff.noprefix", "true"],
      ["diff.mnemonicPrefix", "true"],
      ["color.ui", "always"],
      ["diff.external", "false"],
      ["diff.loud.textconv", "false"],
      ["core.fsmonitor", "false"],
    ])
      repository.git("config", name ?? "", value ?? "");
    write("a", "b\n");
    const looked = await state();
    const { patch } = await looked.changesSince(base);
    looked.close();
    assert.match(patch.toString(), /^diff --git a\/a b\/a\n/);
    assert.match(patch.toString(), /^-a\n\+b\n/m);
  });

  test("leaves out new files where they are too many, and says so", async () => {
    write("a", "a\n");
    const repository = new Repository(folder);
    const base = repository.git("rev-parse", "HEAD");
    write("a", "b\n");
    write("data", Buffer.alloc(65 * 1024 * 1024));
    const looked = await state();
    const { files, note } = await looked.changesSince(base);
    looked.close();
    assert.deepEqual(
      files.map(({ path }) => path),
      ["a"],
    );
    assert.equal(note, "New files of 65 MiB are too large to be looked at.");
  });

  test("is nothing where nothing was, and a folder without git has no state", async () => {
    assert.equal(await FolderState.open(new Git(folder, process.env)), undefined);
    new Repository(folder);
    const looked = await state();
    const { patch, files } = await looked.changesSince(await looked.tree());
    looked.close();
    assert.equal(patch.length, 0);
    assert.deepEqual(files, []);
  });
});
