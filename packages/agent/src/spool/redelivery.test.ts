import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { formatSecret, standardHeaders } from "@mission-control/protocol";
import { CallbackServer } from "../../test/callback-server.ts";
import { FakeClock } from "../../test/fake-clock.ts";
import {
  type AgentServer,
  type Clock,
  createAgentServer,
  createReporter,
  flush,
  type ReporterOptions,
} from "../index.ts";

const SECRET = formatSecret(Buffer.from("the secret of the agent itself"));
/** Long beside a test: what arrives did not wait for the timer. */
const NEVER_MS = 3_600_000;
let server: CallbackServer;
let folder: string;
let agent: AgentServer | undefined;

beforeEach(async () => {
  server = await new CallbackServer().listen();
  folder = mkdtempSync(join(tmpdir(), "mc-redelivery-"));
});
afterEach(async () => {
  await agent?.close();
  agent = undefined;
  await server.close();
  rmSync(folder, { recursive: true });
});

function reporter(dispatchId: string, options: ReporterOptions = {}) {
  return createReporter({
    ...server.target(dispatchId),
    spool: folder,
    random: () => 0,
    onFailure: () => {},
    redeliveryMs: NEVER_MS,
    ...options,
  });
}

/** Leaves the end of a dispatch in the spool, as a run does whose schedule was over. */
async function leave(dispatchId: string, from: CallbackServer = server): Promise<void> {
  const { now, behave } = from;
  const clock = new FakeClock();
  from.behave = () => "reset";
  from.now = () => clock.now();
  const run = reporter(dispatchId, { ...from.target(dispatchId), clock });
  await assert.rejects(run.complete(dispatchId), /It is kept in/);
  await run.close();
  from.now = now;
  from.behave = behave;
}

function serve(options: ReporterOptions = {}, onDispatch = () => "done"): AgentServer {
  const settings = {
    spool: folder,
    random: () => 0,
    onFailure: () => {},
    redeliveryMs: NEVER_MS,
    ...options,
  };
  agent = createAgentServer({ secret: SECRET, onDispatch, reporter: settings });
  return agent;
}

/** A sign of life of the server: it cancels what the agent does not know. */
async function hearFromServer(of: AgentServer): Promise<void> {
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = standardHeaders(SECRET, { id: "x.cancel", timestamp, body: "" });
  await of.fetch(new Request("http://agent/x", { method: "DELETE", headers }));
}

async function dispatch(to: AgentServer, dispatchId: string): Promise<{ reason?: string }> {
  const { url, secret, taskId, agentId } = server.target(dispatchId);
  const body = JSON.stringify({
    version: 1,
    dispatchId,
    task: { id: taskId, title: "Fix it" },
    agent: { id: agentId },
    callback: { url, secret },
  });
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = standardHeaders(SECRET, { id: dispatchId, timestamp, body });
  const answer = await to.fetch(new Request("http://agent/", { method: "POST", headers, body }));
  return (await answer.json()) as { reason?: string };
}

/** Counts how often the spool was looked at: a random number is taken for the rest after each look. */
class Looks {
  #count = 0;
  readonly random = () => {
    this.#count++;
    return 0;
  };

  async reach(count: number): Promise<void> {
    while (this.#count < count) await new Promise((resolve) => setImmediate(resolve));
  }
}

const left = () => readdirSync(folder).filter((name) => !name.endsWith(".key"));

async function empty(): Promise<void> {
  while (left().length > 0) await new Promise((resolve) => setImmediate(resolve));
}

test("an agent server delivers what waits when it starts", async () => {
  await leave("d1");
  await leave("d2");
  serve();
  await server.until(() => server.stored.length === 2);
  assert.deepEqual(server.words.toSorted(), ["d1", "d2"]);
  await empty();
});

test("an agent server delivers what waits by and by, with nothing more to report", async () => {
  server.behave = () => "reset";
  serve({ redeliveryMs: 10 });
  await leave("d1");
  const tries = server.tries.length;
  await server.until(() => server.tries.length >= tries + 3);
  server.behave = () => "ok";
  await server.until(() => server.stored.length === 1);
  await empty();
});

test("an agent server delivers what waits as soon as it hears from the server", async () => {
  await leave("d1");
  server.behave = () => "reset";
  const running = serve();
  const tries = server.tries.length;
  await server.until(() => server.tries.length > tries);
  server.behave = () => "ok";
  // Heard from while the first look is still under way, it is as before; so it is heard from again.
  while (server.stored.length === 0) {
    await hearFromServer(running);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(server.words, ["d1"]);
});

test("a run whose own schedule is over is delivered by its agent server", async () => {
  const clock = new FakeClock();
  clock.time = Date.now();
  server.behave = () => "reset";
  server.now = () => clock.now();
  const failed = new Promise((resolve) => {
    void dispatch(serve({ clock, redeliveryMs: 10, onFailure: resolve }), "d1");
  });
  await failed;
  server.behave = () => "ok";
  await server.until(() => server.stored.length === 1);
  assert.deepEqual(server.words, ["done"]);
  await empty();
});

/** Sleeps for ever whatever is longer than a second, like a schedule that has come to its long waits. */
function patient(slept: (ms: number) => void): Clock {
  return {
    now: Date.now,
    sleep(ms, signal) {
      if (ms <= 1000) return Promise.resolve();
      slept(ms);
      return new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
  };
}

test("a run in a long wait tries again at once when the server is heard from", async () => {
  server.behave = () => "reset";
  let asleep = () => {};
  const sleeping = new Promise<void>((resolve) => {
    asleep = resolve;
  });
  const running = serve({ clock: patient(asleep), random: () => 1 });
  await dispatch(running, "d1");
  await sleeping;
  server.behave = () => "ok";
  await hearFromServer(running);
  await server.until(() => server.stored.length === 1);
  assert.deepEqual(server.words, ["done"]);
});

test("a reporter in a long wait tries again when its server is found to be up", async () => {
  server.behave = () => "reset";
  let asleep = () => {};
  const sleeping = new Promise<void>((resolve) => {
    asleep = resolve;
  });
  const waiting = reporter("d1", { clock: patient(asleep), random: () => 1, redeliveryMs: 10 });
  const sent = waiting.complete("done");
  await sleeping;
  server.behave = () => "ok";
  assert.equal((await sent).outcome, "stored");
  await waiting.close();
});

test("a log-in page is no server that is up, and one behind a path is asked there", async () => {
  let asleep = () => {};
  const sleeping = new Promise<void>((resolve) => {
    asleep = resolve;
  });
  const met: string[] = [];
  server.meetsPortal = (request) => met.push(request) > 0;
  const asked = () => met.filter((request) => request === "GET /mission/healthz").length;
  const url = `${server.origin}/mission/api/webhooks/callback/d1`;
  const waiting = reporter("d1", { url, clock: patient(asleep), random: () => 1, redeliveryMs: 10 });
  const sent = waiting.complete("done");
  await sleeping;
  const before = asked();
  const posts = met.filter((request) => request.startsWith("POST")).length;
  while (asked() < before + 3) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(met.filter((request) => request.startsWith("POST")).length, posts);
  server.meetsPortal = () => false;
  assert.equal((await sent).outcome, "stored");
  await waiting.close();
});

test("a spool is not emptied into a log-in page", async () => {
  await leave("d1");
  await leave("d2");
  const met: string[] = [];
  server.meetsPortal = (request) => met.push(request) > 0;
  const result = await flush({ spool: folder, env: {}, random: () => 0 });
  assert.equal(result.exitCode, 1);
  assert.equal(met.length, 4);
  assert.match(
    result.text,
    /HTTP 200, .* \(text\/html, "<h1>Log in<\/h1>"\)\.\n.* wait for the same server\.$/,
  );
  server.meetsPortal = () => false;
  assert.equal((await flush({ spool: folder, env: {}, random: () => 0 })).text, "Delivered 2 callback(s).");
  assert.deepEqual(left(), []);
});

test("an open reporter delivers what it gave up, with nothing more to report", async () => {
  const clock = new FakeClock();
  server.behave = () => "reset";
  server.now = () => clock.now();
  const run = reporter("d1", { clock, redeliveryMs: 10 });
  await assert.rejects(run.complete("done"), /It is kept in/);
  server.behave = () => "ok";
  await server.until(() => server.stored.length === 1);
  await run.close();
  assert.deepEqual(left(), []);
});

test("a reporter knows of the end that an earlier run left", async () => {
  await leave("d1");
  const same = reporter("d1");
  const other = reporter("d2");
  assert.deepEqual([same.ended, other.ended], [true, false]);
  await Promise.all([same.close(), other.close()]);
});

test("a server that is away holds up nothing for another, and is tried for one dispatch alone", async (t) => {
  const away = await new CallbackServer().listen();
  t.after(() => away.close());
  for (const id of ["a1", "a2", "a3"]) await leave(id, away);
  await leave("d1");
  away.behave = () => "reset";
  const tries = away.tries.length;
  const result = await flush({ spool: folder, env: {}, random: () => 0 });
  assert.deepEqual(server.words, ["d1"]);
  assert.equal(away.tries.length, tries + 4);
  assert.equal(result.text.match(/wait for the same server/g)?.length, 2);
});

test("one callback that the server cannot take holds up no other dispatch", async () => {
  for (const id of ["d1", "d2"]) await leave(id);
  server.behave = ({ body }) => (body.summary === "d1" ? { status: 500 } : "ok");
  serve();
  await server.until(() => server.stored.length === 1);
  assert.deepEqual(server.words, ["d2"]);
});

test("a server that asks for patience is left alone until then", async () => {
  await leave("d1");
  server.behave = () => ({ status: 503, headers: { "retry-after": "3600" } });
  const tries = server.tries.length;
  const looks = new Looks();
  const running = serve({ redeliveryMs: 1, random: looks.random });
  await looks.reach(10);
  await hearFromServer(running);
  assert.equal(server.tries.length, tries + 1);
});

test("a spool that cannot be used is said once, and new dispatches are refused", async () => {
  const warnings: string[] = [];
  const looks = new Looks();
  const running = serve({
    spool: join(process.execPath, "spool"),
    redeliveryMs: 1,
    random: looks.random,
    onWarning: (warning) => warnings.push(warning),
  });
  await looks.reach(10);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /could not be delivered: ENOTDIR/);
  assert.match(String((await dispatch(running, "d1")).reason), /EEXIST/);
});
