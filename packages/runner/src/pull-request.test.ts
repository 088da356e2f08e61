import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { FakeGitHub } from "../test/fake-github.ts";
import { Repository } from "../test/repository.ts";
import { Stage } from "../test/stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
  new Repository(stage.work);
});
afterEach(() => stage.close());

const writes = `sh -c 'cat > /dev/null; echo x > "$0"; echo all done' file`;

/** What a task's result says of its pull request. */
async function proposed(openPr: string, exec = writes): Promise<unknown> {
  await stage.exec(exec, { workspace: "worktree", openPr });
  await stage.control.dispatch("d1", { id: "task-1", title: "Fix $(it)", description: "" });
  const end = await stage.control.outcome("d1");
  assert.equal(end.type, "complete");
  return end.data?.pullRequest;
}

test("a task that changed something is proposed by the command, whose address is told", async () => {
  const command = `sh -c 'echo "see https://example.com/pulls"; echo "https://example.com/$1/$(cat)"; pwd >&2' sh {branch} {title}`;
  assert.deepEqual(await proposed(command.replace("$(cat)", "$2")), {
    url: "https://example.com/mission-control/task-1/Fix",
  });
});

test("the agent's last words come on its input", async () => {
  assert.deepEqual(await proposed(`sh -c 'echo "https://example.com/?$(tr " " -)"'`), {
    url: "https://example.com/?all-done",
  });
});

test("one that cannot be opened does not undo the work, and says why", async () => {
  assert.deepEqual(await proposed(`sh -c 'echo "not logged in" >&2; exit 4'`), {
    error: "sh ended with exit code 4. It wrote: not logged in",
  });
});

test("a task that changed nothing is not proposed", async () => {
  assert.equal(await proposed("echo https://example.com", "true"), undefined);
});

test("it needs a worktree, and runs no text of a task as code", async () => {
  await assert.rejects(stage.exec("true", { openPr: "gh pr create" }), /goes with --workspace worktree/);
  const openPr = `sh -c "gh pr create --title {title}"`;
  await assert.rejects(stage.exec("true", { workspace: "worktree", openPr }), /would run as code/);
});

/** The command that the README shows, which has to work as it stands there. */
const shown = /--open-pr \\\n {2}"(.*)"\n/.exec(
  readFileSync(new URL("../README.md", import.meta.url), "utf8"),
)?.[1];

test("the command of the README commits, pushes and opens it, by the real gh", {
  skip: spawnSync("gh", ["--version"]).error ? "gh is not installed" : false,
}, async () => {
  const github = await FakeGitHub.listen();
  try {
    const remote = join(stage.folder, "remote.git");
    execFileSync("git", ["init", "--quiet", "--bare", remote]);
    const git = (...args: string[]) => execFileSync("git", args, { cwd: stage.work, encoding: "utf8" });
    git("remote", "add", "origin", "http://github.localhost/acme/app.git");
    git("remote", "set-url", "--push", "origin", remote);
    git("config", "user.name", "t");
    git("config", "user.email", "t@example.com");
    await stage.exec(writes, {
      workspace: "worktree",
      // As a shell reads what stands between double quotes.
      openPr: shown?.replaceAll('\\"', '"').replaceAll("\\$", "$") ?? assert.fail("the README shows none"),
      passEnv: ["GH_*"],
      env: {
        ...stage.options.env,
        ...github.environment,
        GH_TOKEN: "ghp_of-this-test",
        GH_CONFIG_DIR: join(stage.folder, "gh"),
      },
    });
    await stage.control.dispatch("d1", { id: "task-1", title: "Fix $(it)", description: "" });
    const end = await stage.control.outcome("d1");
    assert.deepEqual(end.data?.pullRequest, { url: "http://github.localhost/acme/app/pull/1" });
    const branch = "mission-control/task-1";
    const [opened] = github.opened;
    assert.deepEqual(
      [opened?.baseRefName, opened?.headRefName, opened?.title, opened?.body],
      ["main", branch, "Fix $(it)", "all done"],
    );
    assert.deepEqual([...github.tokens], ["token ghp_of-this-test"]);
    assert.deepEqual(github.unknown, []);
    const pushed = execFileSync("git", ["--git-dir", remote, "show", `${branch}:file`], { encoding: "utf8" });
    assert.equal(pushed, "x\n");
  } finally {
    await github.close();
  }
});
