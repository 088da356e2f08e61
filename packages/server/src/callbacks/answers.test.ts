import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { CALLBACK_PATH, MAX_CALLBACK_BYTES, signStandard } from "@mission-control/protocol";
import { Webhook } from "standardwebhooks";
import { running } from "../../test/conformance/engine.ts";
import {
  CallbackServer,
  NOW,
  NOW_SECONDS,
  requestOf,
  type Scheme,
  SHARED,
  said,
} from "../../test/support/callback-server.ts";

let server: CallbackServer;
let messages = 0;

before(async () => {
  server = await CallbackServer.open();
});
after(() => server.close());

const newId = () => `msg_new_${++messages}`;

/** Checks that something is refused with a status and leaves the log as it was. */
async function refusedWith(
  status: number,
  send: Parameters<CallbackServer["send"]>[0],
): Promise<Record<string, unknown>> {
  const newest = await server.newest;
  const response = await server.send({ id: newId(), ...send });
  assert.equal(response.status, status, response.body);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal(response.json.status, status);
  assert.equal(await server.newest, newest, "nothing was stored");
  for (const { path } of (response.json.errors ?? []) as { path: string }[]) {
    assert.ok(String(response.json.detail).includes(`: ${path}`) || path === "", response.body);
  }
  return response.json;
}

for (const scheme of ["standard", "simple"] satisfies Scheme[]) {
  for (const dispatchId of ["d1", null]) {
    const url = dispatchId === null ? "shared URL" : "dispatch's own URL";
    test(`200: a ${scheme} callback on the ${url} is stored and answered with its event`, async () => {
      const body = said({ id: newId(), message: `${scheme} ${url}` });
      const response = await server.send({ body, scheme, dispatchId, id: newId() });
      assert.equal(response.status, 200, response.body);
      assert.equal(response.headers.get("content-type"), "application/json");
      const newest = await server.newest;
      assert.deepEqual(response.json, {
        ok: true,
        eventId: newest,
        duplicate: false,
        taskStatus: "in_progress",
      });
      const { items } = await server.store.history(null, {}, 1);
      assert.deepEqual([items[0]?.id, items[0]?.message], [newest, `${scheme} ${url}`]);
    });

    test(`401: a ${scheme} callback on the ${url} with another's secret, or none, leaves no hint`, async () => {
      const body = said({ id: newId() });
      const other = dispatchId === null ? undefined : SHARED[0];
      const answers = [
        await refusedWith(401, {
          body,
          scheme,
          dispatchId,
          secret: other ?? "whsec_bm90LW91cnMtbm90LW91cnMtbm90LW91cnMh",
        }),
        await refusedWith(401, { body, scheme: "none", dispatchId }),
      ];
      assert.deepEqual(answers[0], answers[1], "every refusal reads the same");
    });
  }
}

test("200: any of the shared secrets verifies, so that they can be rotated", async () => {
  for (const secret of SHARED) {
    for (const scheme of ["standard", "simple"] satisfies Scheme[]) {
      const body = said({ id: newId() });
      const response = await server.send({ body, scheme, secret, dispatchId: null, id: newId() });
      assert.equal(response.status, 200);
    }
  }
});

test("200: one right signature among several is enough", async () => {
  const id = newId();
  const body = said();
  const right = signStandard(SHARED[1], { id, timestamp: NOW_SECONDS, body });
  const wrong = signStandard("whsec_bm90LW91cnMtbm90LW91cnMtbm90LW91cnMh", {
    id,
    timestamp: NOW_SECONDS,
    body,
  });
  const signature = `v1a,other ${wrong} ${right}`;
  const sent = { body, id, dispatchId: null, headers: { "webhook-signature": signature } };
  assert.equal((await server.send(sent)).status, 200);
  const only = { ...sent, id: newId(), headers: { "webhook-signature": `${wrong} v1a,other` } };
  await refusedWith(401, only);
});

test("200: what the published package signs is accepted", async () => {
  const id = newId();
  const body = said({ message: "héllo \u{1f600}" });
  const signature = new Webhook(SHARED[0]).sign(id, NOW, body);
  const headers = { "webhook-signature": signature };
  const response = await server.send({ body, id, dispatchId: null, headers });
  assert.equal(response.status, 200);
});

test("401: a changed body, id or time, and a time outside the window", async () => {
  const id = newId();
  const signature = signStandard(SHARED[0], { id, timestamp: NOW_SECONDS, body: said() });
  const signed = { id, dispatchId: null, headers: { "webhook-signature": signature } };
  await refusedWith(401, { ...signed, body: said({ message: "another" }) });
  await refusedWith(401, { ...signed, body: said(), id: newId() });
  await refusedWith(401, { ...signed, body: said(), timestamp: NOW_SECONDS + 1 });
  await refusedWith(401, { body: said(), timestamp: NOW_SECONDS - 301 });
  await refusedWith(401, { body: said(), timestamp: NOW_SECONDS + 301 });
  const edge = await server.send({ body: said(), timestamp: NOW_SECONDS - 300, id: newId() });
  assert.equal(edge.status, 200);
});

test("401 comes before anything is read: a body that is no JSON, of no type, unsigned", async () => {
  await refusedWith(401, { body: "{", scheme: "none" });
  await refusedWith(401, { body: "x", scheme: "none", headers: { "Content-Type": "text/plain" } });
  assert.equal(server.counted.at(-1), "unauthorized");
});

test("400: what is signed but no callback, and where it is wrong", async () => {
  const problem = await refusedWith(400, { body: said({ type: "done" }) });
  assert.deepEqual(
    (problem.errors as { path: string }[]).map(({ path }) => path),
    ["type"],
  );
  for (const body of ["", "{", "null", "[]", '"x"', "\ufeff{}", said().slice(0, -1), `${said()}x`]) {
    await refusedWith(400, { body });
  }
  await refusedWith(400, {
    body: Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe, 0x22, 0x7d])]),
  });
  await refusedWith(400, { body: `{"a":${"[".repeat(100_000)}` });
  await refusedWith(400, { body: said({ data: JSON.parse(`{"a":${"[".repeat(200)}${"]".repeat(200)}}`) }) });
  const elsewhere = await refusedWith(400, { body: said({ dispatchId: "d2" }) });
  assert.deepEqual(
    (elsewhere.errors as { path: string }[]).map(({ path }) => path),
    ["dispatchId"],
  );
});

test("400: half a surrogate pair anywhere, which would be stored as another text; a whole pair is fine", async () => {
  const illFormed: [string, string][] = [
    [said({ message: "cut \ud83d" }), "message"],
    [said({ data: { deep: ["ok", { "\udc00": 1 }] } }), "data.deep.1"],
    [said({ usage: { cost: { amount: 1, currency: "\ud800" } } }), "usage.cost.currency"],
    // Two different ids that would be stored as the same one.
    [said({ id: "a\ud800" }), "id"],
    [said({ id: "a\ud801" }), "id"],
  ];
  for (const [body, path] of illFormed) {
    const problem = await refusedWith(400, { body, scheme: "simple" });
    assert.deepEqual(
      (problem.errors as { path: string }[]).map((error) => error.path),
      [path],
    );
  }
  const whole = JSON.stringify({ ...JSON.parse(said()), message: "PAIR" }).replace(
    "PAIR",
    "\\ud83d\\ude00 \\\\ud800",
  );
  assert.equal((await server.send({ body: whole, id: newId() })).status, 200);
  const { items } = await server.store.history(null, {}, 1);
  assert.equal(items[0]?.message, "\u{1f600} \\ud800");
});

test("400: a time that is none, or beyond the year 9999; otherwise any way of writing it is taken", async () => {
  for (const timestamp of ["yesterday", "+010000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00"]) {
    await refusedWith(400, { body: said({ timestamp }) });
  }
  const body = said({ timestamp: "2026-11-23T11:00:00,5+0100", message: null, data: [] });
  for (const scheme of ["standard", "simple"] satisfies Scheme[]) {
    assert.equal((await server.send({ body, scheme, id: newId() })).status, 200);
    const { items } = await server.store.history(null, {}, 1);
    assert.deepEqual([items[0]?.timestamp, items[0]?.data], ["2026-11-23T10:00:00.500Z", {}]);
  }
});

test("400: usage and numbers that no sum, or no JSON, could hold", async () => {
  await refusedWith(400, { body: said({ usage: { inputTokens: 1e308 } }) });
  await refusedWith(400, { body: said().replace('"on it"', '"on it","data":{"n":1e999}') });
});

test("an agent on the shared URL numbers its callbacks anew in its next attempt, and both are kept", async (context) => {
  const own = await CallbackServer.open();
  context.after(() => own.close());
  const start = NOW.getTime();
  const send = (seconds: number, id: number, fields: Record<string, unknown>) => {
    own.clock.now = new Date(start + seconds * 1000);
    const timestamp = own.clock.now.toISOString();
    const body = said({ id: `${id}`, timestamp, ...fields });
    return own.send({ body, scheme: "simple", dispatchId: null });
  };
  await send(10, 1, { message: "first" });
  assert.equal((await send(20, 2, { type: "error", error: "broke" })).json.taskStatus, "failed");
  own.clock.now = new Date(start + 60_000);
  const dispatchId = "d2";
  await own.store.change({ kind: "dispatch", taskId: "t1", agentId: "a1", newDispatchId: dispatchId });
  await own.store.change({ kind: "sending", taskId: "t1", dispatchId });
  await own.store.change({ kind: "accepted", taskId: "t1", dispatchId });
  const again = await send(70, 1, { message: "first" });
  assert.deepEqual([again.status, again.json.duplicate], [200, false], again.body);
  // A try of the first attempt that comes only now is about the first attempt still.
  const late = said({ id: "3", timestamp: new Date(start + 15_000).toISOString(), type: "complete" });
  const refused = await own.send({ body: late, scheme: "simple", dispatchId: null });
  assert.deepEqual([refused.status, refused.json.duplicate], [409, false]);
  const done = await send(80, 2, { type: "complete", summary: "Done." });
  assert.deepEqual([done.json.duplicate, done.json.taskStatus], [false, "completed"]);
  const attempts = await own.store.attemptsOf("t1");
  assert.deepEqual(
    attempts.map(({ state }) => state),
    ["failed", "completed"],
  );
  const repeat = await send(80, 2, { type: "complete", summary: "Done." });
  assert.deepEqual([repeat.json.duplicate, repeat.json.eventId], [true, done.json.eventId]);
  const named = said({ id: "2", type: "complete", summary: "Done.", timestamp: own.clock.now.toISOString() });
  const onItsOwnUrl = await own.send({ body: named, scheme: "simple", dispatchId });
  assert.equal(onItsOwnUrl.json.duplicate, true, "however it is told which dispatch it is about");
});

test("400: the simple scheme needs its time in the body", async () => {
  const problem = await refusedWith(400, { body: said({ timestamp: undefined }), scheme: "simple" });
  assert.deepEqual(
    (problem.errors as { path: string }[]).map(({ path }) => path),
    ["timestamp"],
  );
});

test("401, not 400: the simple scheme's time outside the window, unless the delivery is a known repeat", async () => {
  const body = said({ id: newId() });
  const old = said({ id: newId(), timestamp: new Date(NOW.getTime() - 301_000).toISOString() });
  await refusedWith(401, { body: old, scheme: "simple" });
  const first = await server.send({ body, scheme: "simple" });
  assert.equal(first.status, 200);
  server.clock.now = new Date(NOW.getTime() + 3_600_000);
  const repeat = await server.send({ body, scheme: "simple" });
  server.clock.now = NOW;
  assert.deepEqual(repeat.json, { ...first.json, duplicate: true });
});

test("415: another type, or an encoded body", async () => {
  const types = ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "text/json"];
  for (const type of types) await refusedWith(415, { body: said(), headers: { "Content-Type": type } });
  await refusedWith(415, { body: said(), headers: { "Content-Type": null } });
  await refusedWith(415, { body: said(), headers: { "Content-Encoding": "gzip" } });
  for (const type of ["application/json; charset=utf-8", "Application/JSON"]) {
    const response = await server.send({ body: said(), id: newId(), headers: { "Content-Type": type } });
    assert.equal(response.status, 200, type);
  }
});

test("413: a body over 256 KiB, told by its length or found out on the way; one of just 256 KiB is taken", async () => {
  const large = said({ data: { filler: "x".repeat(MAX_CALLBACK_BYTES) } });
  await refusedWith(413, { body: large });
  const exact = said({ data: { filler: "" } });
  const filler = "x".repeat(MAX_CALLBACK_BYTES - exact.length);
  const fitting = await server.send({ body: said({ data: { filler } }), id: newId() });
  assert.equal(fitting.status, 200, fitting.body);

  const newest = await server.newest;
  const client = await server.client();
  const { head } = requestOf({
    body: large,
    headers: { "Content-Length": null, "Transfer-Encoding": "chunked" },
  });
  client.write(head);
  const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
  for (let sent = 0; sent < 5; sent++) client.write(chunk);
  assert.equal((await client.response()).status, 413);
  client.socket.end();
  await client.end();
  assert.equal(await server.newest, newest);
});

test("a client that goes on sending far beyond the limit still reads its 413", async () => {
  // Another process: what a reset connection does to unread answers depends on the kernel alone.
  const url = `http://127.0.0.1:${server.port}${CALLBACK_PATH}/d1`;
  const sender = spawn(process.execPath, ["--input-type=module", "--eval", SEND_MUCH, url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [statuses] = await Promise.all([text(sender.stdout), once(sender, "exit")]);
  assert.equal(statuses, "413 ".repeat(12));
});

const SEND_MUCH = `
  for (let round = 0; round < 12; round++) {
    const sent = fetch(process.argv[1], { method: "POST", body: Buffer.alloc(8e6, 32) });
    process.stdout.write(await sent.then(({ status }) => status + " ", (error) => error.cause.code + " "));
  }
`;

test("404: an unknown task; an agent that is not the task's is recorded as late", async () => {
  await refusedWith(404, { body: said({ taskId: "nothing" }) });
  const newest = await server.newest;
  const response = await server.send({ body: said({ agentId: "a2" }), id: newId() });
  assert.equal(response.status, 404);
  assert.equal(await server.newest, newest + 1);
  const { items } = await server.store.history(null, {}, 1);
  assert.deepEqual([items[0]?.type, items[0]?.data.late, items[0]?.agentId], ["activity", true, "a2"]);
});

test("409: a dispatch that is over; recorded as late, the task unchanged, and its repeat recognised", async (context) => {
  const own = await CallbackServer.open();
  context.after(() => own.close());
  await own.send({ body: said({ type: "complete", summary: "Done." }) });
  const task = await own.store.task("t1");
  const newest = await own.newest;
  const late = await own.send({ body: said({ type: "error", error: "no" }), id: "msg_late" });
  assert.equal(late.status, 409);
  assert.equal(late.json.duplicate, false);
  const again = await own.send({ body: said({ type: "error", error: "no" }), id: "msg_late" });
  assert.deepEqual([again.status, again.json.duplicate], [409, true]);
  assert.equal(await own.newest, newest + 1);
  assert.deepEqual(await own.store.task("t1"), task);
});

test("405: anything but POST", async () => {
  for (const method of ["GET", "PUT", "DELETE"]) {
    const client = await server.client();
    const { head, body } = requestOf({ body: said(), method });
    client.write(head, body);
    const response = await client.response();
    assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"]);
    client.close();
  }
});

test("503 with Retry-After: a server that stops, and a store that cannot commit", async (context) => {
  const own = await CallbackServer.open();
  context.after(() => own.close());
  const newest = await own.newest;
  own.intake.stop();
  const stopping = await own.send({ body: said() });
  assert.equal(stopping.status, 503);
  assert.ok(Number(stopping.headers.get("retry-after")) >= 1);
  await own.restartStore();
  await own.store.close();
  const closed = await own.send({ body: said() });
  assert.equal(closed.status, 503);
  assert.ok(Number(closed.headers.get("retry-after")) >= 1);
  assert.ok(!closed.body.includes("closed"), "what is wrong inside is nobody else's business");
  await own.restartStore().catch(() => {});
  own.store = (await import("../store/sqlite/sqlite-store.ts")).SqliteStore.open({ folder: own.folder });
  assert.equal(await own.newest, newest);
});

test("500, and no try again: a callback that makes the server fail; the others of its commit are stored", async (context) => {
  const own = await CallbackServer.open();
  context.after(() => own.close());
  await running(own.store, "t2", "a1", "d2");
  await own.restartStore();
  const db = new DatabaseSync(join(own.folder, "mission-control.db"));
  db.exec("UPDATE tasks SET record = '{' WHERE id = 't2'");
  db.close();
  const answers = await Promise.all(
    Array.from({ length: 9 }, (_, index) => {
      const broken = index % 3 === 1;
      const body = said({ message: `${index}`, ...(broken ? { taskId: "t2" } : {}) });
      return own.send({ body, id: newId(), dispatchId: broken ? "d2" : "d1" });
    }),
  );
  for (const [index, answer] of answers.entries()) {
    assert.equal(answer.status, index % 3 === 1 ? 500 : 200, answer.body);
    assert.equal(answer.headers.get("retry-after"), undefined);
  }
  assert.equal(own.counted.filter((result) => result === "failed").length, 3);
  assert.equal(own.failures.length, 3);
  for (const { err } of own.failures as { err: Error }[])
    assert.match(String(err.stack), /SyntaxError.*\n +at /);
});

test("a repeat is answered like the first, side by side and after a restart", async (context) => {
  const own = await CallbackServer.open();
  context.after(() => own.close());
  for (const scheme of ["standard", "simple"] satisfies Scheme[]) {
    const body = said({ message: `repeated ${scheme}` });
    const together = await Promise.all(
      Array.from({ length: 12 }, () => own.send({ body, scheme, id: "msg_r" })),
    );
    assert.deepEqual([...new Set(together.map(({ status }) => status))], [200]);
    const ids = new Set(together.map(({ json }) => json.eventId));
    assert.equal(ids.size, 1);
    assert.equal(together.filter(({ json }) => json.duplicate === false).length, 1);
    const newest = await own.newest;
    await own.restartStore();
    const later = await own.send({ body, scheme, id: "msg_r" });
    assert.deepEqual([later.status, later.json.eventId, later.json.duplicate], [200, [...ids][0], true]);
    assert.equal(await own.newest, newest);
  }
});

test("a simple callback without an id is recognised by its bytes", async () => {
  const body = said({ message: "without an id" });
  const first = await server.send({ body, scheme: "simple" });
  const again = await server.send({ body, scheme: "simple" });
  assert.deepEqual([first.json.duplicate, again.json.duplicate], [false, true]);
  const other = await server.send({ body: `${body} `, scheme: "simple" });
  assert.equal(other.json.duplicate, false);
});

test("callbacks sent one after the other without waiting are answered one by one, in order", async () => {
  const client = await server.client();
  const requests = Array.from({ length: 20 }, (_, index) =>
    requestOf({ body: said({ message: `${index}` }), id: newId() }),
  );
  const [first, ...rest] = requests.flatMap(({ head, body }) => [head, body]);
  client.write(first as string);
  client.write(...(rest as Buffer[]));
  const ids: unknown[] = [];
  for (const _ of requests) {
    const response = await client.response();
    assert.equal(response.status, 200);
    ids.push((JSON.parse(response.body) as { eventId: number }).eventId);
  }
  const { items } = await server.store.history(null, {}, 20);
  assert.deepEqual(ids, items.map(({ id }) => id).reverse());
  assert.deepEqual(
    items.map(({ message }) => Number(message)).reverse(),
    requests.map((_, index) => index),
  );
  client.close();
});

test("a body that comes byte by byte is the same body", async () => {
  const client = await server.client();
  const { head, body } = requestOf({ body: said({ message: "slowly" }), id: newId() });
  for (const byte of Buffer.concat([Buffer.from(head), body])) {
    client.socket.write(Buffer.of(byte));
    await wait(0);
  }
  assert.equal((await client.response()).status, 200);
  client.close();
});

test("an upload that is cut off stores nothing and hurts nobody", async () => {
  const newest = await server.newest;
  for (const reset of [false, true]) {
    const client = await server.client();
    const { head, body } = requestOf({ body: said(), id: newId() });
    client.write(head, body.subarray(0, 10));
    await new Promise((resolve) => setImmediate(resolve));
    if (reset) client.socket.resetAndDestroy();
    else client.socket.end();
    await client.end();
  }
  assert.equal(await server.newest, newest);
  assert.equal((await server.send({ body: said(), id: newId() })).status, 200);
});

test("a client that asks first (Expect: 100-continue) is told to go on", async () => {
  const client = await server.client();
  const { head, body } = requestOf({ body: said(), id: newId(), headers: { Expect: "100-continue" } });
  client.write(head);
  const informed = await client.bytes((text) => text.includes("\r\n\r\n"));
  assert.match(informed, /^HTTP\/1\.1 100 /);
  client.write(body);
  assert.equal((await client.response()).status, 200);
  client.close();
});

test("nothing above was a fault of the server", () => {
  assert.deepEqual(server.failures, []);
});
