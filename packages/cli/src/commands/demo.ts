import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { taskPageSchema, taskSchema } from "@mission-control/protocol";
import type { App } from "@mission-control/server";
import { type Command, InvalidArgumentError } from "commander";
import { ApiClient } from "../client/api-client.ts";
import { followEvents } from "../client/event-follower.ts";
import { EventSubjects } from "../client/event-subjects.ts";
import { DemoAgent } from "../demo/demo-agent.ts";
import { DemoRounds } from "../demo/demo-rounds.ts";
import { DEMO_TASKS } from "../demo/demo-tasks.ts";
import { startServer, stop } from "../server/start-server.ts";
import { CommandError } from "../terminal/command-error.ts";
import { eventLine } from "../terminal/event-line.ts";
import { print, printJson } from "../terminal/output.ts";
import { untilInterrupted } from "../terminal/until-interrupted.ts";

const DEFAULT_PACE_MS = 1500;
/** How long the agent waits for the answer to a question with `--once`, when nobody may be there; in steps. */
const ANSWER_STEPS = 20;
/** Between two rounds of tasks, in steps. */
const PAUSE_STEPS = 10;

interface DemoFlags {
  port?: string;
  host?: string;
  dataDir?: string;
  pace: number;
  once?: boolean;
  json?: boolean;
}

export function configure(command: Command): void {
  command
    .option("--port <port>", "port to listen on (default 4000) [PORT]")
    .option("--host <host>", "address to listen on (default 127.0.0.1) [HOST]")
    .option("--data-dir <folder>", "keep the demo's data here (default: a folder that is removed at the end)")
    .option("--pace <ms>", "how long each step of the agent takes, in milliseconds", pace, DEFAULT_PACE_MS)
    .option("--once", "end when every task has been worked on: exit 0 when each came to what it should")
    .option("--json", "print the addresses, then each event, as lines of JSON")
    .addHelpText(
      "after",
      `
The demo agent is an HTTP agent like any other: tasks are dispatched to it over HTTP, it reports by signed
callbacks, and what it says comes back over the event stream. One task fails, one asks, one waits for a review; when
all have come to rest, they begin again.

Examples:
  mission-control demo
  mission-control demo --port 0 --pace 100 --once`,
    )
    .action(async (flags: DemoFlags) => {
      const folder = flags.dataDir ?? (await mkdtemp(join(tmpdir(), "mission-control-demo-")));
      try {
        await demo(flags, folder);
      } finally {
        if (flags.dataDir === undefined) await rm(folder, { recursive: true, force: true });
      }
    });
}

async function demo(flags: DemoFlags, dataDir: string): Promise<void> {
  const interrupted = untilInterrupted();
  // Only where to listen is taken from outside: the demo is the same everywhere.
  const environment = { PORT: process.env.PORT, HOST: process.env.HOST };
  const { port, host } = flags;
  const app = await startServer({ flags: { port, host, dataDir }, environment });
  let agent: DemoAgent | undefined;
  try {
    const client = new ApiClient(app.url, app.token);
    const { lastEventId } = await client.get("/api/tasks?limit=1", taskPageSchema);
    agent = await DemoAgent.start(client, flags.pace, flags.once ? ANSWER_STEPS * flags.pace : undefined);
    greet(app, dataDir, flags);
    const rounds = new DemoRounds(client, agent.view.id);
    const ids = await rounds.begin();
    const ended = new AbortController();
    const signal = AbortSignal.any([interrupted, ended.signal]);
    const goingOn = flags.once ? undefined : rounds.goOn(PAUSE_STEPS * flags.pace, signal);
    await Promise.all([show(client, lastEventId, rounds, signal, flags), goingOn]).finally(() =>
      ended.abort(),
    );
    if (flags.once && !interrupted.aborted) await judge(client, ids, flags);
  } catch (error) {
    // A call that the end of the demo cut off is no failure of it.
    if (!interrupted.aborted) throw error;
  } finally {
    await agent?.close();
    await stop(app);
  }
}

function greet({ url, loginUrl }: App, dataDir: string, { json }: DemoFlags): void {
  if (json) {
    printJson({ url, loginUrl, dataDir });
    return;
  }
  print(`Mission Control's demo is at ${url} — log in once, within 10 minutes: ${loginUrl}`);
  print(`From another terminal: mission-control tail --since 0 --data-dir ${dataDir}`);
  print(
    "One task asks you something, one waits for your review, as long as it takes; the others come again and again.",
  );
  print("Dispatch tasks of your own to demo-agent; stop the demo with Ctrl-C.\n");
}

/** Prints what happens; with `--once`, until every task of the round has settled. */
async function show(
  client: ApiClient,
  after: number,
  rounds: DemoRounds,
  signal: AbortSignal,
  flags: DemoFlags,
) {
  const { url, headers } = client;
  const subjects = new EventSubjects(client);
  for await (const followed of followEvents({ url, headers, filter: {}, after, signal, onRetry: () => {} })) {
    if (followed.kind !== "event") continue;
    const { event } = followed;
    if (flags.json) printJson(event);
    else print(eventLine(event, await subjects.of(event)));
    rounds.see(event);
    if (flags.once && rounds.isSettled) return;
  }
}

async function judge(client: ApiClient, ids: readonly string[], { json }: DemoFlags): Promise<void> {
  const wrong: string[] = [];
  const lines = ["\nWhat became of the tasks:"];
  for (const id of ids) {
    const task = await client.get(`/api/tasks/${id}`, taskSchema);
    lines.push(`  ${task.status.padEnd(10)} ${task.title}`);
    const script = DEMO_TASKS.find(({ task: { title } }) => title === task.title);
    const expected =
      script && ("error" in script.end ? "failed" : script.task.requiresReview ? "review" : "completed");
    if (task.status !== expected) wrong.push(`${task.title} is ${task.status}, not ${expected}`);
  }
  if (!json) print(lines.join("\n"));
  if (wrong.length > 0) throw new CommandError(`The demo did not go as it should: ${wrong.join("; ")}.`);
}

function pace(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 60_000) return value;
  throw new InvalidArgumentError("It must be a whole number of milliseconds, up to 60000.");
}
