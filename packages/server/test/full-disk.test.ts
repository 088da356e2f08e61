import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { STANDARD_HEADERS, signStandard } from "@mission-control/protocol";
import { readSettings } from "@mission-control/protocol/settings";
import { startApp } from "../src/app/app.ts";
import { AgentDouble } from "./support/server-process.ts";
import { SmallDisk } from "./support/small-disk.ts";

/** A server whose data is on a disk that can be filled, and an agent with one task. */
async function start(context: TestContext) {
  const disk = SmallDisk.mount(24);
  if (!disk) return null;
  const logged: { fields: Record<string, unknown>; message: string }[] = [];
  const log = (fields: object, message: string) =>
    void logged.push({ fields: fields as Record<string, unknown>, message });
  const settings = readSettings({
    flags: { port: "0", dataDir: join(disk.folder, "data") },
    environment: {},
  });
  const app = await startApp(settings, { debug() {}, info() {}, warn: log, error: log });
  const agent = await AgentDouble.start();
  context.after(async () => {
    disk.free();
    await app.close();
    await agent.close();
    disk.unmount();
  });
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(app.url + path, {
      method,
      headers: { Authorization: `Bearer ${app.token}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const endpoint = { kind: "http", url: agent.url };
  const { id: agentId } = (await call("POST", "/api/agents", { name: "Agent", endpoint })).body;
  const { id: taskId } = (await call("POST", "/api/tasks", { title: "Task" })).body;
  await call("POST", `/api/tasks/${taskId}/dispatch`, { agentId });
  const [payload] = agent.payloads;
  assert.ok(payload);
  let sent = 0;
  const report = async (fields: object = {}, id = `msg_${++sent}`) => {
    const { url, secret } = payload.callback;
    const body = JSON.stringify({ taskId, agentId, type: "progress", message: id, ...fields });
    const timestamp = Math.floor(Date.now() / 1000);
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        [STANDARD_HEADERS.id]: id,
        [STANDARD_HEADERS.timestamp]: String(timestamp),
        [STANDARD_HEADERS.signature]: signStandard(secret, { id, timestamp, body }),
      },
      body,
    });
    await response.text();
    return { id, status: response.status };
  };
  /** Waits for an answer of `/readyz`: what it says may be a second old. */
  const readiness = async (status: number) => {
    for (;;) {
      const answer = await call("GET", "/readyz");
      if (answer.status === status) return answer;
      await wait(20);
    }
  };
  return { disk, app, call, report, readiness, logged, taskId };
}

const LARGE = { data: { filler: "x".repeat(200_000) } };

test("on a full disk what is there is still read, readiness is denied, the log stays short, and afterwards nothing is missing", async (context) => {
  const server = await start(context);
  if (!server) return context.skip("only root may mount the small disk that is to be filled");
  const { disk, call, report, readiness, logged, taskId } = server;
  const kept: string[] = [];
  for (let index = 0; index < 20; index++) kept.push((await report()).id);
  assert.equal((await call("GET", "/readyz")).status, 200);

  disk.fill();
  const refused: string[] = [];
  for (let index = 0; index < 300 && refused.length < 60; index++) {
    const { id, status } = await report(LARGE);
    assert.ok(status === 200 || status === 503, `${status}`);
    (status === 200 ? kept : refused).push(id);
  }
  assert.equal(refused.length, 60);
  for (let index = 0; index < 300; index++) {
    const { id, status } = await report();
    (status === 200 ? kept : refused).push(id);
    if (status === 503) break;
  }
  const paths = [
    "/api/tasks?sort=updatedAt",
    `/api/tasks/${taskId}`,
    `/api/tasks/${taskId}/events?limit=500`,
    `/api/events/history?taskId=${taskId}&limit=500`,
  ];
  for (const path of paths) assert.equal((await call("GET", path)).status, 200, path);
  const listed = (await call("GET", `/api/tasks/${taskId}/events?limit=500`)).body.items as {
    message: string;
  }[];
  assert.deepEqual(
    listed.map(({ message }) => message).filter((message) => message?.startsWith("msg_")),
    kept,
    "the newest, which no index knows yet, too",
  );
  const unready = await readiness(503);
  assert.match(String(unready.body.detail), /the disk is full/);
  const lines = logged.filter(({ message }) => message === "the database cannot be used");
  assert.ok(lines.length >= 1 && lines.length <= 3, `${lines.length} lines for ${refused.length} refusals`);
  assert.match(String(lines[0]?.fields.file), /mission-control\.db$/);

  disk.free();
  for (const id of refused) assert.equal((await report({}, id)).status, 200);
  await readiness(200);
  const all = (await call("GET", `/api/tasks/${taskId}/events?limit=500`)).body.items as {
    message: string;
  }[];
  assert.deepEqual(
    all.map(({ message }) => message).filter((message) => message?.startsWith("msg_")),
    [...kept, ...refused],
  );
});

test("readiness asks for the room that a large callback needs, not for a little", async (context) => {
  const server = await start(context);
  if (!server) return context.skip("only root may mount the small disk that is to be filled");
  const { disk, call, report, readiness } = server;
  assert.equal((await call("GET", "/readyz")).status, 200);
  disk.fill(150_000);
  assert.equal((await report(LARGE)).status, 503);
  assert.equal((await report()).status, 200, "a small one still fits");
  await readiness(503);
  assert.equal((await report()).status, 200);
});
