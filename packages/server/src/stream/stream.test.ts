import assert from "node:assert/strict";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type EventFilter, eventTypeSchema } from "@mission-control/protocol";
import fc from "fast-check";
import { newEvent } from "../../test/conformance/engine.ts";
import { ManualClock } from "../../test/http-fixture.ts";
import type { StreamReader } from "../../test/support/stream-reader.ts";
import { StreamServer } from "../../test/support/stream-server.ts";
import { SESSION_SECONDS, Sessions } from "../login/sessions.ts";
import { StoreUnavailableError } from "../store/store.ts";
import { MAX_UNSENT_BYTES } from "./subscriber.ts";

async function open(context: TestContext): Promise<StreamServer> {
  const server = await StreamServer.open();
  context.after(() => server.close());
  return server;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const events = (count: number, bytes = 0) =>
  range(1, count).map((index) => newEvent("activity", { message: `${index} ${"x".repeat(bytes)}` }));

test("a stream opens with its headers and the time to wait before reconnecting", async (context) => {
  const server = await open(context);
  for (const headers of [{}, { Connection: "close" }] as Record<string, string>[]) {
    const reader = await server.reader({ headers });
    await reader.opened();
    assert.match(reader.head ?? "", /^HTTP\/1\.1 200 /);
    for (const header of [
      /^content-type: text\/event-stream\r?$/im,
      /^cache-control: no-cache, no-transform\r?$/im,
      /^x-accel-buffering: no\r?$/im,
    ]) {
      assert.match(reader.head ?? "", header);
    }
    assert.deepEqual(reader.retries, [2000]);
    await server.store.append(events(1));
    await reader.until(() => reader.events.length === 1);
  }
});

test("without a position a stream begins now; an event has the contract's shape", async (context) => {
  const server = await open(context);
  await server.store.append(events(3));
  const reader = await server.reader();
  await reader.opened();
  const about = { taskId: "t1", agentId: "a1", message: "Reading\r\nsrc\u2028" };
  await server.store.append([newEvent("activity", about)]);
  await reader.until(() => reader.events.length > 0);
  const at = "2026-01-01T00:00:00.000Z";
  assert.deepEqual(reader.events, [
    {
      id: 4,
      type: "activity",
      data: { id: 4, type: "activity", ...about, data: {}, timestamp: at, receivedAt: at },
    },
  ]);
});

test("without names, each event comes as a message, from the log, from memory and live", async (context) => {
  const server = await open(context);
  await server.store.append(events(60, 5000));
  const readers = await Promise.all([0, 59, null].map((after) => server.reader({ after, unnamed: true })));
  const named = await server.reader({ after: 0, unnamed: false });
  await Promise.all(readers.map((reader) => reader.opened()));
  const about = { taskId: "t1", message: "Reading\r\n\nevent: x\n\u2028" };
  await server.store.append([newEvent("error", about), ...events(2)]);
  await named.until(() => named.lastId === 63);
  const expected = named.events.map(({ data }) => ({ id: data.id, type: "", data }));
  assert.deepEqual(new Set(named.events.map(({ type }) => type)), new Set(["activity", "error"]));
  for (const [index, reader] of readers.entries()) {
    await reader.until(() => reader.lastId === 63);
    assert.deepEqual(reader.events, expected.slice([0, 59, 60][index]));
  }
  const ahead = await server.reader({ after: 1_000_000, unnamed: true });
  await ahead.until(() => ahead.events.length === 1);
  assert.deepEqual(ahead.events, [{ id: 63, type: "", data: { type: "reset", oldest: 1, newest: 63 } }]);
  const answer = await fetch(`http://127.0.0.1:${server.port}/api/events?unnamed=yes`);
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /unnamed/);
});

test("a stream resumes after every position there is, from the log and from memory", async (context) => {
  const server = await open(context);
  await server.store.append(events(120, 500));
  const readers = await Promise.all(range(0, 120).map((after) => server.reader({ after })));
  await server.store.append(events(5));
  for (const [after, reader] of readers.entries()) {
    await reader.until(() => reader.lastId === 125);
    assert.deepEqual(reader.ids, range(after + 1, 125), `after ${after}`);
    assert.deepEqual(
      reader.events.filter(({ type }) => type === "reset"),
      [],
    );
  }
});

test("the query's position counts where there is no header; the header counts more", async (context) => {
  const server = await open(context);
  await server.store.append(events(10));
  const byQuery = connect(server.port, "127.0.0.1");
  byQuery.write("GET /api/events?lastEventId=7 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  let text = "";
  for await (const bytes of byQuery) {
    text += String(bytes);
    if (text.includes("id: 10\n")) break;
  }
  assert.deepEqual(
    [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id),
    ["8", "9", "10"],
  );
  const both = await server.reader({ after: 9, headers: { "X-Same": "y" } });
  await both.until(() => both.lastId === 10);
  assert.deepEqual(both.ids, [10]);
});

test("readers that come and go under a burst of commits each see exactly their filtered log", async (context) => {
  const server = await open(context);
  const someFilter: fc.Arbitrary<EventFilter> = fc.record(
    {
      taskId: fc.constantFrom("t0", "t1", "t2"),
      agentId: fc.constantFrom("a0", "a1"),
      types: fc.uniqueArray(fc.constantFrom("activity" as const, "error" as const, "gateway" as const), {
        minLength: 1,
      }),
    },
    { requiredKeys: [] },
  );
  const reader = fc.record({ filter: someFilter, leaves: fc.array(fc.nat(60), { maxLength: 5 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(reader, { minLength: 1, maxLength: 8 }),
      fc.array(fc.record({ size: fc.integer({ min: 1, max: 40 }), bytes: fc.constantFrom(10, 400, 9000) }), {
        minLength: 5,
        maxLength: 15,
      }),
      async (readers, commits) => {
        const { newest: begin } = await server.store.range();
        const following = readers.map(({ filter, leaves }) => follow(server, filter, begin, leaves));
        await Promise.all(following.map(({ ready }) => ready));
        let number = 0;
        for (const { size, bytes } of commits) {
          const block = range(1, size).map(() => {
            number++;
            return newEvent(eventTypeSchema.options[number % 9] ?? "task", {
              ...(number % 4 === 3 ? {} : { taskId: `t${number % 3}` }),
              ...(number % 5 === 4 ? {} : { agentId: `a${number % 2}` }),
              message: "x".repeat(bytes),
            });
          });
          await server.store.append(block);
          if (number % 3 === 0) await nextTurn();
        }
        for (const one of following) {
          const expected = await server.expected(one.filter, begin);
          assert.deepEqual(await one.finish(expected.at(-1) ?? begin), expected, JSON.stringify(one.filter));
        }
      },
    ),
    { numRuns: 25 },
  );
});

/** A client that loses its connection now and then, and comes back with its last id. */
function follow(server: StreamServer, filter: EventFilter, begin: number, leaves: readonly number[]) {
  const seen: number[] = [];
  const ready = Promise.withResolvers<void>();
  let goal: number | null = null;
  let current: StreamReader | null = null;
  const left = [...leaves];
  const run = async () => {
    let connections = 0;
    while (goal === null || (seen.at(-1) ?? begin) < goal) {
      const after = seen.at(-1) ?? begin;
      // A filtered client stands at its last id; its position in the log is not told to it.
      const reader = await server.reader({ after, filter });
      current = reader;
      await reader.opened();
      ready.resolve();
      const leaveAfter = left.shift();
      const done = () =>
        (leaveAfter !== undefined && reader.events.length >= leaveAfter) ||
        (goal !== null && Math.max(reader.lastId, after) >= goal);
      await reader.until(done);
      reader.close();
      seen.push(...reader.ids);
      assert.ok(++connections < 100);
    }
  };
  const running = run();
  return {
    filter,
    ready: ready.promise,
    finish: async (last: number) => {
      goal = last;
      // Wakes a reader that has all it will get.
      current?.socket.emit("data", "");
      await running;
      return seen;
    },
  };
}

test("a position the log no longer keeps, or does not have yet, gets one reset and then what is live", async (context) => {
  const server = await open(context);
  await server.store.append(events(20));
  await server.store.prune({ keepEvents: 10, receiptsBefore: "2000-01-01T00:00:00.000Z" });
  for (const after of [0, 9, 21, 1_000_000]) {
    const { newest } = await server.store.range();
    const reader = await server.reader({ after: after === 21 ? newest + 1 : after });
    await reader.until(() => reader.events.length === 1);
    assert.deepEqual(reader.events, [{ id: newest, type: "reset", data: { oldest: 11, newest } }]);
    await server.store.append(events(2));
    await reader.until(() => reader.events.length === 3);
    assert.deepEqual(reader.ids, [newest, newest + 1, newest + 2]);
    reader.close();
  }
  const exact = await server.reader({ after: 10 });
  const { newest } = await server.store.range();
  await exact.until(() => exact.lastId === newest);
  assert.deepEqual(exact.ids, range(11, newest), "the oldest that is kept can still be resumed before");
});

test("an empty log can be resumed from its beginning", async (context) => {
  const server = await open(context);
  const reader = await server.reader({ after: 0 });
  await reader.opened();
  await server.store.append(events(2));
  await reader.until(() => reader.events.length === 2);
  assert.deepEqual(reader.ids, [1, 2]);
});

test("every reader gets a comment in every fifteen seconds", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const server = await open(context);
  const readers = await Promise.all(range(1, 20).map(() => server.reader()));
  for (const reader of readers) await reader.opened();
  for (let round = 1; round <= 2; round++) {
    for (let second = 0; second < 15; second++) context.mock.timers.tick(1000);
    for (const reader of readers) {
      await reader.until(() => reader.comments.length === round);
      assert.equal(reader.comments.length, round);
      assert.deepEqual(reader.events, []);
    }
  }
});

test("a reader that takes nothing is cut off at 1 MiB, others are not; it comes back and misses nothing", async (context) => {
  const server = await open(context);
  const slow = await server.reader();
  await slow.opened();
  const slowEnd = server.sockets[0];
  assert.ok(slowEnd);
  slow.socket.pause();
  const quick = await Promise.all([server.reader(), server.reader({ filter: { types: ["activity"] } })]);
  for (const reader of quick) await reader.opened();
  let most = 0;
  let sent = 0;
  while (server.counted.cutOff === 0) {
    // Kernels buffer several MiB of their own before a socket stops taking more.
    assert.ok(sent < 64 * 1024 * 1024, "it was never cut off");
    await server.store.append(events(4, 32 * 1024));
    sent += 4 * 32 * 1024;
    most = Math.max(most, slowEnd.writableLength);
  }
  assert.ok(most <= MAX_UNSENT_BYTES + 256 * 1024, `held ${most} bytes for it`);
  assert.equal(server.hub.size, 2);
  const { newest } = await server.store.range();
  for (const reader of quick) {
    await reader.until(() => reader.lastId === newest);
    assert.deepEqual(reader.ids, range(1, newest));
  }
  slow.socket.resume();
  await slow.end();
  assert.ok(slow.lastId < newest);
  const back = await server.reader({ after: slow.lastId });
  await back.until(() => back.lastId === newest);
  assert.deepEqual([...slow.ids, ...back.ids], range(1, newest));
});

test("a slow reader that takes some is not cut off while it catches up, and sees everything in order", async (context) => {
  const server = await open(context);
  await server.store.append(events(300, 20_000));
  const reader = await server.reader({ after: 0 });
  await reader.opened();
  for (let round = 0; round < 40; round++) {
    reader.socket.pause();
    await nextTurn();
    reader.socket.resume();
    await server.store.append(events(1));
  }
  await reader.until(() => reader.lastId === 340);
  assert.deepEqual(reader.ids, range(1, 340));
  assert.equal(server.counted.cutOff, 0);
});

test("a commit larger than all that is kept in memory reaches every reader whole", async (context) => {
  const server = await open(context);
  const all = await server.reader();
  const some = await server.reader({ filter: { types: ["error"] } });
  await Promise.all([all.opened(), some.opened()]);
  const block = events(140, 50_000);
  block[0] = newEvent("error");
  block[139] = newEvent("error");
  await server.store.append(block);
  await server.store.append(events(1));
  await all.until(() => all.lastId === 141);
  assert.deepEqual(all.ids, range(1, 141));
  await some.until(() => some.lastId === 140);
  assert.deepEqual(some.ids, [1, 140]);
});

test("a reader that pruning overtakes is sent away rather than shown a log with a hole", async (context) => {
  const server = await open(context);
  for (let block = 0; block < 12; block++) await server.store.append(events(100, 20_000));
  const reader = await server.reader({ after: 0 });
  await reader.until(() => reader.events.length > 0);
  reader.socket.pause();
  const policy = { keepEvents: 5, receiptsBefore: "2000-01-01T00:00:00.000Z" };
  while (await server.store.prune(policy)) await server.store.append(events(1));
  reader.socket.resume();
  const { newest } = await server.store.range();
  while (!reader.ended && reader.lastId < newest) await Promise.race([reader.end(), nextTurn()]);
  assert.deepEqual(reader.ids, range(1, reader.lastId), "no hole");
  assert.ok(reader.ended && reader.lastId < newest);
  const back = await server.reader({ after: reader.lastId });
  await back.until(() => back.events.length > 0);
  assert.equal(back.events[0]?.type, "reset");
});

test("a second request on a stream's connection is never answered into it", async (context) => {
  const server = await open(context);
  const request =
    "GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /api/events?lastEventId=no HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  const together = await server.reader({ more: request });
  await together.opened();
  const later = await server.reader();
  await later.opened();
  later.socket.write(request);
  later.socket.write(
    "POST /api/webhooks/callback HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}",
  );
  later.socket.write("garbage \u0000 that is no HTTP\r\n\r\n");
  await nextTurn();
  for (const reader of [together, later]) {
    await server.store.append(events(1));
    const { newest } = await server.store.range();
    await reader.until(() => reader.lastId === newest || reader.ended);
    assert.equal(reader.lastId, newest);
    assert.deepEqual(reader.ids, [...new Set(reader.ids)], "nor is any event sent twice");
    assert.equal(reader.retries.length, 1);
  }
  assert.equal(server.hub.size, 2);
});

test("a client that closes its side, or vanishes, is forgotten", async (context) => {
  const server = await open(context);
  const polite = await server.reader();
  const gone = await server.reader();
  await Promise.all([polite.opened(), gone.opened()]);
  assert.equal(server.hub.size, 2);
  polite.socket.end();
  await polite.end();
  gone.socket.resetAndDestroy();
  while (server.hub.size > 0) await nextTurn();
  assert.deepEqual([server.counted.opened, server.counted.closed], [2, 2]);
  await server.store.append(events(1));
});

test("clients that vanish while they ask hurt nobody", async (context) => {
  const server = await open(context);
  await server.store.append(events(50, 4000));
  const witness = await server.reader();
  await witness.opened();
  for (let round = 0; round < 60; round++) {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    const close = round % 2 === 0 ? "" : "Connection: close\r\n";
    await new Promise<void>((resolve) => {
      socket.write(`GET /api/events?lastEventId=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n${close}\r\n`, () => {
        if (round % 3 === 0) socket.destroy();
        else socket.resetAndDestroy();
        resolve();
      });
    });
    if (round % 5 === 0) await server.store.append(events(1));
  }
  while (server.hub.size > 1) await nextTurn();
  const { newest } = await server.store.range();
  await witness.until(() => witness.lastId === newest);
});

test("a thousand readers all see a burst whole and in order", async (context) => {
  const server = await open(context);
  await server.store.append(events(10));
  const readers: StreamReader[] = [];
  for (let block = 0; block < 10; block++) {
    readers.push(
      ...(await Promise.all(range(1, 100).map((n) => server.reader({ after: n % 2 === 0 ? 10 : 0 })))),
    );
  }
  for (const reader of readers) await reader.opened();
  assert.equal(server.hub.size, 1000);
  for (let commit = 0; commit < 30; commit++) await server.store.append(events(5, 100));
  for (const [index, reader] of readers.entries()) {
    await reader.until(() => reader.lastId === 160);
    assert.deepEqual(reader.ids, range((index + 1) % 2 === 0 ? 11 : 1, 160));
  }
  assert.equal(server.counted.cutOff, 0);
});

test("a stream is refused in words: without the right to read, or with a filter or position that is none", async (context) => {
  const server = await open(context);
  const ask = async (target: string, headers = "") => {
    const response = await fetch(`http://127.0.0.1:${server.port}${target}`, {
      headers: headers === "" ? {} : { Authorization: headers },
    });
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      body: await response.json(),
    };
  };
  const denied = await ask("/api/events", "wrong");
  assert.deepEqual([denied.status, denied.type], [401, "application/problem+json"]);
  for (const query of [
    "types=nonsense",
    "types=reset",
    "taskId=a%20b",
    "lastEventId=-1",
    "lastEventId=x",
    "lastEventId=1.5",
  ]) {
    const refused = await ask(`/api/events?${query}`);
    assert.equal(refused.status, 400, query);
    const { errors, detail } = refused.body as { errors: [{ path: string }]; detail: string };
    const [{ path }] = errors;
    assert.ok(detail.startsWith(`The request is not valid: ${path}: `), detail);
    assert.ok(path.startsWith(query.split("=")[0] as string), `${query} is wrong at ${path}`);
  }
});

test("closing tells every reader when to come back, and ends its stream", async (context) => {
  const server = await open(context);
  const readers = await Promise.all([server.reader(), server.reader({ filter: { taskId: "t1" } })]);
  for (const reader of readers) await reader.opened();
  server.hub.close();
  for (const reader of readers) {
    await reader.end();
    assert.deepEqual(reader.retries, [2000, 2000]);
  }
  assert.equal(server.hub.size, 0);
  const late = await server.reader();
  await late.end();
  assert.deepEqual(late.events, []);
});

/** Two nodes' sessions, of which the second's serves the streams, over one store. */
async function sessionsOf(context: TestContext, server: StreamServer) {
  const clock = new ManualClock();
  const open = async () => {
    const logger = { error: (fields: object) => assert.fail(JSON.stringify(fields)) };
    const options = { store: server.store, now: clock.now, logger, tokenFingerprint: "one" };
    const sessions = await Sessions.open(options);
    context.after(() => sessions.close());
    return sessions;
  };
  const [elsewhere, here] = [await open(), await open()];
  server.sessionLasts = (id) => here.lasts(id);
  return { clock, elsewhere };
}

test("a stream ends when the session that opened it expires, though nobody asks anything", async (context) => {
  const server = await open(context);
  const { clock, elsewhere } = await sessionsOf(context, server);
  const { session } = await elsewhere.create("a browser");
  clock.advance(SESSION_SECONDS * 1000 - 1);
  const { session: younger } = await elsewhere.create("another");
  const expiring = await server.reader({ headers: { Cookie: session.id } });
  const lasting = await server.reader({ headers: { Cookie: younger.id } });
  await Promise.all([expiring.opened(), lasting.opened()]);
  await server.store.append(events(1));
  const { newest } = await server.store.range();
  for (const reader of [expiring, lasting]) await reader.until(() => reader.lastId === newest);
  clock.advance(1);
  await expiring.end();
  await server.store.append(events(1));
  await lasting.until(() => lasting.lastId === newest + 1);
  assert.equal(expiring.lastId, newest);
});

test("a stream ends with the log-in that opened it, also by a log-out at another node; others go on", async (context) => {
  const server = await open(context);
  const { elsewhere } = await sessionsOf(context, server);
  const { session } = await elsewhere.create("a browser");
  const { session: other } = await elsewhere.create("another");
  const ended = await server.reader({ headers: { Cookie: session.id } });
  const kept = await server.reader({ headers: { Cookie: other.id } });
  await Promise.all([ended.opened(), kept.opened()]);
  assert.equal(await elsewhere.remove(session.id), true);
  await ended.end();
  while (server.hub.size > 1) await nextTurn();
  await server.store.append(events(1));
  const { newest } = await server.store.range();
  await kept.until(() => kept.lastId === newest);
});

test("while nobody can say who asks, a stream is refused for now, and the open ones go on", async (context) => {
  const server = await open(context);
  const { elsewhere } = await sessionsOf(context, server);
  const { session } = await elsewhere.create("a browser");
  const reader = await server.reader({ headers: { Cookie: session.id } });
  await reader.opened();
  const unavailable = async () => {
    throw new StoreUnavailableError("The database does not answer.");
  };
  const checked = new Promise<void>((resolve) => {
    server.sessionLasts = () => {
      resolve();
      return unavailable();
    };
  });
  server.authorize = unavailable;
  await checked;
  const refused = await fetch(`http://127.0.0.1:${server.port}/api/events`);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get("retry-after"), "5");
  assert.match(await refused.text(), /does not answer/);
  await server.store.append(events(1));
  const { newest } = await server.store.range();
  await reader.until(() => reader.lastId === newest);
});
