import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type DispatchPayload, type LogEvent, standardHeaders } from "@mission-control/protocol";
import { FakeSlack } from "../../packages/server/test/support/fake-slack.ts";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";

let database: PostgresServer;

before(async () => {
  database = await PostgresServer.start();
});
after(() => database.discard());

test("one node hears answers, another when that is killed, and of two answers one counts", async (context) => {
  const place = await Place.make(database);
  const environment = { DATABASE_URL: place.url, MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS: "true" };
  const first = await ServerProcess.start(environment);
  const second = await ServerProcess.start(environment);
  const slack = await FakeSlack.start();
  const agent = await AgentDouble.start();
  context.after(async () => {
    await Promise.all([first.close(), second.close()]);
    await Promise.all([slack.close(), agent.close()]);
    await place.discard();
  });
  await second.call("POST", "/api/webhooks/endpoints", { ...slack.endpoint, answers: {} });
  await slack.until(() => slack.sockets.size === 1);
  const [payload = assert.fail("no dispatch")] = await dispatchTasks(second, agent, 1);
  const { id: taskId } = payload.task;

  await ask(payload, second, "r1");
  await slack.until(() => slack.posts.length === 1);
  const [post = assert.fail("no message")] = slack.posts;
  slack.press(post, "Allow");
  await second
    .call("POST", `/api/tasks/${taskId}/permissions/r1`, { optionId: "deny" })
    .catch((error: unknown) => assert.match(String(error), /409/));
  await slack.until(() => slack.buttons(post).length === 0);
  assert.equal((await answersOf(second, taskId)).length, 1);
  assert.equal(slack.connections, 1, "one node alone hears them");

  await first.end("SIGKILL");
  await slack.until(() => slack.connections === 2 && slack.sockets.size === 1);
  await ask(payload, second, "r2");
  await slack.until(() => slack.posts.length === 2);
  const [, again = assert.fail("no message")] = slack.posts;
  slack.press(again, "Deny");
  await slack.until(() => slack.buttons(again).length === 0);
  const [latest] = (await answersOf(second, taskId)).filter(({ data }) => data.requestId === "r2");
  assert.deepEqual([latest?.data.optionId, latest?.data.by], ["deny", "slack:U1 (ann)"]);
});

async function ask({ task, agent, callback }: DispatchPayload, server: ServerProcess, requestId: string) {
  const options = [
    { optionId: "allow", name: "Allow", kind: "allow_once" },
    { optionId: "deny", name: "Deny", kind: "reject_once" },
  ];
  const request = { id: requestId, title: "Run rm -rf build", options };
  const body = JSON.stringify({ taskId: task.id, agentId: agent.id, type: "permission", request });
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": "application/json",
    ...standardHeaders(callback.secret, { id: requestId, timestamp, body }),
  };
  const { pathname } = new URL(callback.url);
  const response = await fetch(`${server.url}${pathname}`, { method: "POST", headers, body });
  assert.equal(response.status, 200, await response.text());
}

async function answersOf(server: ServerProcess, taskId: string): Promise<LogEvent[]> {
  const path = `/api/tasks/${taskId}/events?limit=100`;
  const { items } = await server.call<{ items: LogEvent[] }>("GET", path);
  return items.filter(({ type, data }) => type === "permission" && data.state === "answered");
}
