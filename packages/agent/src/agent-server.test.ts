import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { formatSecret, standardHeaders } from "@mission-control/protocol";
import { CallbackServer } from "../test/callback-server.ts";
import {
  type AgentServer,
  type AgentServerOptions,
  createAgentServer,
  type Dispatch,
  RunCancelledError,
  type RunContext,
} from "./index.ts";

const SECRET = formatSecret(Buffer.from("the secret of the agent under test"));
let callbacks: CallbackServer;
let http: Server | undefined;
let agent: AgentServer;

beforeEach(async () => {
  callbacks = await new CallbackServer().listen();
});
afterEach(async () => {
  await agent.close();
  await callbacks.close();
  http?.close();
  http?.closeAllConnections();
});

/** Serves the agent under /agents/coder; returns its URL. */
async function serve(options: Partial<AgentServerOptions>): Promise<string> {
  agent = createAgentServer({
    secret: SECRET,
    onDispatch: () => "done",
    reporter: { spool: false },
    ...options,
  });
  http = createServer(agent.handler).listen(0, "127.0.0.1");
  await once(http, "listening");
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/agents/coder`;
}

function payload(dispatchId = "d1"): Dispatch {
  const { url, secret, taskId, agentId } = callbacks.target(dispatchId);
  return {
    version: 1,
    dispatchId,
    attempt: 1,
    task: {
      id: taskId,
      title: "Fix it",
      description: "",
      priority: "high",
      tags: [],
      context: {},
      feedback: null,
    },
    agent: { id: agentId, name: "coder", capabilities: ["code"] },
    callback: { url, secret, scheme: "standard-webhooks" },
    dispatchedAt: "2026-11-23T10:00:00.000Z",
  };
}

/** A signed request; its id is the one of its path, or of d1 itself. */
function signed(
  method: string,
  url: string,
  value: unknown,
  id = idOf(method, url),
  secret = SECRET,
): Request {
  const body = value === undefined ? "" : JSON.stringify(value);
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = { "content-type": "application/json", ...standardHeaders(secret, { id, timestamp, body }) };
  return new Request(url, { method, headers, ...(body && { body }) });
}

function idOf(method: string, url: string): string {
  const segments = new URL(url).pathname.split("/").map(decodeURIComponent);
  const last = segments.at(-1) ?? "";
  if (method === "DELETE") return `${last}.cancel`;
  if (last === "messages") return `${segments.at(-2)}.message.m1`;
  return segments.at(-2) === "permissions" ? `${segments.at(-3)}.permission.${last}` : "d1";
}

async function stored(count: number): Promise<void> {
  while (callbacks.stored.length < count) await new Promise((resolve) => setImmediate(resolve));
}

test("a dispatch is accepted at once, worked on, and completed with what the handler returns", async () => {
  const url = await serve({
    async onDispatch(dispatch, { reporter }) {
      await reporter.progress(`working on ${dispatch.task.title}`, { progress: 0.5 });
      return { summary: "fixed", data: { files: 2 } };
    },
  });
  const response = await fetch(signed("POST", url, payload()));
  assert.equal(response.status, 202);
  assert.deepEqual(await response.json(), { accepted: true });
  await stored(2);
  assert.deepEqual(callbacks.words, ["working on Fix it", "fixed"]);
  assert.deepEqual(callbacks.stored[1]?.data, { files: 2 });
});

test("what the handler throws fails the task, unless it reported the end itself", async () => {
  const url = await serve({
    async onDispatch(dispatch, { reporter }) {
      if (dispatch.dispatchId === "d2") await reporter.complete("by hand");
      throw new Error("no disk");
    },
  });
  await fetch(signed("POST", url, payload("d1"), "d1"));
  await stored(1);
  await fetch(signed("POST", url, payload("d2"), "d2"));
  while (agent.running.length > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(callbacks.words, ["no disk", "by hand"]);
});

test("a dispatch that is sent again runs once, during and after", async () => {
  let runs = 0;
  let finish = () => {};
  const url = await serve({
    onDispatch: () => {
      runs++;
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    },
  });
  for (let i = 0; i < 3; i++) assert.ok((await fetch(signed("POST", url, payload()))).ok);
  finish();
  await stored(1);
  while (agent.running.length > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await (await fetch(signed("POST", url, payload()))).json(), {
    accepted: true,
    duplicate: true,
  });
  assert.equal(runs, 1);
});

test("cancel aborts the run's signal, and nothing more is reported", async () => {
  const cancelled: string[] = [];
  const url = await serve({
    onCancel: (dispatch) => cancelled.push(dispatch.dispatchId),
    async onDispatch(_, { signal, reporter }) {
      await reporter.progress("started");
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  });
  await fetch(signed("POST", url, payload()));
  await stored(1);
  const response = await fetch(signed("DELETE", `${url}/d1`, undefined));
  assert.equal(response.status, 200);
  while (agent.running.length > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(callbacks.words, ["started"]);
  assert.deepEqual(cancelled, ["d1"]);
  assert.equal(
    (await fetch(signed("DELETE", `${url}/d1`, undefined))).status,
    200,
    "an ended dispatch is no error",
  );
});

test("a dispatch that is cancelled before it comes is confirmed not to run, and does not", async () => {
  const url = await serve({ onDispatch: () => assert.fail("It ran.") });
  assert.equal((await fetch(signed("DELETE", `${url}/d1`, undefined))).status, 200);
  const response = await fetch(signed("POST", url, payload()));
  assert.deepEqual(await response.json(), {
    accepted: false,
    reason: "The dispatch was cancelled before it came.",
  });
  assert.deepEqual(agent.running, []);
});

test("a captured request is good for its own path alone", async () => {
  const answers: string[] = [];
  const url = await serve({
    onDispatch: async (_, { signal }) => void (await once(signal, "abort")),
    onPermissionAnswer: (dispatch, requestId, optionId) =>
      answers.push(`${dispatch.dispatchId} ${requestId} ${optionId}`) > 0,
  });
  const status = async (request: Request) => (await fetch(request)).status;
  await fetch(signed("POST", url, payload("d1"), "d1"));
  await fetch(signed("POST", url, payload("d2"), "d2"));
  const allow = { optionId: "allow" };
  const good = `${url}/d1/permissions/r1`;
  assert.equal(await status(signed("POST", good, allow)), 200);
  for (const other of ["d1/permissions/r2", "d2/permissions/r1", "permissions/r1"]) {
    assert.equal(await status(signed("POST", `${url}/${other}`, allow, "d1.permission.r1")), 401, other);
  }
  assert.equal(await status(signed("POST", good, allow, "d1")), 401);
  assert.equal(await status(signed("DELETE", `${url}/d2`, undefined, "d1.cancel")), 401);
  assert.equal(await status(signed("DELETE", `${url}/d1`, undefined, "agent_1.probe")), 401);
  assert.equal(await status(signed("POST", url, payload("d3"), "d1")), 401);
  assert.equal(await status(signed("HEAD", url, undefined, "d1.cancel")), 401);
  assert.deepEqual(answers, ["d1 r1 allow"]);
  assert.deepEqual(agent.running, ["d1", "d2"]);
});

test("a probe is answered, by whoever signs it with the secret", async () => {
  const url = await serve({});
  const status = async (request: Request) => (await fetch(request)).status;
  assert.equal(await status(signed("HEAD", url, undefined, "agent_1.probe")), 200);
  assert.equal(await status(new Request(url, { method: "HEAD" })), 401);
  assert.equal((await agent.fetch(signed("HEAD", url, undefined, "agent_1.probe"))).status, 200);
});

test("ask waits for the operator's answer", async () => {
  const options = [
    { optionId: "yes", name: "Allow", kind: "allow_once" },
    { optionId: "no", name: "Reject", kind: "reject_once" },
  ];
  const url = await serve({
    onDispatch: async (_, { ask }) => `chose ${await ask({ id: "p1", title: "Run rm -rf build", options })}`,
  });
  await fetch(signed("POST", url, payload()));
  await stored(1);
  assert.equal(callbacks.stored[0]?.request?.title, "Run rm -rf build");
  const answer = (id: string, body: unknown) => fetch(signed("POST", `${url}/d1/permissions/${id}`, body));
  assert.equal((await answer("p2", { optionId: "yes" })).status, 404);
  assert.equal((await answer("p1", {})).status, 400);
  assert.equal((await answer("p1", { optionId: "yes" })).status, 200);
  await stored(2);
  assert.deepEqual(callbacks.words, ["permission", "chose yes"]);
  assert.equal((await answer("p1", { optionId: "no" })).status, 404);
});

test("a question whose own signal ends the wait is withdrawn, one of a cancelled run is not", async () => {
  const options = [{ optionId: "yes", name: "Allow" }];
  const patience = new AbortController();
  const url = await serve({
    onDispatch: async (_, { ask, signal }) => {
      await assert.rejects(ask({ id: "p1", title: "One", options }, { signal: patience.signal }), /tired/);
      await assert.rejects(ask({ id: "p2", title: "Two", options }), { code: "cancelled" });
      signal.throwIfAborted();
    },
  });
  await fetch(signed("POST", url, payload()));
  await stored(1);
  patience.abort(new Error("tired"));
  await stored(3);
  await fetch(signed("DELETE", `${url}/d1`, undefined));
  while (agent.running.length > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    callbacks.stored.map(({ request, data }) => [request?.title, data?.state]),
    [
      ["One", undefined],
      ["One", "withdrawn"],
      ["Two", undefined],
    ],
  );
});

test("answers nobody waits for go to the hook", async () => {
  const seen: string[] = [];
  const url = await serve({
    onDispatch: async (_, { signal }) => void (await once(signal, "abort")),
    onPermissionAnswer: (dispatch, requestId, optionId) =>
      seen.push(`${dispatch.dispatchId} ${requestId} ${optionId}`) > 0,
  });
  await fetch(signed("POST", url, payload()));
  assert.equal((await fetch(signed("POST", `${url}/d1/permissions/p%3A9`, { optionId: "x" }))).status, 200);
  assert.deepEqual(seen, ["d1 p:9 x"]);
});

test("an agent may refuse, with a reason", async () => {
  const url = await serve({ refuse: () => "No free slot." });
  const response = await fetch(signed("POST", url, payload()));
  assert.deepEqual(await response.json(), { accepted: false, reason: "No free slot." });
});

test("nothing unsigned, altered, stale or oversized is taken", async () => {
  const url = await serve({ maxBodyBytes: 10_000 });
  const status = async (request: Request) => (await fetch(request)).status;
  const other = formatSecret(Buffer.from("the secret of another agent"));
  assert.equal(await status(new Request(url, { method: "POST", body: JSON.stringify(payload()) })), 401);
  assert.equal(await status(signed("POST", url, payload(), "d1", other)), 401);
  const altered = signed("POST", url, payload());
  assert.equal(await status(new Request(url, { method: "POST", headers: altered.headers, body: "{}" })), 401);
  const timestamp = Math.floor(Date.now() / 1000) - 301;
  const body = JSON.stringify(payload());
  const stale = standardHeaders(SECRET, { id: "d1", timestamp, body });
  assert.equal(await status(new Request(url, { method: "POST", headers: stale, body })), 401);
  assert.equal(await status(new Request(url, { method: "POST", body: "x".repeat(10_001) })), 413);
  assert.equal(await status(signed("DELETE", `${url}/d1`, undefined, "d1", other)), 401);
  assert.equal(await status(new Request(url)), 405);
  assert.equal(await status(signed("POST", url, { version: 1 })), 400);
  assert.equal(await status(signed("POST", url, { ...payload(), version: 2 })), 400);
  assert.deepEqual(agent.running, []);
});

test("several secrets are good while one is being changed", async () => {
  const next = formatSecret(Buffer.from("the next secret of the agent"));
  const url = await serve({ secret: [next, SECRET] });
  assert.equal((await fetch(signed("POST", url, payload("d1"), "d1", SECRET))).status, 202);
  assert.equal((await fetch(signed("POST", url, payload("d2"), "d2", next))).status, 202);
});

test("the same works as a Fetch handler", async () => {
  await serve({ maxBodyBytes: 10_000 });
  const url = "https://agent.example/hook";
  assert.equal((await agent.fetch(signed("POST", url, payload()))).status, 202);
  await stored(1);
  assert.deepEqual(callbacks.words, ["done"]);
  assert.equal((await agent.fetch(new Request(url))).status, 405);
  assert.equal(
    (await agent.fetch(new Request(url, { method: "POST", body: "x".repeat(10_001) }))).status,
    413,
  );
  assert.equal((await agent.fetch(signed("DELETE", `${url}/d1?x=1`, undefined))).status, 200);
});

test("closing aborts the runs and reports why they ended", async () => {
  const reasons: unknown[] = [];
  const url = await serve({
    async onDispatch(_, { signal }) {
      await once(signal, "abort");
      reasons.push(signal.reason);
      signal.throwIfAborted();
    },
  });
  await fetch(signed("POST", url, payload()));
  await agent.close();
  assert.ok(reasons[0] instanceof RunCancelledError && reasons[0].code === "closing");
  assert.deepEqual(callbacks.words, ["The agent is shutting down."]);
  const late = await fetch(signed("POST", url, payload("d2"), "d2"));
  assert.equal(late.status, 503);
  assert.equal(late.headers.get("retry-after"), "5");
});

test("closing does not wait for a dead server for ever", async () => {
  callbacks.behave = () => "hang";
  const url = await serve({
    async onDispatch(_, { signal }) {
      await once(signal, "abort");
      return "stopped";
    },
    reporter: { spool: false, onFailure: () => {} },
  });
  await fetch(signed("POST", url, payload()));
  const abort = new AbortController();
  const closing = agent.close(abort.signal);
  while (callbacks.tries.length === 0) await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  await closing;
  assert.deepEqual(agent.running, []);
});

const MESSAGE = { id: "m1", text: "Look again.", mode: "steer" };

/** Writes a message to d1, or another one with its own id. */
async function write(url: string, message: object = MESSAGE) {
  const id = `d1.message.${"id" in message ? message.id : ""}`;
  const response = await fetch(signed("POST", `${url}/d1/messages`, message, id));
  return { status: response.status, body: await response.json() };
}

/** A handler that works until it is cancelled, and one that gives messages to what is given. */
async function serveMessages(options: Partial<AgentServerOptions>): Promise<string> {
  const url = await serve({
    onDispatch: (_, { signal }) =>
      new Promise<void>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
    ...options,
  });
  await fetch(signed("POST", url, payload()));
  return url;
}

test("a message reaches the handler once, however often it is sent, and every answer is the first one", async () => {
  const taken: string[] = [];
  const url = await serveMessages({
    onMessage: (dispatch, { id, text, mode }) => {
      taken.push(`${dispatch.dispatchId} ${id} ${text} ${mode}`);
      return "taken_up";
    },
  });
  const [one, two] = await Promise.all([write(url), write(url)]);
  assert.deepEqual(one, { status: 200, body: { state: "taken_up" } });
  assert.deepEqual([two, await write(url)], [one, one]);
  assert.deepEqual(taken, ["d1 m1 Look again. steer"]);
});

test("a message brings its files, and the answer says that they came", async () => {
  const file = { name: "a.txt", mediaType: "text/plain", size: 1, content: "QQ==" };
  const taken: unknown[] = [];
  const url = await serveMessages({ onMessage: (_, { attachments }) => void taken.push(attachments) });
  const answer = await write(url, { ...MESSAGE, attachments: [file, file] });
  assert.deepEqual(answer, { status: 200, body: { state: "delivered", attachments: 2 } });
  assert.deepEqual(taken, [[file, file]]);
  const broken = await write(url, { ...MESSAGE, id: "m2", attachments: [{ name: "a.txt" }] });
  assert.equal(broken.status, 400);
});

test("a run's own handler goes before the server's; what it throws is the reason of a refusal", async () => {
  let context: RunContext | undefined;
  const url = await serveMessages({
    onMessage: () => assert.fail("the run takes its own"),
    onDispatch: (_, given) => {
      context = given;
      given.onMessage(({ text }) => {
        if (text === "no") throw new Error("I am about to end.");
      });
      return new Promise<void>((resolve) => given.signal.addEventListener("abort", () => resolve()));
    },
  });
  assert.deepEqual(await write(url), { status: 200, body: { state: "delivered" } });
  const refused = await write(url, { ...MESSAGE, id: "m2", text: "no" });
  assert.deepEqual(refused, { status: 409, body: { status: 409, detail: "I am about to end." } });
  await context?.reporter.message("m1", { state: "taken_up" });
  await context?.reporter.message("m3", { state: "refused", reason: "Too late." });
  assert.deepEqual(
    callbacks.stored.map(({ type, data }) => ({ type, data })),
    [
      { type: "progress", data: { messageId: "m1", messageState: "taken_up" } },
      { type: "progress", data: { messageId: "m3", messageState: "refused", reason: "Too late." } },
    ],
  );
});

test("what takes long is answered as delivered, and told by a callback when it is known", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const decided = Promise.withResolvers<"taken_up">();
  const reached = Promise.withResolvers<void>();
  const url = await serveMessages({
    onMessage: () => {
      reached.resolve();
      return decided.promise;
    },
  });
  const answer = write(url);
  await reached.promise;
  context.mock.timers.tick(5000);
  context.mock.timers.reset();
  assert.deepEqual(await answer, { status: 200, body: { state: "delivered" } });
  decided.resolve("taken_up");
  await stored(1);
  assert.deepEqual(callbacks.stored[0]?.data, { messageId: "m1", messageState: "taken_up" });
});

test("messages nobody takes, to a dispatch not worked on, of another path, or without a text are refused", async () => {
  const url = await serveMessages({});
  assert.equal((await write(url)).status, 501);
  const elsewhere = signed("POST", `${url}/d2/messages`, MESSAGE, "d2.message.m1");
  assert.equal((await fetch(elsewhere)).status, 404);
  assert.equal((await fetch(signed("POST", `${url}/d2/messages`, MESSAGE, "d1.message.m1"))).status, 401);
  assert.equal((await fetch(signed("POST", `${url}/d1/messages`, MESSAGE, "d1.message.m2"))).status, 401);
  for (const wrong of [{ ...MESSAGE, text: 1 }, { ...MESSAGE, mode: "shout" }, { id: "m1" }]) {
    assert.equal((await write(url, wrong)).status, 400);
  }
});

test("a form is asked for, and resolves with what it was filled in with", async () => {
  const fields = [{ name: "branch", type: "text" as const, required: true }];
  const url = await serve({
    async onDispatch(_, { askForm }) {
      const { optionId, values } = await askForm({ id: "f1", title: "Which?", options: [], fields });
      return `${optionId} ${values?.branch}`;
    },
  });
  await fetch(signed("POST", url, payload()));
  await stored(1);
  assert.deepEqual(callbacks.stored[0]?.request, { id: "f1", title: "Which?", options: [], fields });
  assert.equal((await fetch(signed("POST", `${url}/d1/permissions/f1`, {}))).status, 400);
  const answer = { values: { branch: "fix" } };
  assert.equal((await fetch(signed("POST", `${url}/d1/permissions/f1`, answer))).status, 200);
  await stored(2);
  assert.equal(callbacks.words.at(-1), "undefined fix");
});

test("a question is waited for until its own time, when the server takes it back", async () => {
  const url = await serve({
    async onDispatch(_, { ask }) {
      const expiresAt = new Date(Date.now() + 20).toISOString();
      const options = [{ optionId: "allow", name: "Allow" }];
      return await ask({ id: "q1", title: "May I?", options, expiresAt }).catch(
        ({ name }) => `ended by ${name}`,
      );
    },
  });
  await fetch(signed("POST", url, payload()));
  await stored(2);
  assert.deepEqual(
    callbacks.stored.map(({ type }) => type),
    ["permission", "complete"],
  );
  assert.equal(callbacks.words.at(-1), "ended by TimeoutError");
});
