import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import {
  type DispatchPayload,
  formatSecret,
  STANDARD_HEADERS,
  secretKey,
  verifyStandard,
} from "@mission-control/protocol";
import type { AgentTarget, SendContext } from "../gateway.ts";
import { HttpGateway } from "./http-gateway.ts";

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
  callback: { url: "http://127.0.0.1:1/cb", secret: "whsec_c2VjcmV0", scheme: "standard-webhooks" },
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
  server = createServer(async (request, response) => {
    sockets.add(request.socket);
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
    respond(request, response);
  }).listen(0, "127.0.0.1");
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

function context(signal = new AbortController().signal): SendContext {
  return { remember: () => Promise.reject(new Error("nothing to remember")), signal };
}

/** Answers each request in turn; the last answer stays. */
function answers(...list: [status: number, body?: string, headers?: Record<string, string>][]): void {
  respond = (_request, response) => {
    const [status, body = "", headers = {}] = list[Math.min(seen.length, list.length) - 1] ?? [500];
    response.writeHead(status, headers).end(body);
  };
}

function verified({ headers, body }: Seen): boolean {
  const text = (name: string) => String(headers[name]);
  const delivery = {
    id: text(STANDARD_HEADERS.id),
    timestamp: text(STANDARD_HEADERS.timestamp),
    signature: text(STANDARD_HEADERS.signature),
    body,
  };
  return verifyStandard([secretKey(SECRET)], delivery, Math.floor(Date.now() / 1000));
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
  assert.equal(gateway.reachability(target()).status, "online");
});

test("an agent that says no is believed, whichever way it says it", async () => {
  answers(
    [200, '{"accepted": false, "reason": "no room"}'],
    [422, '{"detail": "no such skill"}'],
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
    assert.ok(seen.every(verified));
  });
}

test("three tries in all, then it is unreachable in words", async () => {
  answers([503, '{"error": "rebooting"}']);
  const outcome = await gateway.dispatch(target(), payload, context());
  assert.equal(seen.length, 3);
  assert.equal(outcome.kind, "unreachable");
  const { reason, status, at } = gateway.reachability(target());
  assert.match(reason ?? "", /could not be reached in 3 tries: it answered HTTP 503: rebooting\.$/);
  assert.equal(outcome.kind === "unreachable" && outcome.reason, reason);
  assert.deepEqual([status, at instanceof Date], ["offline", true]);
  answers([200]);
  await gateway.dispatch(target(), payload, context());
  assert.deepEqual(gateway.reachability(target()).status, "online");
});

test("a connection that is refused, or cut before the answer, is told in words", async () => {
  respond = (request) => request.socket.destroy();
  const cut = await gateway.dispatch(target(), payload, context());
  assert.match(cut.kind === "unreachable" ? cut.reason : "", /cut by the other side/);
  assert.equal(seen.length, 3);
  const nobody: AgentTarget = { ...target(), endpoint: { kind: "http", url: "http://127.0.0.1:1/" } };
  const refused = await gateway.dispatch(nobody, payload, context());
  assert.match(refused.kind === "unreachable" ? refused.reason : "", /nothing listens there/);
});

test("a try without an answer in time is given up and made again", async () => {
  await gateway.close();
  gateway = new HttpGateway({ backoff: { firstMs: 1, longestMs: 1 }, timeoutMs: 30 });
  respond = (_request, response) => {
    if (seen.length > 1) response.end();
  };
  assert.deepEqual(await gateway.dispatch(target(), payload, context()), { kind: "accepted" });
  respond = () => {};
  const outcome = await gateway.dispatch(target(), payload, context());
  assert.match(outcome.kind === "unreachable" ? outcome.reason : "", /no answer within 0.03 s/);
});

test("an answer without end is read up to its limit and no further", async () => {
  respond = (_request, response) => {
    response.writeHead(200);
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(16 * 1024, "x")));
      response.once("drain", write);
    };
    write();
  };
  assert.deepEqual(await gateway.dispatch(target(), payload, context()), { kind: "accepted" });
});

test("a dispatch that was taken is not sent again; one that may have been, is, under the same id", async () => {
  const earlier = { accepted: true, note: null };
  assert.deepEqual(await gateway.resume(target(), payload, earlier, context()), { kind: "accepted" });
  assert.equal(seen.length, 0);
  await gateway.resume(target(), payload, { ...earlier, accepted: false }, context());
  assert.equal(seen[0]?.headers["webhook-id"], "d1");
});

test("cancel and permission answers go below the agent's path and keep its query", async () => {
  const { signal } = new AbortController();
  const ref = { dispatchId: "d1", taskId: "t1" };
  await gateway.cancel(target("/hook/?key=a/b"), ref, signal);
  await gateway.answerPermission(target("/?key=c"), ref, { requestId: "r:1", optionId: "allow" }, signal);
  assert.deepEqual(
    seen.map(({ method, url, body }) => [method, url, body]),
    [
      ["DELETE", "/hook/d1?key=a/b", ""],
      ["POST", "/d1/permissions/r%3A1?key=c", '{"optionId":"allow"}'],
    ],
  );
  assert.ok(seen.every(verified));
  assert.equal(new Set(seen.map(({ headers }) => headers["webhook-id"])).size, 2);
});

test("a cancel the agent knows nothing of is done; one it refuses, or does not get, is not", async () => {
  const { signal } = new AbortController();
  const ref = { dispatchId: "d1", taskId: "t1" };
  answers([404]);
  await gateway.cancel(target(), ref, signal);
  answers([401]);
  await assert.rejects(gateway.cancel(target(), ref, signal), /refused the cancel with HTTP 401/);
  answers([500]);
  await assert.rejects(gateway.cancel(target(), ref, signal), { code: "agent_unreachable" });
});

test("an aborted dispatch stops at once, and so does everything on close", async () => {
  const abort = new AbortController();
  const arrived = Promise.withResolvers<void>();
  respond = () => arrived.resolve();
  const outcome = gateway.dispatch(target(), payload, context(abort.signal));
  await arrived.promise;
  abort.abort(new Error("cancelled"));
  await assert.rejects(outcome, /cancelled/);
  const waiting = gateway.dispatch(target(), payload, context());
  await gateway.close();
  await assert.rejects(waiting, /server stops/);
});

test("connections are kept and used again", async () => {
  for (let index = 0; index < 5; index++) await gateway.dispatch(target(), payload, context());
  assert.equal(sockets.size, 1);
});
