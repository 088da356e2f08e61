import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { until } from "../test/processes.ts";
import { Repository } from "../test/repository.ts";
import { Stage } from "../test/stage.ts";
import { Workspace } from "./workspace.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

/** The files that a result's data says were changed. */
function filesOf(data: Record<string, unknown> | undefined): unknown {
  return (data?.diffstat as { files?: unknown } | undefined)?.files;
}

describe("workspaces", () => {
  test("a folder of its own for each task", async () => {
    await stage.exec("pwd", { workspace: "folder" });
    await stage.control.dispatch("d1", { id: "task-1", description: "" });
    assert.equal((await stage.control.outcome("d1")).summary, join(stage.work, "task-1"));
  });

  test("a git worktree of its own, kept when it was used", async () => {
    const git = (...args: string[]) =>
      execFileSync("git", args, { cwd: stage.work, encoding: "utf8" }).trim();
    git("init", "--quiet", "--initial-branch=main");
    git(
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.com",
      "commit",
      "--quiet",
      "--allow-empty",
      "-m",
      "start",
    );
    const runner = await stage.exec(
      `sh -c 'cat > prompt; grep -q write prompt && cp prompt result; rm prompt; ls'`,
      {
        workspace: "worktree",
        concurrency: 2,
      },
    );
    await Promise.all([
      stage.control.dispatch("d1", { id: "task-1", description: "write" }),
      stage.control.dispatch("d2", { id: "task-2", description: "look" }),
    ]);
    const used = await stage.control.outcome("d1");
    await stage.control.outcome("d2");
    assert.equal(used.data?.branch, "mission-control/task-1");
    assert.equal(used.data?.base, git("rev-parse", "main"));
    const patch = stage.control.callbacks.stored.find(({ type }) => type === "artifact")?.artifact;
    assert.equal(patch?.name, "change.patch");
    assert.match(patch?.content ?? "", /^\+write$/m);
    assert.deepEqual(used.data?.diffstat, {
      count: 1,
      insertions: 3,
      deletions: 0,
      files: [{ path: "result", insertions: 3, deletions: 0 }],
    });
    assert.ok(existsSync(join(String(used.data?.folder), "result")));
    // Some agents take what is inside a .git for what must not be touched.
    assert.doesNotMatch(String(used.data?.folder), /\.git\b/);
    await until(() => runner.running.length === 0);
    assert.equal(git("branch", "--list", "mission-control/*"), "+ mission-control/task-1");
    assert.deepEqual(readdirSync(stage.work), [".git"]);
    await stage.control.dispatch("d3", { id: "task-1", description: "look" });
    assert.equal((await stage.control.outcome("d3")).summary, "result", "the same worktree again");
  });

  test("a worktree begins at the base branch, and what earlier attempts changed counts", async () => {
    const repository = new Repository(stage.work);
    repository.git("checkout", "--quiet", "-b", "release");
    writeFileSync(join(stage.work, "released"), "1\n");
    repository.commit("release");
    const release = repository.git("rev-parse", "HEAD");
    repository.git("checkout", "--quiet", "main");
    await stage.exec(
      `sh -c 'cat > /dev/null; echo x >> result; git add result; git -c user.name=a -c user.email=a@x commit -qm work'`,
      { workspace: "worktree", base: "release" },
    );
    for (const [id, lines] of [
      ["d1", 1],
      ["d2", 2],
    ] as const) {
      await stage.control.dispatch(id, { id: "task-1", description: "" });
      const { data } = await stage.control.outcome(id);
      assert.equal(data?.base, release);
      assert.equal(data?.commit, repository.git("rev-parse", "mission-control/task-1"));
      assert.deepEqual(filesOf(data), [{ path: "result", insertions: lines, deletions: 0 }]);
    }
  });

  test("a folder that is a repository tells what the task changed in it, not what was changed before", async () => {
    writeFileSync(join(stage.work, "a"), "a\n");
    new Repository(stage.work);
    writeFileSync(join(stage.work, "b"), "the user's\n");
    await stage.exec(`sh -c 'cat > /dev/null; echo c > c'`);
    await stage.control.dispatch("d1", { description: "" });
    const { data } = await stage.control.outcome("d1");
    assert.deepEqual(filesOf(data), [{ path: "c", insertions: 1, deletions: 0 }]);
  });

  test("a folder without git, or without the base of its worktrees, is said so at the start", async () => {
    const start = (base?: string) => stage.exec("pwd", { workspace: "worktree", base });
    await assert.rejects(start(), /git rev-list failed in .*not a git repository/);
    new Repository(stage.work);
    await assert.rejects(start("nowhere"), /git rev-list failed in .*bad revision 'nowhere'/);
  });

  test("no task's id leads out of the workspace, or into another task's folder", async () => {
    const workspace = new Workspace({ kind: "folder", root: stage.work, worktrees: stage.data });
    const ids = ["..", ".", "../x", "a/b", "a b", "a-b", "/etc", ".git", "a:b", "a.lock", "x".repeat(300)];
    const folders = await Promise.all(ids.map(async (id) => (await workspace.open(id)).folder));
    assert.deepEqual(
      folders.filter((folder) => dirname(folder) !== stage.work),
      [],
    );
    assert.equal(new Set(folders).size, ids.length);
  });

  test("a dispatch with such an id is refused", async () => {
    await stage.exec("pwd", { workspace: "folder" });
    for (const id of ["..", "a/b", "-x", "x\0y", "x".repeat(201)]) {
      const answer = await stage.control.dispatch("d1", { id, description: "" });
      assert.equal(answer.accepted, false);
      assert.match(answer.reason ?? "", /An id must be of letters, digits and/);
    }
    assert.deepEqual(readdirSync(stage.work), []);
  });

  test("a repository's hooks see none of the runner's secrets", async (t) => {
    process.env.OPENCLAW_GATEWAY_TOKEN = "secret-0";
    t.after(() => {
      delete process.env.OPENCLAW_GATEWAY_TOKEN;
    });
    const git = (...args: string[]) => execFileSync("git", args, { cwd: stage.work });
    git("init", "--quiet");
    git(
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.com",
      "commit",
      "--quiet",
      "--allow-empty",
      "-m",
      "x",
    );
    writeFileSync(join(stage.work, ".git/hooks/post-checkout"), `#!/bin/sh\nenv > ${stage.folder}/seen\n`, {
      mode: 0o755,
    });
    const env = {
      ...stage.options.env,
      MISSION_CONTROL_TOKEN: "secret-1",
      OPENCLAW_GATEWAY_TOKEN: "secret-2",
    };
    await stage.exec("true", { workspace: "worktree", env });
    await stage.control.dispatch("d1", { description: "" });
    await stage.control.outcome("d1");
    assert.doesNotMatch(readFileSync(join(stage.folder, "seen"), "utf8"), /secret-/);
  });
});
