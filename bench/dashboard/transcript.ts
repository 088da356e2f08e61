import type { CDPSession, Page } from "playwright-core";
import type { Stage } from "../../packages/dashboard/test/support/stage.ts";
import { count, megabytes, ms, percentile } from "../measure/statistics.ts";
import { Callbacks } from "./callbacks.ts";

/** Reports that one entry is made of, at most; a message grows by as many. */
const PARTS = 10;
const OUTPUT = Array.from({ length: 12 }, (_, line) => `ok ${line + 1} - a test that passes`).join("\n");

/** What an agent that is busy says: of four reports, two are of one tool call, one lets a message grow, one is a thought. */
function says(number: number): object {
  const round = Math.floor(number / 4);
  switch (number % 4) {
    case 0:
      return {
        entry: {
          id: `tool-${round}`,
          kind: "tool",
          name: "Bash",
          input: { command: `npm test -- part-${round}` },
          state: "running",
        },
      };
    case 1:
      return {
        entry: {
          id: `tool-${round}`,
          kind: "tool",
          state: "completed",
          output: OUTPUT,
          exitCode: 0,
          durationMs: 1200,
        },
      };
    case 2: {
      const text = "The **log-in** loses the address that was wanted. ".repeat(1 + (round % PARTS));
      return {
        entry: { id: `message-${Math.floor(round / PARTS)}`, kind: "message", role: "assistant", text },
      };
    }
    default:
      return { entry: { kind: "thought", text: `Whether part ${round} is to blame has to be seen.` } };
  }
}

interface Frames {
  count: number;
  dropped: number;
  longest: number;
  gaps: number[];
}

/** A transcript that is followed at its end while entries come. @returns rows of the table */
export async function measureTranscript(
  stage: Stage,
  page: Page,
  devtools: CDPSession,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<[string, string, string][]> {
  const { task, payload } = await stage.running({ title: "Measured transcript" });
  const callbacks = await Callbacks.open(stage.server.port, [payload], says);
  await stage.agent.report(payload, { type: "progress", entry: { kind: "message", text: "I begin." } });
  await page.goto(`${stage.server.url}/tasks/${task.id}?tab=transcript`);
  await page.locator("[data-entry]", { hasText: "I begin." }).waitFor();
  await devtools.send("Performance.enable");
  const busyBefore = await busySeconds(devtools);
  await page.evaluate("probe.beginFrames()");
  const beganAt = performance.now();
  const rate = await callbacks.flood(perSecond * seconds, perSecond);
  const frames = await page.evaluate<Frames>("probe.endFrames()");
  const busy = (await busySeconds(devtools)) - busyBefore;
  const took = (performance.now() - beganAt) / 1000;
  await stage.agent.report(payload, { type: "progress", entry: { kind: "message", text: "I am done." } });
  await page.locator("[data-entry]", { hasText: "I am done." }).waitFor({ timeout: 60_000 });
  callbacks.close();
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  return [
    [
      `transcript at its end, frames dropped while ${count(rate)} entries/s arrive for ${seconds} s`,
      `${count(frames.dropped)} of ${count(frames.count + frames.dropped)}`,
      `frames p50 · p95 · longest ${ms(percentile(frames.gaps, 0.5))} · ${ms(percentile(frames.gaps, 0.95))} · ${ms(frames.longest)}`,
    ],
    [
      "main thread busy meanwhile",
      `${Math.round((busy / took) * 100)} %`,
      `page holds ${megabytes(usedSize)} after`,
    ],
  ];
}

/** Seconds the page's main thread has worked since it was opened. */
async function busySeconds(devtools: CDPSession): Promise<number> {
  const { metrics } = await devtools.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
}
