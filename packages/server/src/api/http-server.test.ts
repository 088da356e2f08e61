import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { call, type HttpFixture, startHttp, TOKEN } from "../../test/http-fixture.ts";
import { StoreUnavailableError } from "../store/store.ts";

let http: HttpFixture;
before(async () => {
  http = await startHttp();
});
after(() => http.close());

/** Sends bytes as they are and reads until the server closes. */
async function sendRaw(bytes: string): Promise<string> {
  const socket = connect(Number(http.host.split(":")[1]), "127.0.0.1");
  socket.end(bytes);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer;
}

test("every call of the API but the log-in needs one", async () => {
  const { body } = await http.call("GET", "/api/openapi.json");
  let guarded = 0;
  for (const [path, item] of Object.entries<Record<string, { security?: [] }>>(body.paths)) {
    for (const [method, { security }] of Object.entries(item)) {
      if (security || path === "/api/events" || path === "/metrics") continue;
      const url = http.url + path.replaceAll(/\{[^}]+\}/g, "some-id");
      const { status, headers, body: problem } = await call(url, { method: method.toUpperCase() });
      assert.equal(status, 401, `${method} ${path}`);
      assert.equal(headers.get("www-authenticate"), "Bearer");
      assert.equal(problem.status, 401);
      guarded++;
    }
  }
  assert.ok(guarded >= 20, String(guarded));
  assert.equal((await call(`${http.url}/api/openapi.json`)).status, 401);
  assert.equal((await call(`${http.url}/api/nothing`)).status, 401);
  assert.equal((await call(`${http.url}/%61pi/tasks`)).status, 401);
  assert.equal((await call(`${http.url}/api/tasks/`)).status, 401);
});

test("only the exact token opens the API", async () => {
  const tryWith = async (Authorization: string) =>
    (await call(`${http.url}/api/tasks`, { headers: { Authorization } })).status;
  assert.equal(await tryWith(`Bearer ${TOKEN}`), 200);
  assert.equal(await tryWith(`bearer ${TOKEN}`), 200);
  for (const wrong of [
    "Bearer",
    "Bearer x",
    `Bearer ${TOKEN}x`,
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN} x`,
  ]) {
    assert.equal(await tryWith(wrong), 401, wrong);
  }
  assert.equal((await call(`${http.url}/api/tasks?token=${TOKEN}`)).status, 401);
});

test("callbacks and streams go to their handlers whole, under the framework", async () => {
  http.raw.length = 0;
  await call(`${http.url}/api/webhooks/callback`, { method: "POST", body: "not json" });
  await call(`${http.url}/api/webhooks/callback/d1?x=1`, { method: "POST", body: "{" });
  await call(`${http.url}/api/events?taskId=t`, {});
  await call(`${http.url}/api/webhooks/call%62ack`, { method: "POST", body: "{" });
  assert.deepEqual(http.raw, [
    "callback POST /api/webhooks/callback",
    "callback POST /api/webhooks/callback/d1?x=1",
    "events GET /api/events?taskId=t",
    "callback POST /api/webhooks/call%62ack",
  ]);
  assert.equal((await http.call("POST", "/api/webhooks/callbacks", {})).status, 404);
  assert.equal((await http.call("GET", "/api/eventsx")).status, 404);
});

test("an unknown address is not found, a wrong method is told which are right", async () => {
  assert.equal((await http.call("GET", "/api/nothing")).status, 404);
  assert.equal((await http.call("POST", "/api/nothing", {}, { "Content-Type": "text/plain" })).status, 404);
  for (const [method, path, allow] of [
    ["PUT", "/api/tasks", "GET, HEAD, POST"],
    ["OPTIONS", "/api/tasks/t1", "DELETE, GET, HEAD, PATCH"],
    ["GET", "/api/tasks/t1/cancel", "POST"],
    ["GET", "/api/webhooks/callback", "POST"],
    ["DELETE", "/api/events", "GET"],
    ["POST", "/healthz", "GET, HEAD"],
  ] as const) {
    const { status, headers, body } = await http.call(method, path);
    assert.equal(status, 405, `${method} ${path}`);
    assert.equal(headers.get("allow"), allow);
    assert.equal(body.status, 405);
  }
});

test("bodies that are not what they should be are refused as such", async () => {
  const post = (body: RequestInit["body"], type = "application/json") =>
    call(`${http.url}/api/tasks`, {
      method: "POST",
      headers: { Authorization: `Bearer ${TOKEN}`, ...(type === "" ? {} : { "Content-Type": type }) },
      body: body ?? null,
    });
  const refused: [number, RequestInit["body"], string?][] = [
    [400, "{"],
    [400, ""],
    [400, '{"title":"x"} trailing'],
    [400, Buffer.from('{"title":"\xff"}', "latin1")],
    [400, '{"title":"x","context":{"__proto__":{"a":1}}}'],
    [400, '{"title":"half a character \\ud83d"}'],
    [400, '{"title":"x","context":{"\\udc00":1}}'],
    [400, '{"title":"x","context":{"n":1e999}}'],
    [400, "[1]"],
    [415, '{"title":"x"}', "text/plain"],
    [415, "title=x", "application/x-www-form-urlencoded"],
    [415, '{"title":"x"}', "nonsense"],
    [413, JSON.stringify({ title: "x", description: "y".repeat(1024 * 1024) })],
  ];
  for (const [status, body, type] of refused) {
    const answer = await post(body, type);
    assert.equal(answer.status, status, String(body).slice(0, 80));
    assert.equal(answer.body.status, status);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    // Clients look there for what is wrong with what they sent (RFC 9457, section 3).
    if (status === 400) assert.ok(answer.body.errors?.[0]?.message, String(body));
  }
  assert.equal((await post('{"title":"x"}', "application/json; charset=utf-8")).status, 201);
});

test("an address that cannot be decoded is a bad request, an endless one is not found", async () => {
  const bad = await http.call("GET", "/api/tasks/%zz");
  assert.equal(bad.status, 400);
  assert.equal(bad.body.status, 400);
  assert.equal(bad.headers.get("x-content-type-options"), "nosniff");
  assert.equal((await http.call("GET", `/api/tasks/${"x".repeat(2000)}`)).status, 404);
  assert.equal((await http.call("GET", `/api/tasks/${"x".repeat(500)}`)).status, 404);
  assert.equal((await http.call("GET", "/api/tasks/%00%ff")).status, 400);
  assert.equal((await http.call("GET", "/api/tasks/%00%E2%82%AC")).status, 404);
});

test("what is no HTTP is answered as a problem, and the connection closed", async () => {
  for (const [bytes, status] of [
    ["nonsense\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"y".repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const answer = await sendRaw(bytes);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(answer, /application\/problem\+json/);
    assert.equal(JSON.parse(answer.split("\r\n\r\n")[1] ?? "").status, status);
  }
});

test("no text, however odd, makes the server fail", async () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("\u0000", "\ud800", "'\"--", "%"),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.jsonValue(), fc.object(), async (title, extra, context) => {
      const created = await http.call("POST", "/api/tasks", { title, context, tags: [title], extra });
      assert.ok([201, 400].includes(created.status), String(created.status));
      const query = new URLSearchParams({ q: title.toWellFormed(), tag: title.toWellFormed() });
      const listed = await http.call("GET", `/api/tasks?${query}`);
      assert.ok([200, 400].includes(listed.status), String(listed.status));
      const patched = await http.call("PATCH", "/api/tasks/none", extra ?? {});
      assert.ok([400, 404].includes(patched.status), String(patched.status));
    }),
    { numRuns: 100 },
  );
});

test("every answer carries the security headers", async () => {
  for (const path of ["/", "/api/tasks", "/api/nothing", "/healthz", "/metrics"]) {
    const { headers } = await http.call("GET", path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(headers.get("referrer-policy"), "no-referrer", path);
    assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/, path);
  }
});

test("a fault is a 500 that tells nothing but its id in the log", async (t) => {
  const logged: { fields: Record<string, unknown>; message: string }[] = [];
  const ignore = () => {};
  const broken = await startHttp({
    logger: {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (fields, message) => void logged.push({ fields: { ...fields }, message }),
    },
    unreadyReason: async () => {
      throw new Error("the secret of the house");
    },
  });
  t.after(() => broken.close());
  const { status, body } = await broken.call("GET", "/readyz");
  assert.equal(status, 500);
  assert.match(body.requestId, /^req_/);
  assert.ok(!JSON.stringify(body).includes("house"));
  assert.equal(logged[0]?.fields.requestId, body.requestId);
});

test("where the store cannot commit, or the server is stopping, clients are told to come again", async (t) => {
  const stuck = await startHttp({
    unreadyReason: async () => "The server is stopping.",
    agents: {
      caughtUp: async () => {},
      list: () => {
        throw new StoreUnavailableError("The store could not commit.");
      },
    } as never,
  });
  t.after(() => stuck.close());
  for (const path of ["/readyz", "/api/agents"]) {
    const { status, headers } = await stuck.call("GET", path);
    assert.equal(status, 503, path);
    assert.equal(headers.get("retry-after"), "1");
  }
  assert.equal((await stuck.call("GET", "/healthz")).status, 200);
});

test("requests are counted by the route's pattern", async () => {
  await http.call("GET", "/api/tasks/secret-id");
  const { body } = await http.call("GET", "/metrics");
  assert.match(body, /http_requests_total\{method="GET",route="\/api\/tasks\/:id",status="404"\} \d/);
  assert.ok(!body.includes("secret-id"));
});

test("metrics are read here, or with the token", async () => {
  const read = async (headers: Record<string, string>) =>
    (await call(`${http.url}/metrics`, { headers })).status;
  assert.equal(await read({}), 200);
  assert.equal(await read({ "X-Forwarded-For": "192.0.2.1" }), 401);
  assert.equal(await read({ "X-Forwarded-For": "192.0.2.1", Authorization: `Bearer ${TOKEN}` }), 200);
});

test("closing answers what is in hand and takes nothing more", async () => {
  const own = await startHttp();
  const agent = new Agent({ keepAlive: true });
  const [host, port] = own.host.split(":");
  const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
  const slow = httpRequest({ host, port, agent, method: "POST", path: "/api/tasks", headers });
  slow.write('{"title":');
  const idle = await call(`${own.url}/healthz`);
  assert.equal(idle.status, 200);
  // The server has the request once the headers are there; this round trip on another connection comes after.
  const closed = own.server.close();
  slow.end('"in hand"}');
  const [answer] = await once(slow, "response");
  assert.equal(answer.statusCode, 201);
  answer.resume();
  await closed;
  await assert.rejects(fetch(`${own.url}/healthz`));
  agent.destroy();
  await own.close();
});

test("closing cuts off what does not end by itself", async () => {
  const own = await startHttp({ events: () => {} });
  const [host, port] = own.host.split(":");
  const endless = httpRequest({ host, port, path: "/api/events" });
  endless.end();
  await once(endless, "socket");
  await call(`${own.url}/healthz`);
  const cut = once(endless, "error");
  await own.server.close(AbortSignal.abort());
  await cut;
  await own.close();
});
