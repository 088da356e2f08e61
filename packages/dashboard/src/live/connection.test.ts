import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { frame, StreamServer } from "../../test/support/stream-server.ts";
import { DEAD_AFTER_MS, LiveConnection } from "./connection.ts";
import type { LiveStatus } from "./status.ts";

let server: StreamServer;
let connection: LiveConnection;
beforeEach(async () => {
  server = await StreamServer.listen();
});
afterEach(async () => {
  connection.close();
  await server.close();
});

/** A connection that records what it tells, and lets a test wait for it. */
function connect(position: number, now = () => performance.now(), wallClock = Date.now, random = () => 0) {
  const ids: number[] = [];
  const statuses: LiveStatus[] = [];
  const resets: number[] = [];
  const waiting: { done(): boolean; resolve(): void }[] = [];
  const told = () => {
    for (const wait of waiting.splice(0)) wait.done() ? wait.resolve() : waiting.push(wait);
  };
  connection = new LiveConnection(
    { fetch: server.fetch, now, wallClock, random, isOnline: () => true },
    {
      onFrames: (frames) => {
        ids.push(...frames.map(({ id }) => id));
        told();
      },
      onReset: (newest) => {
        resets.push(newest);
        told();
      },
      onStatus: (status) => {
        statuses.push(status);
        told();
      },
    },
    { position, key: () => "a key" },
  );
  void connection.run();
  const until = (done: () => boolean) =>
    done() ? Promise.resolve() : new Promise<void>((resolve) => waiting.push({ done, resolve }));
  return { ids, statuses, resets, until };
}

test("starts after the position it is given and passes each event on once", async () => {
  const { ids, until } = connect(5);
  const stream = await server.stream();
  stream.write(frame(5) + frame(6) + frame(7) + frame(7));
  stream.write(frame(8));
  await until(() => ids.includes(8));
  assert.deepEqual(ids, [6, 7, 8]);
  assert.deepEqual(server.opened, ["5"]);
});

test("resumes after the last event when the connection breaks, and tells how much it caught up", async () => {
  const { ids, statuses, until } = connect(0);
  const first = await server.stream();
  first.write(frame(1) + frame(2));
  await until(() => ids.length === 2);
  server.newest = 4;
  first.destroy();
  const second = await server.stream();
  second.write(frame(3));
  await until(() => ids.length === 3);
  second.write(frame(4) + frame(5));
  await until(() => ids.length === 5);
  assert.deepEqual(server.opened, ["0", "2"]);
  assert.deepEqual(ids, [1, 2, 3, 4, 5]);
  const phases = statuses.map(({ phase }) => phase);
  assert.ok(phases.includes("reconnecting"));
  assert.ok(phases.includes("catching_up"));
  assert.deepEqual({ ...statuses.at(-1), since: 0 }, { phase: "live", since: 0, caughtUp: 2 });
});

test("an event cut in the middle by a broken connection is read whole from the next", async () => {
  const { ids, until } = connect(0);
  const first = await server.stream();
  first.write(`${frame(1)}id: 2\nevent: activity\ndata: {"id"`);
  await until(() => ids.includes(1));
  first.destroy();
  (await server.stream()).write(frame(2));
  await until(() => ids.includes(2));
  assert.deepEqual(server.opened, ["0", "1"]);
});

test("believes only bytes: a silent connection is given up and opened again", async () => {
  let clock = 1_000;
  const { ids, statuses, until } = connect(3, () => clock);
  (await server.stream()).write(frame(4));
  await until(() => ids.includes(4));
  clock += DEAD_AFTER_MS;
  await server.stream();
  const lost = statuses.find(({ phase }) => phase === "reconnecting");
  assert.ok(lost?.phase === "reconnecting");
  assert.match(lost.reason, /no byte for 30 s/);
  assert.equal(lost.staleSince, 1_000);
  assert.deepEqual(server.opened, ["3", "4"]);
});

test("goes on after a reset from where the log ends now", async () => {
  const { ids, resets, until } = connect(900);
  const stream = await server.stream();
  stream.write(`event: reset\ndata: {"oldest":10,"newest":20}\n\n${frame(21)}`);
  await until(() => ids.includes(21));
  assert.deepEqual(resets, [20]);
  stream.destroy();
  await server.stream();
  assert.deepEqual(server.opened, ["900", "21"]);
});

test("a refused session stops it until somebody asks again", async () => {
  server.refuseWith = 401;
  const { statuses, until } = connect(1);
  await until(() => statuses.at(-1)?.phase === "signed_out");
  server.refuseWith = null;
  connection.retryNow();
  await until(() => statuses.at(-1)?.phase === "live");
  assert.deepEqual(server.opened, ["1"]);
});

test("counts its tries while the server is away, and starts over once it was there", async () => {
  server.refuseWith = 503;
  const { statuses, until } = connect(1);
  const tries = () =>
    statuses.filter((status) => status.phase === "reconnecting").map(({ attempt }) => attempt);
  await until(() => tries().length >= 3);
  assert.deepEqual(tries().slice(0, 3), [1, 2, 3]);
  server.refuseWith = null;
  const stream = await server.stream();
  stream.write(": still here\n\n");
  await until(() => statuses.at(-1)?.phase === "live");
  const before = tries().length;
  stream.destroy();
  await until(() => tries().length > before);
  assert.equal(tries()[before], 1);
});

test("a silent connection is found although the computer's clock was set back an hour", async () => {
  let steady = 1_000;
  let wall = 1_000_000_000;
  const { ids, until } = connect(
    3,
    () => steady,
    () => wall,
  );
  (await server.stream()).write(frame(4));
  await until(() => ids.includes(4));
  steady += DEAD_AFTER_MS;
  wall -= 3_600_000;
  await server.stream();
  assert.deepEqual(server.opened, ["3", "4"]);
});

test("a computer that slept finds its connection dead at once, where the steady clock slept too", async () => {
  let wall = 1_000_000_000;
  const { ids, until } = connect(
    3,
    () => 1_000,
    () => wall,
  );
  (await server.stream()).write(frame(4));
  await until(() => ids.includes(4));
  wall += 3_600_000;
  await server.stream();
  assert.deepEqual(server.opened, ["3", "4"]);
});

test("a connection that is cut off as soon as it is there, again and again, is tried ever more seldom", async () => {
  let clock = 1_000;
  const { statuses, until } = connect(
    0,
    () => clock,
    () => 0,
    () => 1,
  );
  const waits = () =>
    statuses.flatMap((status) => (status.phase === "reconnecting" ? [status.retryAt - clock] : []));
  const cut = async (count: number) => {
    (await server.stream()).end("retry: 20\n\n: hello\n\n");
    await until(() => waits().length === count);
  };
  await cut(1);
  await cut(2);
  await cut(3);
  assert.deepEqual(waits(), [0, 20, 40]);
  const lasting = await server.stream();
  lasting.write("retry: 20\n\n");
  await until(() => statuses.at(-1)?.phase === "live");
  clock += 20;
  const before = statuses.length;
  lasting.end(frame(1));
  await until(() => statuses.slice(before).some(({ phase }) => phase === "reconnecting"));
  const last = statuses.findLast((status) => status.phase === "reconnecting");
  assert.equal(
    last?.phase === "reconnecting" && last.retryAt,
    clock,
    "one that lasted is tried again at once",
  );
});
