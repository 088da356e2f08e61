import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { EventSource } from "eventsource";
import { chromium } from "playwright-core";
import { ServerProcess } from "./support/server-process.ts";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const RESTARTS = ["SIGKILL", "SIGTERM"] as const;

/** Something that follows the stream by its own means, and says what it has seen. */
interface Client {
  seen(): Promise<number[]>;
  close(): Promise<void>;
}

/** Follows the events of tasks from the beginning, with the package that brings `EventSource` to Node. */
async function packageClient(server: ServerProcess): Promise<Client> {
  const ids: number[] = [];
  const source = new EventSource(`${server.url}/api/events?lastEventId=0`, {
    fetch: (url, init) =>
      fetch(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${server.token}` } }),
  });
  source.addEventListener("task", ({ lastEventId }) => ids.push(Number(lastEventId)));
  source.addEventListener("reset", () => assert.fail("there was nothing to reset"));
  return { seen: async () => ids, close: async () => source.close() };
}

/** The same with the browser's own, and its session cookie. */
async function browserClient(server: ServerProcess): Promise<Client> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const page = await browser.newPage();
  await page.goto(`${server.url}/healthz`);
  await page.evaluate(`(async () => {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ token: ${JSON.stringify(server.token)} });
    const { status } = await fetch("/api/session", { method: "POST", headers, body });
    if (status !== 201) throw new Error("log-in answered " + status);
    window.ids = [];
    const source = new EventSource("/api/events?lastEventId=0");
    source.addEventListener("task", ({ lastEventId }) => ids.push(Number(lastEventId)));
    source.addEventListener("reset", () => ids.push(-1));
  })()`);
  return { seen: () => page.evaluate("ids"), close: () => browser.close() };
}

for (const [name, open, missing] of [
  ["the eventsource package", packageClient, false],
  ["Chromium's EventSource", browserClient, !existsSync(CHROMIUM)],
] as const) {
  test(`${name} resumes by itself after restarts, no event lost or doubled`, {
    skip: missing,
  }, async (context) => {
    const server = await ServerProcess.start();
    context.after(() => server.close());
    const client = await open(server);
    context.after(() => client.close());
    const created = async (count: number) => {
      for (let index = 0; index < count; index++) await server.call("POST", "/api/tasks", { title: "Task" });
    };
    const expected: number[] = [];
    const followed = async (count: number) => {
      for (let id = expected.length + 1; expected.length < count; id++) expected.push(id);
      while ((await client.seen()).length < expected.length) await wait(20);
      assert.deepEqual(await client.seen(), expected);
    };
    await created(3);
    await followed(3);
    for (const [round, signal] of RESTARTS.entries()) {
      await created(2);
      await server.end(signal);
      await server.restart();
      await created(2);
      await followed(3 + 4 * (round + 1));
    }
  });
}
