import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { CallbackServer } from "../test/callback-server.ts";
import { FakeClock } from "../test/fake-clock.ts";
import { CallbackError, ConfigurationError, createReporter, type ReporterOptions } from "./index.ts";
import { MAX_CALLBACK_BYTES } from "./wire.ts";

let server: CallbackServer;
let clock: FakeClock;
let failures: CallbackError[];

beforeEach(async () => {
  server = await new CallbackServer().listen();
  clock = new FakeClock();
  server.now = () => clock.now();
  failures = [];
});
afterEach(() => server.close());

function reporter(options: ReporterOptions = {}) {
  const onFailure = (error: CallbackError) => failures.push(error);
  return createReporter({ ...server.target(), clock, random: () => 1, spool: false, onFailure, ...options });
}

test("reports arrive in the order of the calls, one in flight", async () => {
  const agent = reporter();
  for (let i = 1; i <= 20; i++) void agent.progress(`step ${i}`, { progress: i / 20 });
  void agent.complete("done", { files: 3 }, { usage: { inputTokens: 5 } });
  await agent.close();
  assert.deepEqual(server.words, [...Array.from({ length: 20 }, (_, i) => `step ${i + 1}`), "done"]);
  assert.equal(server.maxInFlight, 1);
  const last = server.stored.at(-1);
  assert.deepEqual(last?.data, { files: 3 });
  assert.deepEqual(last?.usage, { inputTokens: 5 });
  assert.equal(last?.taskId, "task-d1");
});

test("a result tells what the server answered", async () => {
  const result = await reporter().progress("hello");
  assert.deepEqual(
    { ...result, id: "" },
    {
      outcome: "stored",
      id: "",
      eventId: 1,
      duplicate: false,
      taskStatus: "in_progress",
    },
  );
});

test("failure and permission have their own fields", async () => {
  const agent = reporter();
  await agent.permission({
    id: "p1",
    title: "Run rm",
    options: [{ optionId: "y", name: "Yes", kind: "allow_once" }],
  });
  await agent.fail(new Error("disk full"), { lastState: "writing" });
  assert.equal(server.stored[0]?.request?.title, "Run rm");
  assert.equal(server.stored[1]?.error, "disk full");
  assert.equal(server.stored[1]?.lastState, "writing");
});

test("each try has the same id and body, and a signature of its own moment", async () => {
  server.behave = (_, index) => (index < 4 ? { status: 503 } : "ok");
  await reporter().complete("done");
  assert.equal(server.tries.length, 5);
  assert.equal(new Set(server.tries.map((attempt) => attempt.id)).size, 1);
  assert.equal(new Set(server.tries.map((attempt) => JSON.stringify(attempt.body))).size, 1);
  assert.deepEqual(clock.sleeps, [250, 1000, 5000, 30_000]);
  const span = (server.tries.at(-1)?.timestamp ?? 0) - (server.tries[0]?.timestamp ?? 0);
  assert.equal(span, 36);
});

test("timeouts, rate limits, server errors and broken connections are tried again", async () => {
  const script = [{ status: 408 }, { status: 425 }, { status: 429 }, { status: 500 }, "reset"] as const;
  server.behave = (_, index) => script[index] ?? "ok";
  const result = await reporter().complete("done");
  assert.equal(result.outcome, "stored");
  assert.equal(server.tries.length, 6);
});

test("an answer that was lost does not make a second callback", async () => {
  server.behave = (_, index) => (index === 0 ? "store-then-reset" : "ok");
  const result = await reporter().complete("done");
  assert.deepEqual(server.words, ["done"]);
  assert.equal(result.outcome === "stored" && result.duplicate, true);
});

test("an answer that does not come whole is asked for again, and the callback is stored once", async () => {
  const script = ["store-then-half", "store-then-stall"] as const;
  server.behave = (_, index) => script[index] ?? "ok";
  const result = await reporter({ timeoutMs: 100 }).complete("done");
  assert.equal(server.tries.length, 3);
  assert.deepEqual(server.words, ["done"]);
  assert.equal(result.outcome === "stored" && result.duplicate, true);
});

const html = { "content-type": "text/html" };

for (const [what, behaviour, words] of [
  [
    "a log-in page",
    { status: 200, headers: html, text: `<h1>\u001b[2J\u202eLog in\n</h1>${"x".repeat(200)}` },
    /HTTP 200, which is not Mission Control's word that it is stored \(text\/html, "<h1> \[2J Log in <\/h1>x{59}…"\)\.$/,
  ],
  ["a 202", { status: 202, headers: html, text: "queued" }, /HTTP 202, .*\(text\/html, "queued"\)/],
  ["a word in JSON", { status: 200, text: '"ok"' }, /HTTP 200, .*\(no content type, ""ok""\)/],
  ["a refusal with 200", { status: 200, text: '{"ok":false,"eventId":1}' }, /HTTP 200, .*"ok":false/],
  ["half of the JSON", { status: 200, text: '{"ok":true,"eventId":1' }, /HTTP 200, .*"eventId":1"\)/],
  [
    "a redirect",
    { status: 302, headers: { location: "http://127.0.0.1:1/\u009b" } },
    /HTTP 302, .*\(redirected to http:\/\/127.0.0.1:1\/; callbacks follow no redirects\)/,
  ],
] as const) {
  test(`${what} is no word that a callback is stored: it is tried again, and said what came`, async () => {
    server.behave = () => behaviour;
    const run = reporter();
    await assert.rejects(run.complete("done"), {
      code: "undeliverable",
      status: behaviour.status,
      message: words,
    });
    assert.equal(server.tries.length, 7);
    server.behave = () => "ok";
    assert.equal((await run.complete("again")).outcome, "stored");
  });
}

for (const [what, behaviour] of [
  ["an empty 200", { status: 200, text: "" }],
  ["a 204", { status: 204, text: "" }],
  ["a short 200", { status: 200, text: '{"ok":true}' }],
  ["JSON that says nothing of it", { status: 202, text: "{}" }],
] as const) {
  test(`${what} is a 2xx: the callback is stored`, async () => {
    server.behave = () => behaviour;
    assert.equal((await reporter().complete("done")).outcome, "stored");
    assert.equal(server.tries.length, 1);
  });
}

test("an upload that met a log-in page is sent again", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mc-upload-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "build.zip");
  const content = Buffer.alloc(MAX_CALLBACK_BYTES + 1, "x");
  writeFileSync(path, content);
  const met: string[] = [];
  server.meetsPortal = (request) => met.length < 4 && met.push(request.split(" ")[0] ?? "") > 0;
  const result = await reporter().artifact({ name: "build.zip", path });
  assert.deepEqual(met, ["HEAD", "PUT", "HEAD", "PUT"]);
  assert.equal(result.outcome, "stored");
  assert.deepEqual(server.uploads, [{ name: "build.zip", mediaType: "application/zip", content }]);
});

test("an answer whose content type was lost on the way is known by what it says", async () => {
  server.behave = () => ({ status: 200, text: '{"ok":true,"eventId":7,"duplicate":true}' });
  const result = await reporter().complete("done");
  assert.equal(result.outcome === "stored" && result.eventId, 7);
  assert.equal(server.tries.length, 1);
});

test("what is not HTTP, and an answer without end, are tried again", async () => {
  server.behave = (_, index) => (index === 0 ? "nonsense" : index === 1 ? "endless" : "ok");
  await reporter().complete("done");
  assert.equal(server.tries.length, 3);
});

test("a server that does not answer is given up after the timeout", async () => {
  server.behave = () => "hang";
  const sent = reporter({ timeoutMs: 50 }).progress("hello");
  await assert.rejects(sent, /in 7 tries; the last try met: no answer within 0\.05 s/);
});

test("Retry-After is honoured in both forms", async () => {
  const date = () => new Date(clock.now() + 90_000).toUTCString();
  server.behave = (_, index) =>
    index === 0
      ? { status: 503, headers: { "retry-after": "40" } }
      : index === 1
        ? { status: 429, headers: { "retry-after": date() } }
        : "ok";
  await reporter({ random: () => 0 }).progress("hello");
  assert.deepEqual(clock.sleeps, [40_000, 90_000]);
});

test("another 4xx is final at once, in the server's words, and the next callback goes on", async () => {
  server.behave = (_, index) => (index === 0 ? { status: 409, detail: "The dispatch is over." } : "ok");
  const agent = reporter();
  const refused = agent.progress("late");
  await agent.progress("next");
  await assert.rejects(refused, (error: CallbackError) => {
    assert.equal(error.code, "refused");
    assert.equal(error.status, 409);
    assert.match(error.message, /refused the progress: HTTP 409: The dispatch is over\.$/);
    return true;
  });
  assert.deepEqual(clock.sleeps, []);
  assert.deepEqual(server.words, ["next"]);
  assert.equal(failures.length, 1);
});

test("a date to come back at is read by the server's own clock", async () => {
  const ahead = 240_000;
  server.now = () => clock.now() + ahead;
  const date = new Date(clock.now() + ahead + 60_000).toUTCString();
  server.behave = (_, index) => (index === 0 ? { status: 503, headers: { "retry-after": date } } : "ok");
  await reporter({ random: () => 0 }).progress("hello");
  assert.deepEqual(clock.sleeps, [60_000]);
});

test("a signature refused because the server's clock jumped is tried again until it is right", async () => {
  const jumpedUntil = clock.now() + 30_000;
  server.now = () => clock.now() + (clock.now() < jumpedUntil ? 3_600_000 : 0);
  await reporter().complete("done");
  assert.deepEqual(server.words, ["done"]);
});

test("a clock that stays wrong is named in the end", async () => {
  server.now = () => clock.now() + 3_600_000;
  await assert.rejects(reporter().progress("x"), {
    code: "undeliverable",
    status: 401,
    message: /clock is 3600 s behind the server's: set right the one that is wrong/,
  });
});

test("a signature refused by a server whose clock agrees is final", async () => {
  const { secret } = server.target("another dispatch");
  await assert.rejects(reporter({ secret }).progress("x"), { code: "refused", status: 401 });
  assert.deepEqual(clock.sleeps, []);
});

test("after the whole schedule the callback is marked failed, in words", async () => {
  server.behave = () => ({ status: 502, detail: "upstream is gone" });
  const error = await reporter()
    .complete("done")
    .catch((failure) => failure);
  assert.ok(error instanceof CallbackError);
  assert.equal(error.code, "undeliverable");
  assert.equal(error.status, 502);
  assert.match(
    error.message,
    /completion could not be delivered in 7 tries; the last try met: HTTP 502: upstream is gone/,
  );
  assert.equal(server.tries.length, 7);
  assert.equal(failures[0], error);
});

test("one schedule for the whole line: what waited fails with the first", async () => {
  server.behave = () => "reset";
  const agent = reporter();
  const sent = [agent.progress("one"), agent.progress("two"), agent.complete("done")];
  const results = await Promise.allSettled(sent);
  assert.deepEqual(
    results.map((result) => result.status),
    ["rejected", "rejected", "rejected"],
  );
  assert.equal(server.tries.length, 7);
  server.behave = () => "ok";
  await agent.progress("again");
  assert.deepEqual(server.words, ["again"]);
});

test("a completion that came late into an outage has a whole schedule of its own", async () => {
  const agent = reporter();
  let completed: Promise<unknown> | undefined;
  server.behave = (_, index) => {
    if (index === 5) completed = agent.complete("done");
    return index < 8 ? "reset" : "ok";
  };
  await agent.progress("one");
  await completed;
  assert.deepEqual(server.words, ["one", "done"]);
});

test("under pressure progress thins out, but first, last and completion stay", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const agent = reporter({
    maxPending: 10,
    fetch: async (...request) => {
      await held;
      return fetch(...request);
    },
  });
  const sent = Array.from({ length: 200 }, (_, i) => agent.progress(`step ${i}`));
  sent.push(agent.complete("done"));
  release();
  await agent.close();
  const words = server.words;
  assert.ok(words.length <= 13, `${words.length} were sent`);
  assert.deepEqual(words.slice(0, 2), ["step 0", "step 1"]);
  assert.deepEqual(words.slice(-2), ["step 199", "done"]);
  const numbers = words.slice(0, -1).map((word) => Number(word.split(" ")[1]));
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  const results = await Promise.all(sent);
  assert.equal(results.filter((result) => result.outcome === "stored").length, words.length);
});

test("under pressure every entry arrives, in the order in which they began", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const agent = reporter({
    maxPending: 10,
    fetch: async (...request) => {
      await held;
      return fetch(...request);
    },
  });
  for (let i = 0; i < 60; i++) {
    const id = `tool ${i}`;
    void agent.progress(`step ${i}`);
    void agent.entry({ id, kind: "tool", title: id, state: "running" }, { progress: i / 60 });
    for (const output of ["a", "ab", "abc"]) void agent.entry({ id, kind: "tool", output });
    void agent.progress(`end of ${i}`, { entry: { id, kind: "tool", state: "completed" } });
  }
  release();
  await agent.close();
  const folded = new Map<string, object>();
  for (const { entry } of server.stored) {
    if (entry?.id) folded.set(entry.id, { ...folded.get(entry.id), ...entry });
  }
  const whole = (_: unknown, i: number) =>
    ({ id: `tool ${i}`, kind: "tool", title: `tool ${i}`, state: "completed", output: "abc" }) as const;
  assert.deepEqual([...folded.values()], Array.from({ length: 60 }, whole));
  assert.ok(server.stored.length < 60 * 5, `${server.stored.length} of ${60 * 6} were sent`);
});

test("aborting ends every wait", async () => {
  server.behave = () => ({ status: 503, headers: { "retry-after": "30" } });
  const abort = new AbortController();
  const agent = createReporter({
    ...server.target(),
    spool: false,
    signal: abort.signal,
    onFailure: () => {},
  });
  server.now = Date.now;
  const sent = [agent.progress("one"), agent.complete("two")];
  const settled = Promise.allSettled(sent);
  while (server.tries.length === 0) await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  for (const result of await settled) {
    assert.equal(result.status === "rejected" && result.reason.code, "aborted");
  }
  await agent.close();
});

test("one callback can be aborted without the others", async () => {
  const abort = new AbortController();
  server.behave = (attempt) => {
    if (attempt.body.message !== "unwanted") return "ok";
    abort.abort();
    return "hang";
  };
  const agent = reporter();
  const unwanted = agent.progress("unwanted", { signal: abort.signal });
  await agent.progress("wanted");
  await assert.rejects(unwanted, { code: "aborted" });
  assert.deepEqual(server.words, ["wanted"]);
});

test("a closed reporter takes nothing more", async () => {
  const agent = reporter();
  await agent.close();
  await assert.rejects(agent.progress("late"), { code: "closed" });
});

test("close stops at once when its signal is aborted", async () => {
  server.behave = () => "hang";
  const agent = reporter();
  const sent = agent.progress("one");
  const abort = new AbortController();
  const closing = agent.close(abort.signal);
  abort.abort();
  await closing;
  await assert.rejects(sent, { code: "aborted" });
});

test("a reporter is made from the environment, or from a dispatch, and options win", async () => {
  await createReporter({ env: server.environment("d2"), clock, spool: false }).progress("from env");
  const { url, secret, taskId, agentId } = server.target("d3");
  const dispatch = {
    version: 1,
    dispatchId: "d3",
    attempt: 1,
    task: {
      id: taskId,
      title: "t",
      description: "",
      priority: "normal",
      tags: [],
      context: {},
      feedback: null,
    },
    agent: { id: agentId, name: "a", capabilities: [] },
    callback: { url, secret, scheme: "standard-webhooks" },
    dispatchedAt: "2026-11-23T10:00:00.000Z",
  } as const;
  const agent = createReporter({
    dispatch: {
      ...dispatch,
      task: { ...dispatch.task, tags: [] },
      agent: { ...dispatch.agent, capabilities: [] },
    },
    env: server.environment("d2"),
    agentId: "other",
    clock,
    spool: false,
  });
  await agent.progress("from dispatch");
  assert.deepEqual(
    server.stored.map(({ taskId, dispatchId, agentId }) => ({ taskId, dispatchId, agentId })),
    [
      { taskId: "task-d2", dispatchId: undefined, agentId: "agent-1" },
      { taskId: "task-d3", dispatchId: "d3", agentId: "other" },
    ],
  );
});

test("missing or wrong settings are named", () => {
  const target = {
    url: "http://127.0.0.1/x",
    secret: "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh",
    taskId: "t",
    agentId: "a",
    env: {},
  };
  const make = (change: ReporterOptions) => () => createReporter({ ...target, ...change });
  assert.throws(make({ url: "" }), /MISSION_CONTROL_CALLBACK_URL/);
  assert.throws(make({ secret: "" }), /MISSION_CONTROL_CALLBACK_SECRET/);
  assert.throws(make({ taskId: "" }), /MISSION_CONTROL_TASK_ID/);
  assert.throws(make({ agentId: "" }), /MISSION_CONTROL_AGENT_ID/);
  assert.throws(make({ url: "ftp://x" }), ConfigurationError);
  assert.throws(make({ secret: "whsec_" }), ConfigurationError);
});
