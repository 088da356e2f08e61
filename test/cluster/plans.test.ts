import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { PostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { callback, register, running } from "../../packages/server/test/conformance/engine.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";

const TASKS = 64;
const ROUNDS = 40;

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start();
});
after(() => server.discard());

test("no commit reads a table whole, though its statements were planned while the tables were empty", async (context) => {
  const place = await Place.of(context, server);
  const store = await place.open();
  const report = await reporting(store);
  for (let round = 0; round < ROUNDS; round++) await report(TASKS);
  // What a session did is told to the others now and then, and when it ends.
  await store.close();
  const read = await counted(place);
  assert.ok(read < TASKS * ROUNDS, `${read} rows were read that no index had led to`);
});

test("commits of other numbers of callbacks are not planned anew", async (context) => {
  const place = await Place.of(context, server);
  const store = await place.open({}, `${place.url}${encodeURIComponent(" -c log_planner_stats=on")}`);
  const report = await reporting(store);
  const before = await plansMade(place);
  for (let round = 0; round < ROUNDS; round++) await report(1 + (round % TASKS));
  const made = (await plansMade(place)) - before;
  assert.ok(made < ROUNDS, `${made} plans were made for ${ROUNDS} commits`);
});

/** Makes tasks that are at work. @returns has so many of them report, all in one commit */
async function reporting(store: PostgresStore): Promise<(tasks: number) => Promise<unknown>> {
  await register(store, "a1", TASKS);
  const tasks = Array.from({ length: TASKS }, (_, number) => `t${number}`);
  for (const taskId of tasks) await running(store, taskId, "a1", `d-${taskId}`);
  let rounds = 0;
  return (count) => {
    const key = `k${++rounds}`;
    return Promise.all(
      tasks.slice(0, count).map((taskId) =>
        store.change(callback(taskId, "a1", { type: "progress", message: "on" }), {
          key: { scope: `callback:d-${taskId}`, key },
        }),
      ),
    );
  };
}

let marks = 0;

/** How many plans the database has made so far for connections that have it logged. */
async function plansMade(place: Place): Promise<number> {
  const mark = `mark ${++marks}.`;
  await place.query(`DO $$ BEGIN RAISE LOG '${mark}'; END $$`);
  while (!server.log.includes(mark)) await wait(10);
  return server.log.split("PLANNER STATISTICS").length - 1;
}

/** The rows that were read in whole tables, once all that was written is counted. */
async function counted(place: Place): Promise<number> {
  for (;;) {
    const [row] = await place.query(`
      SELECT sum(seq_tup_read)::int AS read, sum(n_tup_ins) FILTER (WHERE relname = 'receipts')::int AS receipts
      FROM pg_stat_user_tables
      WHERE schemaname = '${place.schema}' AND relname IN ('receipts', 'attempts', 'tasks', 'task_live', 'events')`);
    if (Number(row?.receipts) >= TASKS * ROUNDS) return Number(row?.read);
    await wait(50);
  }
}
