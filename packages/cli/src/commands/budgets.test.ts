import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { TestServer } from "../../test/test-server.ts";
import { ApiClient } from "../client/api-client.ts";
import { DemoAgent } from "../demo/demo-agent.ts";

let server: TestServer;
let agent: DemoAgent;
before(async () => {
  server = await TestServer.start();
  agent = await DemoAgent.start(new ApiClient(server.app.url, server.app.token), 1);
});
after(async () => {
  await agent.close();
  await server.close();
});

test("a budget is set, listed, edited and removed", async () => {
  assert.match((await server.run("budgets")).stdout, /^No budgets yet: set one with/);
  const added = await server.run("budgets", "add", "all", "--limit", "20 USD", "--per", "day");
  assert.equal(added.code, 0, added.stderr);
  const [, id = ""] = /^all is (\S+): 0\.00 USD of 20\.00 USD a day \(0 %\)\.\n$/.exec(added.stdout) ?? [];
  assert.match(id, /^budget_/);
  const edited = await server.run(
    ...["budgets", "edit", "all", "--limit", "1.5k tokens", "--per", "month", "--agent", "demo-agent"],
    ...["--tag", "docs", "--time-zone", "Europe/Berlin", "--refuse", "--json"],
  );
  const { limit, period, timeZone, agentId, tag, refuses } = JSON.parse(edited.stdout);
  assert.deepEqual(
    [limit, period, timeZone, tag, refuses],
    [{ tokens: 1500 }, "month", "Europe/Berlin", "docs", true],
  );
  assert.ok(agentId);
  assert.match(
    (await server.run("budgets", "list")).stdout,
    new RegExp(
      `^all +0 tokens of 1,500 tokens a month \\(0 %\\) +agent demo-agent, tag docs +${id} +refuses when`,
    ),
  );
  const wide = await server.run(
    "budgets",
    "edit",
    id,
    "--any-agent",
    "--any-tag",
    "--no-refuse",
    "--name",
    "every",
  );
  assert.equal(wide.code, 0, wide.stderr);
  assert.match((await server.run("budgets")).stdout, /^every +.* everything +\S+\n$/);
  assert.equal((await server.run("budgets", "rm", "every")).stdout, `every (${id}) is removed.\n`);
  assert.match(
    (await server.run("budgets", "rm", "every")).stderr,
    /^There is no budget "every"; known: none/,
  );
});

test("an edit that names nothing to change, or both sides of one thing, is wrong use", async () => {
  await server.run("budgets", "add", "kept", "--limit", "3 USD", "--per", "day");
  const nothing = await server.run("budgets", "edit", "kept");
  assert.deepEqual(
    [nothing.code, nothing.stderr],
    [2, "Say what is to be changed, such as --limit or --no-refuse: --help names everything.\n"],
  );
  const both = await server.run("budgets", "edit", "kept", "--tag", "docs", "--any-tag");
  assert.equal(both.code, 2);
  assert.match(both.stderr, /'--any-tag' cannot be used with option '--tag <tag>'/);
  assert.equal((await server.run("budgets", "rm", "kept")).code, 0);
});

test("used up, it refuses a dispatch in words, and what agents did not tell is said", async () => {
  const added = await server.run(
    "budgets",
    "add",
    "tokens",
    "--limit",
    "1 token",
    "--per",
    "day",
    "--refuse",
  );
  assert.equal(added.code, 0, added.stderr);
  await server.run("budgets", "add", "yen", "--limit", "100 JPY", "--per", "day");
  const first = await server.run(
    "dispatch",
    "Summarise the release notes",
    "--agent",
    "demo-agent",
    "--wait",
  );
  assert.equal(first.code, 0, first.stderr);
  const refused = await server.run("dispatch", "Once more", "--agent", "demo-agent");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /The budget "tokens" of 1 token a day is used up: .* begins anew at/);
  const listed = (await server.run("budgets")).stdout;
  assert.match(listed, /^yen +0\.00 JPY of 100\.00 JPY a day \(0 %\) .*not counted: [\d.]+ USD$/m);
});

test("what is no limit is refused with one that is", async () => {
  for (const words of [["--limit", "20"], ["--limit", "no USD"], ["--limit", "5 USD", "--per", "week"], []]) {
    const wrong = await server.run("budgets", "add", "bad", ...words);
    assert.equal(wrong.code, 2, wrong.stdout);
    assert.match(wrong.stderr, /such as "20 USD"|day or month|--limit "20 USD" --per day/);
  }
});
