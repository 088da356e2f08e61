import assert from "node:assert/strict";
import { test } from "node:test";
import { run, start } from "../../test/command-line.ts";

test("the demo runs the whole chain, and each task comes to what it should", async () => {
  const { code, stdout, stderr } = await run(["demo", "--port", "0", "--pace", "5", "--once"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Mission Control's demo is at http:\/\/127\.0\.0\.1:\d+ .*\/login#code=/);
  for (const said of [
    "Accepted by the agent",
    "Reading CHANGELOG.md",
    "Row 41,378 has no customer",
    "→ review",
  ]) {
    assert.ok(stdout.includes(said), said);
  }
  assert.match(
    stdout,
    /completed +Summarise the release notes\n +review +Fix the log-in timeout\n +failed +Migrate/,
  );
});

test("a question waits for its viewer, while the other tasks come again", async () => {
  const demo = start(["demo", "--port", "0", "--pace", "5", "--json"]);
  const { dataDir } = JSON.parse(await demo.line());
  const asked = JSON.parse(await demo.lineLike(/"state":"requested"/));
  const again = (title: string) =>
    demo.lineLike(new RegExp(`"change":"created".*${title}|${title}.*"change":"created"`));
  // Three more rounds: far longer than the agent of a demo that nobody watches would wait.
  for (let round = 0; round < 3; round++) await again("Write tests for the webhook signature");
  const here = ["--data-dir", dataDir];
  const tasks = await run(["tasks", "--search", "Free space on the build machine", "--json", ...here]);
  assert.deepEqual(
    JSON.parse(tasks.stdout).items.map(({ id }: { id: string }) => id),
    [asked.taskId],
    "asked once",
  );
  const said = await run(["say", asked.taskId, "Leave the newest build", ...here]);
  assert.equal(said.stdout, "The agent has taken it up.\n", said.stderr);
  await demo.lineLike(/I take that in: Leave the newest build/);
  const answered = await run(["answer", asked.taskId, "allow", ...here]);
  assert.equal(answered.code, 0, answered.stderr);
  await demo.lineLike(new RegExp(`"taskId":"${asked.taskId}".*34 GB are free again`));
  demo.child.kill("SIGINT");
  const { code, stderr } = await demo.finished;
  assert.equal(code, 0, stderr);
});

test("the demo stops on Ctrl-C in the middle of its work", async () => {
  const demo = start(["demo", "--port", "0", "--pace", "1000", "--json"]);
  const { url } = JSON.parse(await demo.line());
  await demo.lineLike(/"type":"activity"/);
  demo.child.kill("SIGINT");
  const { code, stderr } = await demo.finished;
  assert.equal(code, 0, stderr);
  await assert.rejects(fetch(`${url}/healthz`));
});
