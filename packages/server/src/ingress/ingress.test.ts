import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, type HttpFixture, startHttp, TOKEN } from "../../test/http-fixture.ts";
import { CallbackServer, requestOf, said } from "../../test/support/callback-server.ts";
import { RawClient } from "../../test/support/raw-client.ts";

let http: HttpFixture;
before(async () => {
  http = await startHttp();
});
after(() => http.close());

async function client(): Promise<RawClient> {
  return RawClient.connect(Number(http.host.split(":")[1]));
}

/** Sends the head of a request, and reads the answer that comes although its body never does. */
async function headOnly(head: string) {
  const connection = await client();
  connection.write(`${head}\r\nHost: ${http.host}\r\n\r\n`);
  const response = await connection.response();
  connection.close();
  return response;
}

test("who has not logged in is read 8 KiB, and no more", async () => {
  const json = "Content-Type: application/json";
  assert.equal((await headOnly(`POST /api/session HTTP/1.1\r\n${json}\r\nContent-Length: 8193`)).status, 413);
  const chunked = await client();
  chunked.write(
    `POST /api/session HTTP/1.1\r\nHost: ${http.host}\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  chunked.write(`2001\r\n${" ".repeat(0x2001)}\r\n`);
  const refused = await chunked.response();
  assert.equal(refused.status, 413);
  assert.equal(refused.headers.get("content-type"), "application/problem+json");
  chunked.close();
  const logIn = await call(`${http.url}/api/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: TOKEN }).padEnd(8192),
  });
  assert.equal(logIn.status, 201, "8 KiB are read");
});

test("what is no route, or needs a log-in, is refused before its body", async () => {
  for (const [path, status] of [
    ["/nowhere", 404],
    ["/", 405],
    ["/healthz", 405],
    ["/api/tasks", 401],
    ["/api/nowhere", 401],
  ] as const) {
    const head = `POST ${path} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100000`;
    const answer = await headOnly(head);
    assert.ok(
      answer.status === status || (path === "/" && answer.status === 404),
      `${path}: ${answer.status}`,
    );
  }
});

test("a JSON body costs no call of a function for each of its elements", async (context) => {
  const parse = context.mock.method(JSON, "parse");
  const { status } = await http.call("POST", "/api/tasks", { title: "x", tags: [] });
  assert.equal(status, 201);
  assert.ok(parse.mock.callCount() > 0);
  for (const { arguments: given } of parse.mock.calls) assert.equal(given[1], undefined);
});

test("names that would reach a prototype are refused however they are written", async () => {
  for (const body of [
    '{"title":"x","context":{"__proto__":{}}}',
    '{"title":"x","context":{"\\u005f_proto__":1}}',
  ]) {
    const { status } = await call(`${http.url}/api/tasks`, {
      method: "POST",
      headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" },
      body,
    });
    assert.equal(status, 400, body);
  }
});

test("a whole URL as the target is read as its path, and its host counts (RFC 9112, section 3.2.2)", async () => {
  const get = async (target: string, host = http.host) => {
    const connection = await client();
    connection.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    const response = await connection.response();
    connection.close();
    return response;
  };
  assert.equal((await get(`http://${http.host}/api/tasks?limit=1`)).status, 200);
  assert.equal((await get(`HTTP://${http.host}/healthz`)).status, 200);
  assert.equal((await get(`http://${http.host}`)).status, 200, "no path is the page");
  assert.equal((await get(`http://${http.host}/api/tasks`, "elsewhere.example")).status, 200);
  assert.equal((await get("http://elsewhere.example/api/tasks")).status, 421);
  http.raw.length = 0;
  await get(`http://${http.host}/api/events?taskId=t`);
  assert.deepEqual(http.raw, ["events GET /api/events?taskId=t"]);
});

test("a request that is whole is answered before what follows it is refused", async () => {
  const connection = await client();
  const body = '{"title":"kept"}';
  connection.write(
    `POST /api/tasks HTTP/1.1\r\nHost: ${http.host}\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    "garbage\r\n\r\n",
  );
  assert.equal((await connection.response()).status, 201);
  assert.equal((await connection.response()).status, 400);
  await connection.end();
});

test("a callback that is stored says so, whatever follows it on its connection", async (context) => {
  const server = await CallbackServer.open();
  context.after(() => server.close());
  for (const unusual of [{}, { Connection: "keep-alive, x" }]) {
    const connection = await server.client();
    const { head, body } = requestOf({
      body: said(),
      id: `msg_${Object.keys(unusual).length}`,
      headers: unusual,
    });
    connection.write(head, body, "garbage\r\n\r\n");
    assert.equal((await connection.response()).status, 200);
    assert.equal((await connection.response()).status, 400);
    await connection.end();
  }
});

test("a callback under the public URL's path is the same callback", async (context) => {
  const server = await CallbackServer.open();
  context.after(() => server.close());
  const answers = [];
  for (const path of ["/mission/api/webhooks/callback/d1", "/api/webhooks/callback/d1"]) {
    const { status, json } = await server.send({ body: said(), id: "msg_1", path });
    answers.push([status, json.duplicate]);
  }
  assert.deepEqual(answers, [
    [200, false],
    [200, true],
  ]);
});

test("a connection is closed when the client asks so by the old name of the field too", async (context) => {
  const server = await CallbackServer.open();
  context.after(() => server.close());
  const connection = await server.client();
  const { head, body } = requestOf({ body: said(), headers: { "Proxy-Connection": "close" } });
  connection.write(head, body);
  const response = await connection.response();
  assert.deepEqual([response.status, response.headers.get("connection")], [200, "close"]);
  await connection.end();
});

test("metrics are not open to what a proxy on this machine passes on", async () => {
  const read = async (lines: string, version = "1.1", host = http.host) => {
    const connection = await client();
    connection.write(`GET /metrics HTTP/${version}\r\nHost: ${host}\r\n${lines}\r\n`);
    const text = await connection.bytes((bytes) => bytes.includes("\r\n"));
    connection.close();
    return Number(text.split(" ")[1]);
  };
  assert.equal(await read(""), 200);
  for (const name of [
    "X-Real-IP",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "Forwarded",
    "Via",
    "CF-Connecting-IP",
    "True-Client-IP",
  ]) {
    assert.equal(await read(`${name}: 203.0.113.1\r\n`), 401, name);
    assert.equal(await read(`${name}: 203.0.113.1\r\nAuthorization: Bearer ${TOKEN}\r\n`), 200, name);
  }
  assert.equal(await read("", "1.0"), 401, "the protocol that many proxies speak to what is behind them");
});

test("a refused signature is answered with the server's time, also after its clock was set back", async (t) => {
  const server = await CallbackServer.open();
  t.after(() => server.close());
  const head = (path: string) =>
    `POST /api/webhooks/callback${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
  const chunked = "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
  const told = async (request: string) => {
    const connection = await server.client();
    connection.write(request);
    const { status, headers } = await connection.response();
    connection.close();
    assert.equal(status, 401);
    return Date.parse(headers.get("date") ?? "");
  };
  // Node's own server makes its text anew each second, by a timer.
  assert.ok(Math.abs((await told(head("/d1") + chunked)) - Date.now()) < 60_000);
  const start = Date.now();
  t.mock.timers.enable({ apis: ["Date"], now: start });
  for (const jump of [0, 3_600_000, -3_600_000]) {
    t.mock.timers.setTime(start + jump);
    for (const path of ["/d1", ""]) {
      const date = await told(`${head(path)}Content-Length: 2\r\n\r\n{}`);
      assert.ok(Math.abs(date - start - jump) < 2000, `${path}: ${date - start} after ${jump}`);
    }
  }
});
