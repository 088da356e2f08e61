import assert from "node:assert/strict";
import { test } from "node:test";
import { CallbackSender } from "./support/callback-sender.ts";
import { checkLog } from "./support/log-check.ts";
import { AgentDouble, dispatchTasks, ServerProcess } from "./support/server-process.ts";
import { StreamFollower } from "./support/stream-follower.ts";

const KILLS = 20;
const SENDERS = 6;

test("killed at any moment under full load, the server loses nothing it answered for and doubles nothing", async (context) => {
  const server = await ServerProcess.start();
  const agent = await AgentDouble.start();
  const payloads = await dispatchTasks(server, agent, SENDERS);
  const follower = new StreamFollower(server.port, server.token);
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
  context.after(async () => {
    for (const sender of senders) sender.close();
    await follower.close();
    await server.close();
    await agent.close();
  });
  const sending = Promise.all(senders.map((sender) => sender.run(stop.signal)));
  const answered = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const goal = answers + count;
      wake = () => {
        if (answers >= goal) resolve();
      };
      sending.catch(reject);
    });

  for (let kill = 0; kill < KILLS; kill++) {
    await answered(1 + Math.floor(Math.random() * 120));
    await server.end("SIGKILL");
    await server.restart();
  }
  await answered(50);
  stop.abort();
  await sending;

  const ids = await checkLog(server, senders);

  await follower.until(ids.length);
  await follower.close();
  assert.deepEqual(follower.ids, ids, "a client that followed across all restarts has exactly the log");
  assert.ok(follower.connections > KILLS, `it came back ${follower.connections} times`);
  assert.equal(agent.received.length, SENDERS, "no dispatch was sent a second time");
  const { items } = await server.call<{ items: { status: string }[] }>("GET", "/api/tasks");
  assert.deepEqual(
    items.map(({ status }) => status),
    Array(SENDERS).fill("completed"),
  );

  const { code, stderr } = await server.end("SIGTERM");
  assert.equal(code, 0, stderr);
});
