import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { EventSource } from "eventsource";
import { chromium } from "playwright-core";
import { ServerProcess } from "./support/server-process.ts";

const BROWSERS = [process.env.CHROMIUM ?? "", "/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];
const CHROMIUM = BROWSERS.find((path) => path !== "" && existsSync(path));
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

/** The ids of the events that a client, which follows the stream by its own means, has seen. */
type Client = () => Promise<number[]>;

/** Follows the events of tasks from the beginning, with the package that brings `EventSource` to Node. */
async function packageClient(server: ServerProcess, context: TestContext): Promise<Client> {
  const ids: number[] = [];
  const source = new EventSource(`${server.url}/api/events?lastEventId=0`, {
    fetch: (url, init) =>
      fetch(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${server.token}` } }),
  });
  source.addEventListener("task", ({ lastEventId }) => ids.push(Number(lastEventId)));
  source.addEventListener("reset", () => assert.fail("there was nothing to reset"));
  context.after(() => source.close());
  return async () => ids;
}

/** The same with the browser's own. It can set no header, so that the browser does, as a proxy in between might. */
async function browserClient(server: ServerProcess, context: TestContext): Promise<Client> {
  const browser = await chromium.launch({ executablePath: CHROMIUM as string, args: FLAGS });
  context.after(() => browser.close());
  // What the page may do is not what is looked at here; the server's pages allow little.
  const extraHTTPHeaders = { Authorization: `Bearer ${server.token}` };
  const page = await browser.newPage({ bypassCSP: true, extraHTTPHeaders });
  await page.goto(`${server.url}/healthz`);
  await page.evaluate(`(() => {
    window.ids = [];
    const source = new EventSource("/api/events?lastEventId=0");
    source.addEventListener("task", ({ lastEventId }) => ids.push(Number(lastEventId)));
    source.addEventListener("reset", () => ids.push(-1));
  })()`);
  return () => page.evaluate("ids");
}

for (const [name, open, missing] of [
  ["the eventsource package", packageClient, false],
  ["Chromium's EventSource", browserClient, CHROMIUM === undefined],
] as const) {
  test(`${name} resumes by itself after restarts, no event lost or doubled`, {
    skip: missing,
  }, async (context) => {
    const server = await ServerProcess.start();
    context.after(() => server.close());
    const seen = await open(server, context);
    const created = async (count: number) => {
      for (let index = 0; index < count; index++) await server.call("POST", "/api/tasks", { title: "Task" });
    };
    const expected: number[] = [];
    const followed = async (count: number) => {
      for (let id = expected.length + 1; expected.length < count; id++) expected.push(id);
      while ((await seen()).length < expected.length) await wait(20);
      assert.deepEqual(await seen(), expected);
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
