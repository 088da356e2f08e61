import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { LogEvent, TaskView } from "@mission-control/protocol";
import {
  type AgentServer,
  Circuit,
  type Clock,
  createAgentServer,
  flush,
  type RunContext,
  systemClock,
} from "../src/index.ts";
import { BadNetwork } from "./bad-network.ts";
import { FakeClock } from "./fake-clock.ts";
import { MissionControlProcess } from "./mission-control-process.ts";
import { seededRandom } from "./seeded-random.ts";

/** `RUNS=1000` for a long look. In so many, every fault is met some dozen times, and many a report outlasts all its tries. */
const RUNS = Number(process.env.RUNS ?? 200);
const AT_ONCE = 40;

/** Real time for signatures, but no long waits: what is tested is what arrives, not when. */
const impatient: Clock = {
  now: Date.now,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal),
};

/** Never waits for real minutes. */
const circuit = new Circuit({ clock: new FakeClock() });

const run = promisify(execFile);
const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mc-real-"));
const random = seededRandom(20261123);
const network = new BadNetwork(random);
/** What the reporters could not deliver in all their tries, in words. */
const failures: string[] = [];
const http = createServer((request, response) => agent.handler(request, response));
let control: MissionControlProcess;
let agent: AgentServer;
let agentId: string;

before(async () => {
  await network.listen();
  control = await MissionControlProcess.start(folder, { MISSION_CONTROL_PUBLIC_URL: network.url });
  network.target = control.url;
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const created = await control.call<{ id: string; secret: string }>("POST", "/api/agents", {
    name: "tester",
    concurrency: AT_ONCE,
    endpoint: { kind: "http", url },
  });
  agentId = created.id;
  agent = createAgentServer({
    secret: created.secret,
    onDispatch: (dispatch, context) =>
      work(dispatch.task.description, context, dispatch.callback, dispatch.task.id),
    reporter: {
      clock: impatient,
      circuit,
      random,
      timeoutMs: 100,
      spool: join(folder, "spool"),
      onFailure: ({ message }) => failures.push(message),
    },
  });
});
after(async () => {
  await agent?.close(AbortSignal.timeout(5000));
  http.close();
  http.closeAllConnections();
  await control?.close();
  await network.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Ends the wait of the agent that asks. */
const patience = new AbortController();

async function work(
  what: string,
  { reporter, ask }: RunContext,
  callback: { url: string; secret: string },
  taskId: string,
): Promise<string | undefined> {
  if (what === "steps") {
    for (const step of ["1", "2", "3"]) void reporter.progress(step);
    return "done";
  }
  if (what === "ask") {
    const options = [{ optionId: "yes", name: "Allow", kind: "allow_once" }];
    const answer = ask({ id: "p1", title: "Run rm -rf build", options }, { signal: patience.signal });
    return answer.catch(({ message }: Error) => `went on: ${message}`);
  }
  // The other reporters report the end themselves, so there is nothing to return.
  const env = {
    ...process.env,
    MISSION_CONTROL_CALLBACK_URL: callback.url,
    MISSION_CONTROL_CALLBACK_SECRET: callback.secret,
    MISSION_CONTROL_TASK_ID: taskId,
    MISSION_CONTROL_AGENT_ID: agentId,
  };
  const [program = "", script = ""] = what.split(" ");
  await run(program, [examples + script, "progress", "1", "--progress", "0.5"], { env });
  await run(program, [examples + script, "complete", "done"], { env });
  return undefined;
}

/** What the log holds of a task's reports: messages and summaries in order. */
function told(taskId: string): string[] {
  const isReport = ({ type, data }: LogEvent) =>
    type === "complete" || type === "error" || (type === "activity" && !data.late);
  return control.events
    .filter((event) => event.taskId === taskId && isReport(event))
    .map(({ message }) => message ?? "");
}

for (const reporter of [
  "sh reporter-sh/mission-control-report.sh",
  "python3 reporter-python/mission_control_report.py",
]) {
  test(`${reporter.split("/")[1]} speaks to the real server`, async () => {
    const task = await control.dispatch(agentId, reporter);
    const done = await control.reached(task.id, "completed", "failed");
    assert.equal(done.status, "completed", done.error);
    assert.equal(done.summary, "done");
    assert.deepEqual(told(task.id), ["1", "done"]);
  });
}

test("a question that is no longer asked does not wait for an answer", async () => {
  const task = await control.dispatch(agentId, "ask");
  const state = ({ type, data }: LogEvent) => (type === "permission" ? data.state : undefined);
  await control.event(task.id, (event) => state(event) === "requested");
  assert.equal((await control.task(task.id)).waitingFor?.title, "Run rm -rf build");
  patience.abort(new DOMException("nobody was there", "TimeoutError"));
  const { message } = await control.event(task.id, (event) => state(event) === "timed_out");
  assert.equal(message, "Not answered in time: Run rm -rf build");
  const done = await control.reached(task.id, "completed", "failed");
  assert.equal(done.summary, "went on: nobody was there");
  assert.equal(done.waitingFor, undefined);
});

test(`${RUNS} runs over a bad network: every completion arrives once, progress in order, failures in words`, {
  timeout: 600_000,
}, async () => {
  failures.length = 0; // The reporters above ended their tasks before the handler did.
  const tasks: TaskView[] = [];
  let started = 0;
  const lane = async () => {
    while (started++ < RUNS) {
      network.badness = random() * 0.5;
      tasks.push(await control.dispatch(agentId, "steps"));
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  // Some callbacks fail in all their tries; what a run could not deliver is left to `report --flush`.
  network.badness = 0.3;
  const over = new AbortController();
  const flushing = flushUntil(over.signal);
  await Promise.all(tasks.map(({ id }) => control.reached(id, "completed", "failed")));
  over.abort();
  await flushing;
  assert.equal(tasks.length, RUNS);
  for (const { id } of tasks) assert.deepEqual(told(id), ["1", "2", "3", "done"], id);
  for (const [fault, count] of network.counts) assert.ok(count > RUNS / 10, `${fault}: ${count}`);
  assert.ok(failures.length > 0);
  for (const words of failures) assert.match(words, /in \d+ tries; the last try met: \S+.* It is kept in /);
});

async function flushUntil(over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await flush({
      spool: join(folder, "spool"),
      env: {},
      clock: impatient,
      circuit,
      timeoutMs: 1000,
      signal: over,
    });
    await systemClock.sleep(200, over).catch(() => {});
  }
}
