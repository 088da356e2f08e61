import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { DispatchPayload, LogEvent } from "@mission-control/protocol";
import type { EventPage } from "../../packages/server/src/store/store.ts";
import { CallbackSender } from "../../packages/server/test/support/callback-sender.ts";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { sentTo } from "./sent-to.ts";

let database: PostgresServer;

before(async () => {
  database = await PostgresServer.start();
});
after(() => database.discard());

/**
 * Two servers, of which the first has the lease of who tells that agents are silent, and an agent that never says a word. It
 * is told once that it does not respond.
 * @param patience how long the first one lets an agent be silent, in seconds; the other one, three
 */
async function twoNodes(context: TestContext, patience: number) {
  const place = await Place.make(database);
  const agent = await AgentDouble.start();
  const nodes: ServerProcess[] = [];
  context.after(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await agent.close();
    await place.discard();
  });
  const start = async (silentSeconds: number) => {
    const node = await ServerProcess.start({
      DATABASE_URL: place.url,
      MISSION_CONTROL_FIRST_WORD_SECONDS: "1",
      MISSION_CONTROL_SILENT_SECONDS: String(silentSeconds),
    });
    nodes.push(node);
    return node;
  };
  const first = await start(patience);
  while ((await place.query("SELECT FROM leases WHERE name = 'silence'")).length === 0) await wait(20);
  const other = await start(3);
  await dispatchTasks(first, agent, 1);
  await agent.receives(1);
  const payload = agent.payloads[0] as DispatchPayload;
  await toldOf(other, payload, 1);
  return { first, other, payload };
}

/** What was told of whether an agent is missed; null that it is not. */
async function told(node: ServerProcess, { task }: DispatchPayload): Promise<unknown[]> {
  const { items } = await node.call<EventPage>("GET", `/api/tasks/${task.id}/events?limit=500`);
  return items
    .filter(({ type, data }: LogEvent) => type === "dispatch" && data.silence !== undefined)
    .map(({ data }: LogEvent) => (data.silence as { state: string } | null)?.state ?? null);
}

async function toldOf(node: ServerProcess, payload: DispatchPayload, count: number): Promise<unknown[]> {
  for (;;) {
    const all = await told(node, payload);
    if (all.length >= count) return all;
    await wait(50);
  }
}

/** The agent ends its work at a node. */
async function end(node: ServerProcess, payload: DispatchPayload): Promise<void> {
  await new CallbackSender(sentTo(node, payload), () => {}).run(AbortSignal.abort());
}

test("that an agent is silent is told once, by one node, also when that one is killed in between", async (context) => {
  const { first, other, payload } = await twoNodes(context, 3600);
  await first.end("SIGKILL");
  assert.deepEqual(await toldOf(other, payload, 2), ["not_responding", "silent"]);
  await end(other, payload);
  assert.deepEqual(await told(other, payload), ["not_responding", "silent"]);
});

test("a node that hangs while an agent falls silent tells nothing of it a second time when it goes on", async (context) => {
  const patience = 8;
  const { first, other, payload } = await twoNodes(context, patience);
  first.signal("SIGSTOP");
  const stopped = performance.now();
  assert.deepEqual(await toldOf(other, payload, 2), ["not_responding", "silent"]);
  // By then it would have told it, too.
  await wait(Math.max(0, patience * 1000 - (performance.now() - stopped)));
  first.signal("SIGCONT");
  // It goes on with what it was at, and takes calls like any other.
  await end(first, payload);
  assert.deepEqual(await told(first, payload), await told(other, payload));
  assert.deepEqual(await told(other, payload), ["not_responding", "silent"]);
});
