import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { DispatchPayload } from "@mission-control/protocol";
import { CallbackSender } from "../../packages/server/test/support/callback-sender.ts";
import { checkLog } from "../../packages/server/test/support/log-check.ts";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { StreamFollower } from "../../packages/server/test/support/stream-follower.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { sentTo } from "./sent-to.ts";

let database: PostgresServer;

before(async () => {
  database = await PostgresServer.start();
});
after(() => database.discard());

/** Servers on one empty database, and an agent; all of it goes with the test. */
async function servers(
  context: TestContext,
  count: number,
): Promise<{ nodes: ServerProcess[]; agent: AgentDouble; addNode: () => Promise<ServerProcess> }> {
  const place = await Place.make(database);
  const agent = await AgentDouble.start();
  const environment = { DATABASE_URL: place.url };
  const nodes: ServerProcess[] = [];
  const addNode = async () => {
    const node = await ServerProcess.start(environment);
    nodes.push(node);
    return node;
  };
  context.after(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await agent.close();
    await place.discard();
  });
  await Promise.all(Array.from({ length: count }, addNode));
  return { nodes, agent, addNode };
}

/** Senders at full speed, and how to wait for so many more answers. */
function sending(context: TestContext, payloads: readonly DispatchPayload[]) {
  const stop = new AbortController();
  let answers = 0;
  let wake = () => {};
  const senders = payloads.map(
    (payload) =>
      new CallbackSender(payload, () => {
        answers++;
        wake();
      }),
  );
  context.after(() => {
    for (const sender of senders) sender.close();
  });
  const ended = Promise.all(senders.map((sender) => sender.run(stop.signal)));
  const answered = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const goal = answers + count;
      wake = () => {
        if (answers >= goal) resolve();
      };
      ended.catch(reject);
    });
  const end = async () => {
    stop.abort();
    await ended;
  };
  return { senders, answered, end };
}

test("a node that is killed and a database that is restarted under load lose nothing that was answered", async (context) => {
  const { nodes, agent } = await servers(context, 1);
  const [node] = nodes as [ServerProcess];
  const payloads = await dispatchTasks(node, agent, 4);
  await agent.receives(4);
  const { senders, answered, end } = sending(context, payloads);
  const follower = new StreamFollower(node.port, node.token);
  context.after(() => follower.close());
  for (const mode of ["fast", "immediate"] as const) {
    await answered(40);
    await node.end("SIGKILL");
    await node.restart();
    await answered(40);
    await database.restart(mode);
  }
  await answered(40);
  await end();
  const ids = await checkLog(node, senders);
  await follower.until(ids.length);
  assert.deepEqual(follower.ids, ids);
  assert.equal(agent.received.length, 4, "no dispatch was sent a second time");
});

test("two nodes take callbacks of the same agents, and readers of both see the same log", async (context) => {
  const { nodes, agent } = await servers(context, 2);
  const [one, other] = nodes as [ServerProcess, ServerProcess];
  assert.equal(other.token, one.token, "they share their keys");
  const payloads = await dispatchTasks(one, agent, 4);
  await agent.receives(4);
  const followers = nodes.map((node) => new StreamFollower(node.port, node.token));
  context.after(() => Promise.all(followers.map((follower) => follower.close())));
  const { senders, answered, end } = sending(
    context,
    payloads.map((payload, index) => (index % 2 === 0 ? payload : sentTo(other, payload))),
  );
  await answered(200);
  await end();
  const ids = await checkLog(other, senders);
  for (const follower of followers) {
    await follower.until(ids.length);
    assert.deepEqual(follower.ids, ids);
  }
});

test("when the node that hands out an agent's queue is killed, another does, within ten seconds, and nothing twice", async (context) => {
  const { nodes, agent, addNode } = await servers(context, 1);
  const [owner] = nodes as [ServerProcess];
  await dispatchTasks(owner, agent, 1);
  await agent.receives(1);
  const other = await addNode();
  const [first] = agent.payloads as [DispatchPayload];
  await owner.end("SIGKILL");
  const killed = performance.now();
  const said = new CallbackSender(sentTo(other, first), () => {});
  await said.run(AbortSignal.abort());
  const { id } = await other.call<{ id: string }>("POST", "/api/tasks", { title: "The next" });
  await other.call("POST", `/api/tasks/${id}/dispatch`, { agentId: first.agent.id });
  await agent.receives(2);
  const took = performance.now() - killed;
  assert.ok(took < 10_000, `it took ${Math.round(took)} ms`);
  assert.deepEqual(
    agent.payloads.map(({ task }) => task.title),
    ["Task 0", "The next"],
  );
});

test("a node that hangs is replaced within ten seconds, and does nothing of what it was at when it goes on", async (context) => {
  const { nodes, agent, addNode } = await servers(context, 1);
  const [owner] = nodes as [ServerProcess];
  await dispatchTasks(owner, agent, 2);
  await agent.receives(2);
  const other = await addNode();
  const agentId = agent.payloads[0]?.agent.id;
  const dispatch = async (title: string) => {
    const { id } = await other.call<{ id: string }>("POST", "/api/tasks", { title });
    // What came of it is read from the log.
    const done = other.call("POST", `/api/tasks/${id}/dispatch`, { agentId }).catch(() => {});
    return { id, done };
  };
  for (const payload of agent.payloads) {
    await new CallbackSender(sentTo(other, payload), () => {}).run(AbortSignal.abort());
  }
  // It has sent the dispatch whole, and hangs before the answer comes.
  agent.beforeAnswer = () => owner.signal("SIGSTOP");
  const hung = await dispatch("Sent by the one that hangs");
  await agent.receives(3);
  agent.beforeAnswer = () => {};
  const begun = performance.now();
  const next = await dispatch("Sent by the other");
  await agent.receives(4);
  const took = performance.now() - begun;
  assert.ok(took < 10_000, `it took ${Math.round(took)} ms`);
  await next.done;
  // The other could not know whether it was sent, and the agent confirmed to it that it stopped.
  const state = () => other.call<{ status: string }>("GET", `/api/tasks/${hung.id}`);
  while ((await state()).status !== "failed") await wait(20);
  const before = await other.call("GET", `/api/tasks/${hung.id}/events`);
  owner.signal("SIGCONT");
  const last = await dispatch("Sent by the other again");
  await last.done;
  await owner.call("GET", `/api/tasks/${last.id}`);
  assert.deepEqual(await owner.call("GET", `/api/tasks/${hung.id}/events`), before);
  assert.deepEqual(
    agent.received.filter(({ path }) => path === "/").map(({ body }) => JSON.parse(body).task.title),
    ["Task 0", "Task 1", "Sent by the one that hangs", "Sent by the other", "Sent by the other again"],
  );
});
