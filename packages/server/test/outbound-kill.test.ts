import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { ServerProcess } from "./support/server-process.ts";
import { WebhookReceiver } from "./support/webhook-receiver.ts";

const KILLS = 3;

test("killed at any moment, the server delivers every event to a webhook, under one id, in its task's order", async (context) => {
  const server = await ServerProcess.start({ MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS: "true" });
  const receiver = await WebhookReceiver.start();
  context.after(async () => {
    await server.close();
    await receiver.close();
  });
  await server.call("POST", "/api/webhooks/endpoints", { url: receiver.url, types: ["task"] });
  // So that there are some under way at any moment.
  receiver.reaction = (_, response) => {
    setImmediate(() => response.writeHead(204).end());
    return undefined;
  };
  const tasks: string[] = [];
  for (let index = 0; index < 4; index++) {
    tasks.push((await server.call<{ id: string }>("POST", "/api/tasks", { title: "0" })).id);
  }
  for (let kill = 1; kill <= KILLS; kill++) {
    const edits = Array.from({ length: 60 }, (_, edit) =>
      server
        .call("PATCH", `/api/tasks/${tasks[edit % tasks.length]}`, { title: `${kill} ${edit}` })
        .catch(() => {}),
    );
    await receiver.receives(receiver.received.length + Math.floor(Math.random() * 30));
    await server.end("SIGKILL");
    await Promise.all(edits);
    await server.restart();
  }
  const { items } = await server.call<{ items: LogEvent[] }>(
    "GET",
    "/api/events/history?types=task&limit=500",
  );
  const expected = items.map(({ id }) => id).reverse();
  await receiver.until(() => new Set(receiver.eventIds).size === expected.length);
  const first = new Map(receiver.received.map(({ id, body }) => [id, JSON.parse(body) as LogEvent]));
  assert.equal(first.size, expected.length, "one id for each event, however often it came");
  for (const task of tasks) {
    const inOrder = [...first.values()].filter(({ taskId }) => taskId === task).map(({ id }) => id);
    assert.deepEqual(
      inOrder,
      items
        .filter(({ taskId }) => taskId === task)
        .map(({ id }) => id)
        .reverse(),
    );
  }
});
