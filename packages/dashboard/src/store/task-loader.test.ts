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
});
