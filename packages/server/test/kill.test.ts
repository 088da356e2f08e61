import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { CallbackSender } from "./support/callback-sender.ts";
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

  const log = await wholeLog(server);
  const ids = log.map(({ id }) => id);
  assert.deepEqual(
    ids,
    Array.from({ length: ids.length }, (_, index) => index + 1),
    "ids rise without a gap",
  );
  const said = log.filter(({ type, message }) => type === "activity" && message !== undefined);
  const eventOf = new Map(said.map(({ message, id }) => [message, id]));
  assert.equal(eventOf.size, said.length, "no callback is in the log twice");
  let count = 0;
  for (const { answered: acknowledged } of senders) {
    for (const [message, eventId] of acknowledged) {
      assert.equal(eventOf.get(message), eventId, `${message} is in the log as it was answered`);
      count++;
    }
  }
  assert.equal(count, said.length, "and nothing else is");

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

async function wholeLog(server: ServerProcess): Promise<LogEvent[]> {
  const log: LogEvent[] = [];
  for (let before: string | null = ""; before !== null; ) {
    const query: string = before === "" ? "" : `&before=${before}`;
    const page: { items: LogEvent[]; nextCursor: string | null } = await server.call(
      "GET",
      `/api/events/history?limit=500${query}`,
    );
    log.push(...page.items);
    before = page.nextCursor;
  }
  return log.reverse();
}
