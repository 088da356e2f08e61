import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CALLBACK_PATH, DOCTOR_USER_AGENT } from "@mission-control/protocol";
import { AgentDouble } from "../../../server/test/support/server-process.ts";
import { TestServer } from "../../test/test-server.ts";

let server: TestServer;
let agent: AgentDouble;
before(async () => {
  server = await TestServer.start();
  agent = await AgentDouble.start();
});
after(async () => {
  await server.close();
  await agent.close();
});

test("what was sent and what was refused is listed, filtered and shown", async () => {
  assert.equal((await server.run("deliveries")).stdout, "No deliveries.\n");
  await server.run("agents", "add", "builder", "--endpoint", agent.url);
  const dispatched = await server.run("dispatch", "Build it", "--agent", "builder", "--json");
  const { id } = JSON.parse(dispatched.stdout) as { id: string };
  const refused = { method: "POST", body: '{"a":"\u0007red"}' };
  assert.equal((await fetch(server.app.url + CALLBACK_PATH, refused)).status, 401);

  let listed = "";
  while (!listed.includes("dispatch")) {
    listed = (await server.run("deliveries", "--task", id, "--agent", "builder")).stdout;
  }
  const [, request = ""] = /ok +HTTP 202 +\d+ ms +(request_\S+)/.exec(listed) ?? [];
  const shown = await server.run("deliveries", request);
  assert.match(shown.stdout, /webhook-signature: \*\*\*\n/, shown.stderr);
  assert.match(shown.stdout, /"title":"Build it"/);

  const found = await server.run("deliveries", "--direction", "callback", "--result", "refused", "--json");
  const [one] = JSON.parse(found.stdout) as { id: string; reason: string }[];
  assert.match(one?.reason ?? "", /no signature/);
  const body = (await server.run("deliveries", one?.id ?? "")).stdout;
  assert.match(body, /\{"a":"\u2407red"\}/, "what others sent does nothing to the terminal");
});

test("wrong use says so", async () => {
  const answers = await Promise.all([
    server.run("deliveries", "--result", "lost"),
    server.run("deliveries", "--direction", "up"),
    server.run("deliveries", "--from", "yesterday"),
    server.run("deliveries", "request_none"),
  ]);
  assert.deepEqual(
    answers.map(({ code }) => code),
    [2, 2, 2, 1],
  );
});

test("doctor leaves nothing behind by asking whether callbacks arrive; what differs from its question is kept", async () => {
  const refused = async () => {
    const { items } = await server.api("GET", "/api/exchanges?direction=callback&result=refused");
    return items as { id: string }[];
  };
  const before = await refused();
  const { code, stdout } = await server.run("doctor");
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^ok {4}public URL: callbacks reach /m);
  for (const body of ["{}", "{ }"]) {
    const headers = { "user-agent": body === "{}" ? "curl/8.0" : DOCTOR_USER_AGENT };
    const answer = await fetch(server.app.url + CALLBACK_PATH, { method: "POST", headers, body });
    assert.equal(answer.status, 401);
  }
  // They are written in the order in which they came: the doctor's would be there before the last of these.
  let kept = before;
  while (kept.length < before.length + 2) kept = await refused();
  assert.equal(kept.length, before.length + 2);
});
