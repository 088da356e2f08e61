import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Socket } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import {
  type DispatchPayload,
  formatSecret,
  STANDARD_HEADERS,
  secretKey,
  verifyStandard,
} from "@mission-control/protocol";
import { wholeRequests } from "../../../../protocol/test/whole-requests.ts";
import type { AgentTarget, SendContext } from "../gateway.ts";
import { HttpGateway } from "./http-gateway.ts";
import type { RequestTimes } from "./signed-request.ts";

const SECRET = formatSecret(Buffer.alloc(32, 7));
const payload: DispatchPayload = {
  version: 1,
  dispatchId: "d1",
  attempt: 1,
  task: {
    id: "t1",
    title: "Title ü",
    description: "",
    priority: "normal",
    tags: [],
    context: {},
    feedback: null,
  },
  agent: { id: "agent_1", name: "Mine", capabilities: [] },
  callback: {
    url: "http://127.0.0.1:1/cb",
    secret: "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh",
    scheme: "standard-webhooks",
  },
  dispatchedAt: "2026-11-23T10:00:00.000Z",
};

interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let server: Server;
let gateway: HttpGateway;
let seen: Seen[];
let respond: RequestListener;
const sockets = new Set<unknown>();

beforeEach(async () => {
  seen = [];
  sockets.clear();
  respond = (_request, response) => response.end();
  const listener = wholeRequests((request, response, body) => {
    sockets.add(request.socket);
    const { method = "", url = "", headers } = request;
    seen.push({ method, url, headers, body: String(body) });
    respond(request, response);
  });
  server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  gateway = new HttpGateway({ backoff: { firstMs: 1, longestMs: 1 } });
});

afterEach(async () => {
  await gateway.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function target(path = "/hook"): AgentTarget {
  const { port } = server.address() as AddressInfo;
  return {
    agentId: "agent_1",
    secret: SECRET,
    endpoint: { kind: "http", url: `http://127.0.0.1:${port}${path}` },
  };
}

/** The gateway again, with less patience. */
async function restart(times: Partial<RequestTimes>): Promise<void> {
  await gateway.close();
  gateway = new HttpGateway({ backoff: { firstMs: 1, longestMs: 1 }, times });
}

function context(signal = new AbortController().signal): SendContext {
  return {
    remember: () => Promise.reject(new Error("nothing to remember")),
    filesOf: () => Promise.reject(new Error("nothing to read again")),
    signal,
  };
}

/** Answers each request in turn; the last answer stays. */
function answers(...list: [status: number, body?: string, headers?: Record<string, string>][]): void {
  respond = (_request, response) => {
    const [status, body = "", headers = {}] = list[Math.min(seen.length, list.length) - 1] ?? [500];
    response.writeHead(status, headers).end(body);
  };
}

function verified({ headers, body }: Seen, secret = SECRET): boolean {
  const text = (name: string) => String(headers[name]);
  const delivery = {
    id: text(STANDARD_HEADERS.id),
    timestamp: text(STANDARD_HEADERS.timestamp),
    signature: text(STANDARD_HEADERS.signature),
    body,
  };
  return verifyStandard([secretKey(secret)], delivery, Math.floor(Date.now() / 1000));
}

test("a dispatch is a signed POST of the payload, and any 2xx takes it", async () => {
  answers([202, "thanks"]);
  assert.deepEqual(await gateway.dispatch(target(), payload, context()), { kind: "accepted" });
  const [request] = seen;
  assert.ok(request && verified(request));
  assert.deepEqual(JSON.parse(request.body), payload);
  const { method, url, headers } = request;
  assert.deepEqual(
    [method, url, headers["webhook-id"], headers["content-type"]],
    ["POST", "/hook", "d1", "application/json"],
  );
  assert.equal(gateway.reachability(target())?.status, "online");
});

test("while an agent's secret is being replaced, a dispatch is signed by the old one too, and then no longer", async () => {
  const secret = formatSecret(Buffer.alloc(32, 8));
  const replaced = (until: string) => ({ ...target(), secret, previousSecret: { secret: SECRET, until } });
  await gateway.dispatch(replaced("2999-01-01T00:00:00.000Z"), payload, context());
  await gateway.dispatch(replaced("2001-01-01T00:00:00.000Z"), payload, context());
  const signedBy = (by: string) => seen.map((request) => verified(request, by));
  assert.deepEqual(
    [signedBy(secret), signedBy(SECRET)],
    [
      [true, true],
      [true, false],
    ],
  );
});

test("an agent that says no is believed, whichever way it says it", async () => {
  answers(
    [200, '{"accepted": false, "reason": "no room"}'],
    [422, '{"detail": "no such skill."}'],
    [403, "<html>"],
  );
  const reasons = [];
  for (let index = 0; index < 3; index++) reasons.push(await gateway.dispatch(target(), payload, context()));
  assert.deepEqual(reasons, [
    { kind: "rejected", reason: "no room" },
    { kind: "rejected", reason: "The agent answered HTTP 422: no such skill." },
    { kind: "rejected", reason: "The agent answered HTTP 403." },
  ]);
  assert.equal(seen.length, 3);
});

test("a redirect is not followed", async () => {
  answers([307, "", { location: "/elsewhere" }]);
  const outcome = await gateway.dispatch(target(), payload, context());
  assert.match(outcome.kind === "rejected" ? outcome.reason : "", /redirect \(HTTP 307\)/);
  assert.equal(seen.length, 1);
});

for (const status of [408, 425, 429, 500, 503]) {
  test(`HTTP ${status} is tried again under the same id`, async () => {
    answers([status, "", { "retry-after": "0" }], [200]);
    assert.deepEqual(await gateway.dispatch(target(), payload, context()), { kind: "accepted" });
    assert.deepEqual(
      seen.map(({ headers }) => headers["webhook-id"]),
      ["d1", "d1"],
    );
    assert.ok(seen.every((request) => verified(request)));
  });
}

test("three tries in all, then it is unreachable in words", async () => {
  answers([503, '{"error": "rebooting"}']);
  const outcome = await gateway.dispatch(target(), payload, context());
  assert.equal(seen.length, 3);
  assert.equal(outcome.kind, "unreachable");
  const { reason, status, at } = gateway.reachability(target()) ?? {};
  assert.match(reason ?? "", /could not be reached in 3 tries: it answered HTTP 503: rebooting\.$/);
  assert.equal(outcome.kind === "unreachable" && outcome.reason, reason);
  assert.deepEqual([status, at instanceof Date], ["offline", true]);
  answers([200]);
  await gateway.dispatch(target(), payload, context());
  assert.deepEqual(gateway.reachability(target())?.status, "online");
});

test("a connection that is refused is tried again, and told in words", async () => {
  const nobody: AgentTarget = { ...target(), endpoint: { kind: "http", url: "http://127.0.0.1:1/" } };
  const refused = await gateway.dispatch(nobody, payload, context());
  assert.equal(refused.kind, "unreachable");
  assert.match(refused.kind === "unreachable" ? refused.reason : "", /in 3 tries: nothing listens there/);
  assert.equal(gateway.reachability(nobody)?.status, "offline");
});

test("one whose body the agent never takes is tried again: it cannot have begun", async (context_) => {
  const sockets: Socket[] = [];
  const deaf = createNetServer({ pauseOnConnect: true }, (socket) => void sockets.push(socket));
  deaf.listen(0, "127.0.0.1");
  await once(deaf, "listening");
  context_.after(() => {
    for (const socket of sockets) socket.destroy();
    deaf.close();
  });
  const { port } = deaf.address() as AddressInfo;
  await restart({ sendMs: 50 });
  const large = { ...payload, task: { ...payload.task, description: "x".repeat(16 * 1024 * 1024) } };
  const url = `http://127.0.0.1:${port}/`;
  const outcome = await gateway.dispatch({ ...target(), endpoint: { kind: "http", url } }, large, context());
  assert.equal(outcome.kind, "unreachable");
  assert.equal(sockets.length, 3);
});

for (const [what, misbehave, words, answerMs = 10_000] of [
  ["cut", (_, response) => void response.socket?.destroy(), /cut by the other side/],
  ["closed", (_, response) => void response.socket?.end(), /cut by the other side|without an answer/],
  ["never answered", () => {}, /no answer within 0.1 s/, 100],
  [
    "answered with a head that never ends",
    (_, response) => void response.socket?.write("HTTP/1.1 2"),
    /no answer within 0.1 s/,
    100,
  ],
  ["answered with what is not HTTP", (_, response) => void response.socket?.write("yes\r\n\r\n"), /not HTTP/],
] as [string, RequestListener, RegExp, number?][]) {
  test(`a dispatch that went out whole and was ${what} is unknown, and not sent again`, async () => {
    await restart({ answerMs });
    respond = misbehave;
    const outcome = await gateway.dispatch(target(), payload, context());
    assert.equal(outcome.kind, "unknown");
    assert.match(outcome.kind === "unknown" ? outcome.reason : "", words);
    assert.equal(seen.length, 1);
    const { status, reason } = gateway.reachability(target()) ?? {};
    assert.equal(status, "unknown");
    assert.match(reason ?? "", words);
  });
}

test("an agent has its own time to answer, beside that of the sending", async (t) => {
  await restart({ sendMs: 1000, answerMs: 10_000 });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  respond = (_request, response) => {
    t.mock.timers.tick(9999);
    response.writeHead(202).end();
  };
  assert.deepEqual(await gateway.dispatch(target(), payload, context()), { kind: "accepted" });
  assert.equal(seen.length, 1);
});

test("the head of an answer decides: a body that is late, cut or without end changes nothing", async () => {
  await restart({ bodyMs: 20 });
  respond = (_request, response) => void response.writeHead(202, { "content-length": "10" }).flushHeaders();
  assert.deepEqual(await gateway.dispatch(target(), payload, context()), { kind: "accepted" });
  respond = (_request, response) => {
    response.writeHead(200);
    response.write("{");
    setImmediate(() => response.destroy());
  };
  assert.deepEqual(await gateway.dispatch(target(), payload, context()), { kind: "accepted" });
  respond = (_request, response) => {
    response.writeHead(200);
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(16 * 1024, "x")));
      response.once("drain", write);
    };
    write();
  };
  assert.deepEqual(await gateway.dispatch(target(), payload, context()), { kind: "accepted" });
  respond = (_request, response) => void response.writeHead(400).flushHeaders();
  const refused = await gateway.dispatch(target(), payload, context());
  assert.deepEqual(refused, { kind: "rejected", reason: "The agent answered HTTP 400." });
  assert.equal(seen.length, 4);
});

test("an agent that wants another protocol has refused, and holds nobody up", async () => {
  respond = (_request, response) => {
    response.socket?.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  };
  const outcome = await gateway.dispatch(target(), payload, context());
  assert.match(outcome.kind === "rejected" ? outcome.reason : "", /HTTP 101/);
  const ref = { dispatchId: "d1", taskId: "t1" };
  await assert.rejects(gateway.cancel(target(), ref, context().signal), /HTTP 101/);
});

test("a dispatch that was taken is not sent again; whether one was that the last process sent, nobody knows", async () => {
  const earlier = { accepted: true, note: null };
  assert.deepEqual(await gateway.resume(target(), payload, earlier), { kind: "accepted" });
  const { kind } = await gateway.resume(target(), payload, { ...earlier, accepted: false });
  assert.equal(kind, "unknown");
  assert.equal(seen.length, 0);
});

test("cancel and permission answers go below the agent's path and keep its query", async () => {
  const { signal } = new AbortController();
  const ref = { dispatchId: "d1", taskId: "t1" };
  await gateway.cancel(target("/hook/?key=a/b"), ref, signal);
  const answer = { requestId: "r:1", optionId: "allow" };
  await gateway.answerPermission(target("/?key=c"), payload, answer, context());
  assert.deepEqual(
    seen.map(({ method, url, body }) => [method, url, body]),
    [
      ["DELETE", "/hook/d1?key=a/b", ""],
      ["POST", "/d1/permissions/r%3A1?key=c", '{"optionId":"allow"}'],
    ],
  );
  assert.ok(seen.every((request) => verified(request)));
  assert.deepEqual(
    seen.map(({ headers }) => headers["webhook-id"]),
    ["d1.cancel", "d1.permission.r:1"],
    "the ids name what is in the path",
  );
});

test("a cancel is confirmed by a 2xx or by 410; an agent that knows none has not confirmed it", async () => {
  const { signal } = new AbortController();
  const ref = { dispatchId: "d1", taskId: "t1" };
  for (const status of [200, 204, 410]) {
    answers([status]);
    await gateway.cancel(target(), ref, signal);
  }
  for (const status of [404, 405, 501]) {
    answers([status]);
    await assert.rejects(gateway.cancel(target(), ref, signal), { code: "cancel_not_confirmed" });
  }
  answers([401]);
  await assert.rejects(gateway.cancel(target(), ref, signal), /refused the cancel with HTTP 401/);
  answers([500]);
  await assert.rejects(gateway.cancel(target(), ref, signal), { code: "agent_unreachable" });
});

test("an aborted dispatch stops at once, and so does everything on close; what went out may have been taken", async () => {
  const abort = new AbortController();
  const arrived = Promise.withResolvers<void>();
  respond = () => arrived.resolve();
  const outcome = gateway.dispatch(target(), payload, context(abort.signal));
  await arrived.promise;
  abort.abort(new Error("cancelled"));
  assert.equal((await outcome).kind, "unknown");
  const again = Promise.withResolvers<void>();
  respond = () => again.resolve();
  const waiting = gateway.dispatch(target(), payload, context());
  await again.promise;
  await gateway.close();
  assert.equal((await waiting).kind, "unknown");
  assert.equal((await gateway.dispatch(target(), payload, context())).kind, "unsent");
});

test("a dispatch that is stopped between two tries was not sent", async () => {
  await gateway.close();
  const abort = new AbortController();
  gateway = new HttpGateway({
    backoff: { firstMs: 60_000, longestMs: 60_000 },
    random: () => {
      setImmediate(() => abort.abort());
      return 1;
    },
  });
  answers([503]);
  const { kind } = await gateway.dispatch(target(), payload, context(abort.signal));
  assert.equal(kind, "unsent");
});

test("a probe is a signed HEAD: any answer says that the agent is there", async () => {
  respond = (_request, response) => response.writeHead(405).end();
  await gateway.probe(target("/hook?key=a"), context().signal);
  const [request] = seen;
  assert.ok(request && verified(request));
  assert.deepEqual(
    [request.method, request.url, request.headers["webhook-id"], request.body],
    ["HEAD", "/hook?key=a", "agent_1.probe", ""],
  );
  assert.equal(gateway.reachability(target())?.status, "online");
  respond = (_request, response) => response.writeHead(502).end();
  await gateway.probe(target(), context().signal);
  assert.match(gateway.reachability(target())?.reason ?? "", /^A proxy at .* cannot reach the agent/);
  await restart({ answerMs: 50 });
  respond = () => {};
  await gateway.probe(target(), context().signal);
  const { status, reason } = gateway.reachability(target()) ?? {};
  assert.deepEqual([status, /does not answer: no answer within/.test(reason ?? "")], ["unknown", true]);
  const dead: AgentTarget = { ...target(), endpoint: { kind: "http", url: "http://127.0.0.1:1/" } };
  await gateway.probe(dead, context().signal);
  assert.equal(gateway.reachability(dead)?.status, "offline");
});

test("no address of a link or of a cloud's metadata service is called, however it is written", async () => {
  const hosts = [
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[fe80::1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::169.254.1.1]",
    "[fd00:ec2::254]",
  ];
  for (const host of hosts) {
    const there: AgentTarget = { ...target(), endpoint: { kind: "http", url: `http://${host}:9/` } };
    const outcome = await gateway.dispatch(there, payload, context());
    assert.equal(outcome.kind, "unreachable", host);
    assert.match(outcome.kind === "unreachable" ? outcome.reason : "", /MISSION_CONTROL_ALLOW_PRIVATE/, host);
  }
});

test("HTTPS to a plain port is told in words", async () => {
  const { port } = server.address() as AddressInfo;
  const endpoint = { kind: "http" as const, url: `https://127.0.0.1:${port}/` };
  const outcome = await gateway.dispatch({ ...target(), endpoint }, payload, context());
  const reason = outcome.kind === "unreachable" ? outcome.reason : "";
  assert.match(reason, /does not speak TLS/);
  assert.doesNotMatch(reason, /error:|SSL routines/);
});

test("connections are kept and used again", async () => {
  for (let index = 0; index < 5; index++) await gateway.dispatch(target(), payload, context());
  assert.equal(sockets.size, 1);
});

test("a message goes below the agent's path; what the agent answers says how far it has come", async () => {
  const message = { id: "m:1", text: "Look again.", mode: "interrupt" } as const;
  const send = (url = "/hook/?key=a") => gateway.sendMessage(target(url), payload, message, context());
  const reply = (status: number, body: object = {}) => {
    respond = (_request, response) => response.writeHead(status).end(JSON.stringify(body));
  };
  reply(202);
  assert.deepEqual(await send(), { state: "delivered", reason: undefined });
  const [{ method, url, body, headers } = assert.fail()] = seen;
  assert.deepEqual(
    [method, url, headers["webhook-id"], JSON.parse(body)],
    ["POST", "/hook/d1/messages?key=a", "d1.message.m:1", message],
  );
  assert.ok(seen.every((request) => verified(request)));
  reply(200, { state: "taken_up" });
  assert.equal((await send()).state, "taken_up");
  for (const refusal of [{ state: "refused" }, { accepted: false }]) {
    reply(200, { ...refusal, reason: "Not now." });
    assert.deepEqual(await send(), { state: "refused", reason: "Not now." });
  }
  for (const status of [404, 405, 501]) {
    reply(status, { detail: "What is that?" });
    const reason = `The agent takes no messages on this dispatch (HTTP ${status}: What is that?).`;
    assert.deepEqual(await send(), { state: "refused", reason });
  }
  reply(409, { reason: "I am finishing." });
  const reason = "The agent refused the message (HTTP 409: I am finishing).";
  assert.deepEqual(await send(), { state: "refused", reason });
  reply(503);
  await assert.rejects(send(), { code: "agent_unreachable" }, "it is tried again later");
});

test("what a form was filled in with goes with the answer", async () => {
  const values = { branch: "fix", push: true };
  await gateway.answerPermission(target(), payload, { requestId: "r1", values }, context());
  assert.equal(seen[0]?.body, '{"values":{"branch":"fix","push":true}}');
});

test("an agent that no longer knows a question has not been answered, and is not asked again", async () => {
  const answer = { requestId: "r1", optionId: "allow" };
  const send = () => gateway.answerPermission(target(), payload, answer, context());
  for (const [status, words] of [
    [404, /no longer knows this question/],
    [410, /no longer knows this question/],
    [409, /refused the permission's answer with HTTP 409/],
  ] as const) {
    answers([status]);
    await assert.rejects(send(), { code: "answer_refused", message: words });
  }
});
