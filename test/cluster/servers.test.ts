import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { DispatchPayload } from "@mission-control/protocol";
import { CallbackSender } from "../../packages/server/test/support/callback-sender.ts";
import { checkLog } from "../../packages/server/test/support/log-check.ts";
import { sending } from "../../packages/server/test/support/sending.ts";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { StreamFollower } from "../../packages/server/test/support/stream-follower.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { sentTo } from "./sent-to.ts";
import { Wire } from "./wire.ts";

let database: PostgresServer;

before(async () => {
  database = await PostgresServer.start();
});
after(() => database.discard());

/** Callbacks are sent as fast as they are answered. */
const NO_LIMITS = {
  MISSION_CONTROL_LIMIT_CALLBACKS_PER_DISPATCH: "0",
  MISSION_CONTROL_LIMIT_CALLBACKS_PER_ADDRESS: "0",
};

/** Servers on one empty database, the second by a wire that can be cut, and an agent; all of it goes with the test. */
async function servers(context: TestContext, count: number) {
  const place = await Place.make(database);
  const agent = await AgentDouble.start();
  const wire = await Wire.to(place.url);
  const nodes: ServerProcess[] = [];
  const addNode = async () => {
    const url = nodes.length === 1 ? wire.url : place.url;
    const node = await ServerProcess.start({ DATABASE_URL: url, ...NO_LIMITS });
    nodes.push(node);
    return node;
  };
  context.after(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await Promise.all([agent.close(), wire.close()]);
    await place.discard();
  });
  for (let index = 0; index < count; index++) await addNode();
  return { nodes, agent, wire, addNode };
}

/** How many callbacks are sent while things break; CLUSTER_CALLBACKS asks for more. */
const CALLBACKS = Number(process.env.CLUSTER_CALLBACKS ?? 300);
/** How often everything breaks once. */
const ROUNDS = Math.min(10, Math.ceil(CALLBACKS / 300));

test("nodes that are killed, hang or lose their database under load lose nothing, and all readers see one sequence", async (context) => {
  const { nodes, agent, wire } = await servers(context, 3);
  const [one, two, three] = nodes as [ServerProcess, ServerProcess, ServerProcess];
  assert.deepEqual([two.token, three.token], [one.token, one.token], "they share their keys");
  const payloads = await dispatchTasks(one, agent, 6);
  await agent.receives(6);
  const followers = nodes.map((node) => new StreamFollower(node.port, node.token));
  context.after(() => Promise.all(followers.map((follower) => follower.close())));
  const spread = payloads.map((payload, index) => sentTo(nodes[index % 3] as ServerProcess, payload));
  const { senders, answered, end } = sending(context, spread);
  const faults = [
    () => one.end("SIGKILL").then(() => one.restart()),
    () => wire.cut(),
    () => database.restart("fast"),
    () => three.signal("SIGSTOP"),
    () => three.signal("SIGCONT"),
    () => two.end("SIGKILL").then(() => two.restart()),
    () => database.restart("immediate"),
  ];
  for (let round = 0; round < ROUNDS; round++) {
    for (const fault of faults) {
      await answered(Math.ceil(CALLBACKS / ROUNDS / faults.length));
      await fault();
    }
  }
  await answered(6);
  await end();
  const ids = await checkLog(two, senders);
  assert.ok(ids.length > CALLBACKS);
  for (const follower of followers) {
    await follower.until(ids.length);
    assert.deepEqual(follower.ids, ids);
  }
  assert.equal(agent.received.length, 6, "no dispatch was sent a second time");
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
