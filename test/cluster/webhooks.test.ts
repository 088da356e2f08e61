import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { ServerProcess } from "../../packages/server/test/support/server-process.ts";
import { WebhookReceiver } from "../../packages/server/test/support/webhook-receiver.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";

let database: PostgresServer;

before(async () => {
  database = await PostgresServer.start();
});
after(() => database.discard());

test("the node that delivers webhooks is killed: another goes on from where it was, in each task's order", async (context) => {
  const place = await Place.make(database);
  const environment = {
    DATABASE_URL: place.url,
    MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS: "true",
  };
  const first = await ServerProcess.start(environment);
  const second = await ServerProcess.start(environment);
  const receiver = await WebhookReceiver.start();
  context.after(async () => {
    await Promise.all([first.close(), second.close()]);
    await receiver.close();
    await place.discard();
  });
  // Asked of the one, delivered by the other: the first that was there has the lease.
  await second.call("POST", "/api/webhooks/endpoints", { url: receiver.url, types: ["task"] });
  const tasks = await Promise.all(
    Array.from({ length: 4 }, () => second.call<{ id: string }>("POST", "/api/tasks", { title: "0" })),
  );
  const edit = (round: number) =>
    Promise.all(tasks.map(({ id }) => second.call("PATCH", `/api/tasks/${id}`, { title: `${round}` })));
  for (let round = 1; round <= 10; round++) await edit(round);
  await receiver.receives(8);
  await first.end("SIGKILL");
  for (let round = 11; round <= 20; round++) await edit(round);
  const { items } = await second.call<{ items: LogEvent[] }>(
    "GET",
    "/api/events/history?types=task&limit=500",
  );
  const expected = items.reverse();
  await receiver.until(() => new Set(receiver.eventIds).size === expected.length);
  const seen = new Map(receiver.received.map(({ id, body }) => [id, JSON.parse(body) as LogEvent]));
  assert.equal(seen.size, expected.length, "one id for each event, however often it came");
  for (const { id: taskId } of tasks) {
    const idsOf = (events: Iterable<LogEvent>) =>
      [...events].filter((event) => event.taskId === taskId).map(({ id }) => id);
    assert.deepEqual(idsOf(seen.values()), idsOf(expected));
  }
});
