import assert from "node:assert/strict";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import {
  CALLBACK_PATH,
  type DispatchPayload,
  type ExchangeDetail,
  type ExchangePage,
  type ExchangeView,
  exchangeDetailSchema,
  exchangePageSchema,
  signStandard,
  standardHeaders,
} from "@mission-control/protocol";
import { AgentDouble, dispatchTasks, ServerProcess } from "./support/server-process.ts";

const MANY = 1500;

let server: ServerProcess;
let agent: AgentDouble;
let payload: DispatchPayload;

before(async () => {
  server = await ServerProcess.start();
  agent = await AgentDouble.start();
  [payload = assert.fail()] = await dispatchTasks(server, agent, 1);
});

after(async () => {
  await server.close();
  await agent.close();
});

async function list(query: Record<string, string> = {}): Promise<ExchangeView[]> {
  const path = `/api/exchanges?${new URLSearchParams({ limit: "500", ...query })}`;
  return exchangePageSchema.parse(await server.call<ExchangePage>("GET", path)).items;
}

async function detail(id = ""): Promise<ExchangeDetail> {
  return exchangeDetailSchema.parse(await server.call<ExchangeDetail>("GET", `/api/exchanges/${id}`));
}

/** The one exchange that a query finds, once it is there: what was sent is kept beside the dispatch, not before it. */
async function only(query: Record<string, string>): Promise<ExchangeDetail> {
  for (;;) {
    const [first, ...more] = await list(query);
    assert.equal(more.length, 0);
    if (first) return detail(first.id);
  }
}

/** Dispatches a task to an agent that answers as it likes. @returns the attempt's dispatches, and how often it was asked */
async function dispatchTo(answer: RequestListener): Promise<{ exchange: ExchangeDetail; asked: number }> {
  let asked = 0;
  const hostile = createServer((request, response) => {
    if (request.method === "POST") asked++;
    request.resume().on("end", () => answer(request, response));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => hostile.once("listening", resolve));
  const { port } = hostile.address() as AddressInfo;
  const endpoint = { kind: "http", url: `http://user:password@127.0.0.1:${port}/?key=secret-key` };
  const name = `agent ${port}`;
  const { id: agentId } = await server.call<{ id: string }>("POST", "/api/agents", { name, endpoint });
  const { id } = await server.call<{ id: string }>("POST", "/api/tasks", { title: "One" });
  await server.call("POST", `/api/tasks/${id}/dispatch`, { agentId }).catch(() => {});
  const [found] = await list({ taskId: id, direction: "dispatch" });
  const exchange = found ? await detail(found.id) : await only({ taskId: id, direction: "dispatch" });
  hostile.closeAllConnections();
  await new Promise((resolve) => hostile.close(resolve));
  return { exchange, asked };
}

test("a dispatch is told with what was sent and answered, and without its secrets", async () => {
  const { dispatchId, task } = payload;
  const { request, tries, ...told } = await only({ dispatchId, direction: "dispatch" });
  assert.deepEqual(
    [told.what, told.result, told.status, told.taskId, told.agentId, told.tryCount],
    ["dispatch", "ok", 202, task.id, payload.agent.id, 1],
  );
  assert.equal(tries.length, 1);
  assert.equal(request?.headers["webhook-id"], dispatchId);
  assert.equal(request.headers["webhook-signature"], "***");
  const body = JSON.parse(request.body ?? "") as DispatchPayload;
  assert.deepEqual(body, { ...payload, callback: { ...payload.callback, secret: "***" } });
});

test("tries of an agent that answers 500 and then 202 are told one by one", async () => {
  let count = 0;
  const { exchange, asked } = await dispatchTo((_, response) => {
    count++;
    if (count > 1) return void response.writeHead(202).end();
    response
      .writeHead(500, { "retry-after": "0", "set-cookie": "s=1", "x-request-id": "abc" })
      .end("not yet");
  });
  assert.equal(asked, 2);
  assert.deepEqual([exchange.result, exchange.status, exchange.tryCount], ["ok", 202, 2]);
  const [first] = exchange.tries;
  assert.deepEqual([first?.status, first?.response], [500, "not yet"]);
  assert.deepEqual([first?.headers?.["set-cookie"], first?.headers?.["x-request-id"]], ["***", "abc"]);
  assert.match(exchange.request?.url ?? "", /^http:\/\/\*\*\*@127\.0\.0\.1:\d+\/\?key=\*\*\*$/);
});

for (const [what, answer, result, status, reason] of [
  ["101", (_: unknown, response: ServerResponse) => switchProtocols(response), "refused", 101, /HTTP 101/],
  ["409 with a reason", json(409, { reason: "full" }), "refused", 409, /full/],
  ["accepted: false", json(200, { accepted: false, reason: "no" }), "refused", 200, /^no$/],
  ["nothing, and hangs up", hangUp, "unknown", undefined, /cut|without an answer/],
] as [string, RequestListener, string, number | undefined, RegExp][]) {
  test(`an agent that answers ${what} is told of as ${result}`, async () => {
    const { exchange } = await dispatchTo(answer);
    assert.deepEqual([exchange.result, exchange.status], [result, status]);
    assert.match(exchange.reason ?? "", reason);
    assert.equal(exchange.tries.length, 1);
  });
}

test("of an answer without end, only its beginning is read and kept", async () => {
  const { exchange } = await dispatchTo((_, response) => {
    response.writeHead(202, { "content-length": String(1024 ** 3) });
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, "x")));
      response.once("drain", write);
    };
    write();
  });
  assert.deepEqual([exchange.result, exchange.tries[0]?.response?.length], ["ok", 1024]);
});

test("a callback that is taken is told from the log, and one that is refused with the reason its sender does not get", async () => {
  const { callback, dispatchId, task } = payload;
  const post = (body: string, headers: Record<string, string>) =>
    fetch(callback.url, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
  const now = Math.floor(Date.now() / 1000);
  const said = JSON.stringify({
    taskId: task.id,
    agentId: payload.agent.id,
    type: "progress",
    message: "On it",
  });
  const signed = (id: string, body = said, timestamp = now) =>
    standardHeaders(callback.secret, { id, timestamp, body });
  assert.equal((await post(said, signed("m1"))).status, 200);
  const { event, ...taken } = await only({ dispatchId, direction: "callback", result: "ok" });
  assert.deepEqual([taken.what, taken.result, taken.request], ["progress", "ok", undefined]);
  assert.equal(event?.message, "On it");

  const refusals: [string, Response, RegExp, boolean][] = [
    ["unsigned", await post(said, { authorization: "Bearer sesame" }), /no signature/, false],
    ["old", await post(said, signed("m2", said, now - 1000)), /1000 s behind/, false],
    ["changed", await post(`${said} `, signed("m3")), /not one by the dispatch's secret/, false],
    ["no callback", await post("{}", signed("m4", "{}")), /not a callback/, true],
  ];
  const found = (await list({ dispatchId, result: "refused" })).reverse();
  assert.equal(found.length, refusals.length);
  for (const [index, [what, response, reason, isVerified]] of refusals.entries()) {
    const answered = await response.text();
    const told = await detail(found[index]?.id);
    assert.match(told.reason ?? "", reason, what);
    assert.deepEqual(
      [told.status, told.isVerified, told.address],
      [response.status, isVerified, "127.0.0.1"],
    );
    if (response.status === 401) assert.doesNotMatch(answered, reason, `${what}: the sender gets no hint`);
    if (index < 3) assert.ok(told.request?.body?.startsWith(said));
  }
  const text = JSON.stringify(await Promise.all(found.map(({ id }) => detail(id))));
  assert.doesNotMatch(text, /sesame|v1,/);
  const signature = signStandard(callback.secret, { id: "m4", timestamp: now, body: "{}" });
  assert.ok(!text.includes(signature.slice(3, 20)), "no signature is shown");
});

test("a page ends where it is told to, and the next goes on behind it without a gap", async () => {
  const all = await list();
  const pages: ExchangeView[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query = new URLSearchParams({ limit: "3", ...(cursor ? { cursor } : {}) });
    const page: ExchangePage = await server.call("GET", `/api/exchanges?${query}`);
    pages.push(...page.items);
    cursor = page.nextCursor;
  }
  assert.deepEqual(pages, all);
  assert.ok(
    all.every(({ at }, index) => index === 0 || at <= (all[index - 1]?.at ?? "")),
    "newest first",
  );
  const middle = all[Math.floor(all.length / 2)]?.at ?? "";
  assert.deepEqual(
    [...(await list({ from: middle })), ...(await list({ until: middle }))].map(({ id }) => id),
    all.map(({ id }) => id),
  );
  await assert.rejects(server.call("GET", "/api/exchanges?cursor=x"), /400/);
});

test("killed, the server has what it had; and a flood of refused callbacks fills nothing", async () => {
  const before = await list();
  await server.end("SIGKILL");
  await server.restart();
  assert.deepEqual(await list(), before);

  const send = async () => {
    for (let index = 0; index < MANY / 10; index++) {
      const response = await fetch(server.url + CALLBACK_PATH, { method: "POST", body: "x".repeat(10_000) });
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 10 }, send));
  // What was not kept is told in one line, at the latest when the server stops.
  await server.end("SIGTERM");
  await server.restart();
  const flood = (await list({ direction: "callback", result: "refused" })).slice(0, -4);
  const told = flood.reduce((sum, { notKept = 1 }) => sum + notKept, 0);
  assert.equal(told, MANY);
  assert.ok(flood.length < 150, `${flood.length} lines`);
  const kept = await detail(flood.find(({ notKept }) => notKept === undefined)?.id);
  assert.equal(kept.request?.body?.length, 4096);
  assert.equal(kept.request.bodyBytes, 10_000);
});

function json(status: number, body: object): RequestListener {
  return (_, response) => void response.writeHead(status).end(JSON.stringify(body));
}

function switchProtocols({ socket }: ServerResponse): void {
  socket?.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
}

function hangUp(_: unknown, { socket }: ServerResponse): void {
  socket?.destroy();
}
