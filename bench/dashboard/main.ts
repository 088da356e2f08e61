// npm run bench:dashboard -- [--small] [--only activity|transcript]: the dashboard in a real browser against the real
// server, all on this machine.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { CDPSession, Page } from "playwright-core";
import { Stage } from "../../packages/dashboard/test/support/stage.ts";
import { count, megabytes, ms, percentile } from "../measure/statistics.ts";
import { Callbacks } from "./callbacks.ts";
import { measureTranscript } from "./transcript.ts";

const PROBE = readFileSync(new URL("./probe.js", import.meta.url), "utf8");
const ATTEMPTS = 20;
/** What a page holds at most (packages/dashboard/src/store/event-log.ts). */
const HELD = 100_000;

const { values } = parseArgs({
  options: { small: { type: "boolean", default: false }, only: { type: "string" } },
});
const singles = values.small ? 50 : 300;
const fill = values.small ? 20_000 : Math.round(HELD * 1.2);
const floodSeconds = values.small ? 5 : 30;
const RATE = 1_000;

/** One attempt reports as much as the measured page is to take. */
const stage = await Stage.set({ MISSION_CONTROL_LIMIT_CALLBACKS_PER_DISPATCH: "5000" });
try {
  if (values.only !== "transcript") await activity();
  if (values.only !== "activity") await transcript();
} catch (error) {
  console.error(stage.server.log);
  throw error;
} finally {
  await stage.strike();
}
for (const complaint of stage.complaints) console.error(complaint);
process.exitCode = stage.complaints.length > 0 ? 1 : 0;

/** A task's transcript, live. */
async function transcript(): Promise<void> {
  const context = await stage.logIn();
  // Of every page that is opened: the probe is there before the page's own scripts.
  await context.addInitScript(PROBE);
  const page = await stage.open(context, "/");
  const devtools = await context.newCDPSession(page);
  const rows = await measureTranscript(stage, page, devtools, { perSecond: RATE, seconds: floodSeconds });
  for (const [what, ...value] of rows) row(what, value);
  await context.close();
}

/** The stream of all events, on the home page. */
async function activity(): Promise<void> {
  const payloads = [];
  for (let index = 0; index < ATTEMPTS; index++) {
    payloads.push((await stage.running({ title: `Measured task ${index + 1}` })).payload);
  }
  const callbacks = await Callbacks.open(stage.server.port, payloads);
  const context = await stage.logIn();
  const page = await stage.open(context, "/");
  const devtools = await context.newCDPSession(page);
  await page.evaluate(PROBE);

  const latencies = await measureLatency(page, callbacks);
  row("callback accepted → row painted, one at a time, p50 · p99", [
    `${ms(percentile(latencies, 0.5))} · ${ms(percentile(latencies, 0.99))}`,
    `${latencies.length} callbacks`,
  ]);

  const empty = await heap(devtools);
  const fillRate = await callbacks.flood(fill);
  await caughtUp(page);
  const full = await heap(devtools);
  row(`memory of the page with ${count(Math.min(fill, HELD))} events`, [
    megabytes(full),
    `${megabytes(empty)} before; sent at ${count(fillRate)}/s`,
  ]);

  await page.evaluate("probe.beginFrames()");
  const rate = await callbacks.flood(RATE * floodSeconds, RATE);
  const frames = await page.evaluate<{ count: number; dropped: number; longest: number }>(
    "probe.endFrames()",
  );
  await caughtUp(page);
  const after = await heap(devtools);
  row(`frames dropped while ${count(rate)} events/s arrive for ${floodSeconds} s`, [
    `${count(frames.dropped)} of ${count(frames.count + frames.dropped)}`,
    `longest frame ${ms(frames.longest)}`,
  ]);
  row("memory of the page after that", [megabytes(after), `${megabytes(after - full)} more`]);
  callbacks.close();
  await context.close();
}

function row(what: string, [value, note]: [string, string]): void {
  console.log(`| ${what} | ${value} | ${note} |`);
}

/** Sends one callback after the other and finds when each one's row was on the screen. */
async function measureLatency(page: Page, callbacks: Callbacks): Promise<number[]> {
  await page.evaluate("probe.watchRows()");
  const accepted = new Map<number, number>();
  for (let index = 0; index < singles; index++) {
    const number = await callbacks.send();
    accepted.set(number, performance.timeOrigin + performance.now());
    await page.getByText(`mark ${number} ·`).waitFor();
  }
  const painted = new Map(await page.evaluate<[number, number][]>("probe.painted()"));
  return [...accepted].map(([number, at]) => (painted.get(number) ?? Number.NaN) - at);
}

/** Waits until the page shows the last event the server has. */
async function caughtUp(page: Page): Promise<void> {
  const { items } = await stage.server.call<{ items: { id: number }[] }>(
    "GET",
    "/api/events/history?limit=1",
  );
  await page.locator(`[data-row="${items[0]?.id}"]`).waitFor({ timeout: 60_000 });
}

/** Bytes of JavaScript heap in use once everything let go was collected. */
async function heap(devtools: CDPSession): Promise<number> {
  await devtools.send("HeapProfiler.collectGarbage");
  return (await devtools.send("Runtime.getHeapUsage")).usedSize;
}
