import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskSummary } from "@mission-control/protocol";
import { task } from "../../test/support/events.ts";
import { ApiError } from "../api/api-error.ts";
import { TaskLoader } from "./task-loader.ts";

/** A loader whose answers the test gives. */
function loading() {
  const asked: { id: string; resolve(task: TaskSummary): void; reject(error: Error): void }[] = [];
  const put: [string, number][] = [];
  const forgotten: string[] = [];
  const log = { position: 1 };
  const loader = new TaskLoader({
    get: (id) => new Promise((resolve, reject) => asked.push({ id, resolve, reject })),
    position: () => log.position,
    put: ({ id }, asOf) => put.push([id, asOf]),
    forget: (id) => forgotten.push(id),
    random: () => 0.5,
  });
  const ids = () => asked.map(({ id }) => id);
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { loader, asked, ids, put, forgotten, log, settled };
}

test("loads a few at a time, and the next when one is there", async () => {
  const { loader, asked, ids, settled } = loading();
  for (const id of ["a", "b", "c", "d", "e"]) loader.load(id);
  assert.deepEqual(ids(), ["a", "b", "c", "d"]);
  asked[1]?.resolve(task({ id: "b" }));
  await settled();
  assert.deepEqual(ids(), ["a", "b", "c", "d", "e"]);
});

test("a task asked for again while it loads is loaded once more, as what comes may be too old", async () => {
  const { loader, asked, ids, put, log, settled } = loading();
  loader.load("a");
  log.position = 7;
  loader.load("a");
  loader.load("a");
  asked[0]?.resolve(task({ id: "a" }));
  await settled();
  assert.deepEqual(ids(), ["a", "a"]);
  asked[1]?.resolve(task({ id: "a" }));
  await settled();
  assert.deepEqual(
    put,
    [
      ["a", 1],
      ["a", 7],
    ],
    "each is exact as of the log before it was asked for",
  );
  assert.deepEqual(ids(), ["a", "a"]);
});

test("only a task the server does not know is forgotten; after any failure others still load", async () => {
  const { loader, asked, ids, put, forgotten, settled } = loading();
  for (const id of ["gone", "busy", "cut", "d", "e"]) loader.load(id);
  asked[0]?.reject(new ApiError("no such task", 404, null, null));
  asked[1]?.reject(new ApiError("later", 503, null, null));
  asked[2]?.reject(new ApiError("unreachable", 0, null, null));
  await settled();
  assert.deepEqual(forgotten, ["gone"]);
  assert.deepEqual(put, []);
  assert.ok(ids().includes("e"));
  loader.load("busy");
  assert.equal(ids().at(-1), "busy", "it can be asked for again");
  loader.close();
});

const refused = (status: number) => new ApiError("refused", status, null, null);

test("what the server could not answer is asked for again by itself, ever more seldom, until it is there", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { loader, asked, ids, put, settled } = loading();
  loader.load("a");
  loader.load("b");
  asked[0]?.reject(refused(503));
  asked[1]?.reject(refused(0));
  await settled();
  context.mock.timers.tick(1_999);
  assert.deepEqual(ids(), ["a", "b"]);
  context.mock.timers.tick(1);
  assert.deepEqual(ids(), ["a", "b", "a", "b"]);
  asked[2]?.reject(refused(502));
  asked[3]?.reject(refused(502));
  await settled();
  context.mock.timers.tick(3_999);
  assert.equal(ids().length, 4, "twice as long");
  context.mock.timers.tick(1);
  asked[4]?.resolve(task({ id: "a" }));
  asked[5]?.resolve(task({ id: "b" }));
  await settled();
  context.mock.timers.tick(600_000);
  assert.deepEqual([ids().length, put.map(([id]) => id)], [6, ["a", "b"]]);
});

test("a connection that is live again is reason enough to ask at once; without a session, the only one", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { loader, asked, ids, settled } = loading();
  loader.load("a");
  loader.load("b");
  asked[0]?.reject(refused(0));
  asked[1]?.reject(refused(401));
  await settled();
  loader.retry();
  assert.deepEqual(ids(), ["a", "b", "a", "b"]);
  asked[2]?.reject(refused(401));
  asked[3]?.reject(refused(401));
  await settled();
  context.mock.timers.tick(600_000);
  assert.equal(ids().length, 4);
  loader.retry();
  assert.equal(ids().length, 6);
});

test("what is asked for in vain is not asked for again: it is refused for good, or nobody listens any more", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { loader, asked, ids, settled } = loading();
  for (const id of ["a", "b", "c"]) loader.load(id);
  asked[0]?.reject(refused(500));
  asked[1]?.reject(refused(404));
  asked[2]?.reject(refused(503));
  await settled();
  loader.close();
  context.mock.timers.tick(600_000);
  assert.equal(ids().length, 3);
  loader.retry();
  assert.deepEqual(ids().slice(3), ["c"]);
});

test("an answer that was on its way when the log began anew is none of the new log's", async () => {
  const { loader, asked, ids, put, forgotten, log, settled } = loading();
  log.position = 900;
  loader.load("a");
  loader.load("b");
  log.position = 3;
  loader.restart();
  asked[0]?.resolve(task({ id: "a" }));
  asked[1]?.reject(refused(404));
  await settled();
  assert.deepEqual([put, forgotten], [[], []]);
  assert.deepEqual(ids(), ["a", "b", "a", "b"]);
  asked[2]?.resolve(task({ id: "a" }));
  asked[3]?.reject(refused(404));
  await settled();
  assert.deepEqual([put, forgotten], [[["a", 3]], ["b"]]);
});
