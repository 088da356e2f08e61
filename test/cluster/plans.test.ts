import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
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
  await register(store, "a1", TASKS);
  const tasks = Array.from({ length: TASKS }, (_, number) => `t${number}`);
  for (const taskId of tasks) await running(store, taskId, "a1", `d-${taskId}`);
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(
      tasks.map((taskId) =>
        store.change(callback(taskId, "a1", { type: "progress", message: "on" }), {
          key: { scope: `callback:d-${taskId}`, key: `k${round}` },
        }),
      ),
    );
  }
  // What a session did is told to the others now and then, and when it ends.
  await store.close();
  const read = await counted(place);
  assert.ok(read < TASKS * ROUNDS, `${read} rows were read that no index had led to`);
});

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
