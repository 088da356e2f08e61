import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { run } from "../../test/command-line.ts";
import { TestServer } from "../../test/test-server.ts";
import { ApiClient } from "../client/api-client.ts";
import { DemoAgent } from "../demo/demo-agent.ts";

let server: TestServer;
let agent: DemoAgent;

before(async () => {
  server = await TestServer.start();
  agent = await DemoAgent.start(new ApiClient(server.app.url, server.app.token), 1);
  const dispatch = (title: string) =>
    run(["dispatch", title, "--agent", "demo-agent", "--tag", "docs", "--wait"], server.env);
  await dispatch("Summarise the release notes");
  await dispatch("Migrate the billing table");
});
after(async () => {
  await agent.close();
  await server.close();
});

test("insights tells what each agent did, and why attempts failed", async () => {
  const { code, stdout, stderr } = await run(["insights"], server.env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^agent +completed +failed/);
  assert.match(stdout, /^demo-agent +1 +1 /m);
  assert.match(stdout, /^all +1 +1 /m);
  assert.match(stdout, /Failures:\n1 +Row 41,378 has no customer/);
});

test("insights narrows to an agent and a tag, by days, and prints JSON", async () => {
  const told = await run(
    ["insights", "--days", "30", "--agent", "demo-agent", "--tag", "docs", "--json"],
    server.env,
  );
  const { total, series } = JSON.parse(told.stdout);
  assert.deepEqual([total.ended.completed, total.ended.failed], [1, 1]);
  assert.ok(series.length >= 30);
  const other = await run(["insights", "--tag", "nothing", "--json"], server.env);
  assert.equal(JSON.parse(other.stdout).total.ended.completed, 0);
});

test("insights refuses days that it cannot tell of", async () => {
  const { code, stderr } = await run(["insights", "--days", "0"], server.env);
  assert.equal(code, 2);
  assert.match(stderr, /from 1 to 365/);
});
