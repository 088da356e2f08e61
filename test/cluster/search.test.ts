import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import pg from "pg";
import type { TaskQuery } from "../../packages/protocol/src/index.ts";
import { Database } from "../../packages/server/src/store/postgres/database.ts";
import { PostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { selectFound, TaskList } from "../../packages/server/src/store/postgres/task-list.ts";
import type { Store } from "../../packages/server/src/store/store.ts";
import { createTask } from "../../packages/server/test/conformance/engine.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start();
});
after(() => server.discard());

/** Tasks in a large table; each has a word of its own, and every tenth one that many have. */
const TASKS = 20_000;
const ONE_OF_TEN = "frequent";

/** A place with many tasks, as a store writes them. */
async function many(context: TestContext): Promise<Place> {
  const place = await Place.of(context, server);
  const store = await place.open();
  await store.change(createTask("template", { title: "The first" }));
  await store.close();
  await place.query(`
    INSERT INTO tasks (id, status, priority, record, texts, tags)
      SELECT 't' || i, status, i % 3, replace(record, 'template', 't' || i), texts, ARRAY['tag' || i % 2]
      FROM tasks, generate_series(1, ${TASKS}) AS i;
    INSERT INTO task_live (seq, updated_at, live)
      SELECT tasks.seq, updated_at, live FROM tasks, task_live WHERE tasks.id <> 'template';
    INSERT INTO task_search (seq, search)
      SELECT seq, 'task ' || md5(id) || CASE WHEN seq % 10 = 0 THEN ' ${ONE_OF_TEN}' ELSE '' END FROM tasks WHERE id <> 'template';
    ANALYZE;
  `);
  return place;
}

/** The ids of all pages. */
async function all(store: Pick<Store, "tasks">, query: TaskQuery): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.tasks({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    ids.push(...page.items.map(({ id }) => id));
    if (page.nextCursor === null) return ids;
    cursor = page.nextCursor;
  }
}

test("a search finds by the index what it finds without, and one page is enough where few match", async (context) => {
  const place = await many(context);
  const indexed = await place.open();
  const client = new pg.Client(place.url);
  await client.connect();
  context.after(() => client.end());
  const { rows } = await client.query("SELECT right(search, 9) AS word FROM task_search WHERE seq = 12345");
  const word: string = rows[0]?.word;

  const query = { sort: "createdAt", limit: 50, q: word.toUpperCase() } as const;
  const page = await indexed.tasks(query);
  assert.deepEqual([page.items.length, page.nextCursor], [1, null]);

  await client.query("SET enable_seqscan = off");
  const { text, values } = selectFound(query, null, query.q) as { text: string; values: unknown[] };
  const plan = (await client.query(`EXPLAIN ${text}`, values)).rows
    .map((row) => row["QUERY PLAN"])
    .join("\n");
  assert.match(plan, /Bitmap Index Scan on tasks_by_text/);
  assert.doesNotMatch(plan, /Seq Scan on task/);

  const queries: TaskQuery[] = [
    query,
    { ...query, tag: "tag1" },
    { ...query, tag: "tag0" },
    { ...query, sort: "priority", q: word.slice(0, 3), limit: 7 },
    { ...query, sort: "updatedAt", q: ONE_OF_TEN, limit: 500 },
    { ...query, q: "50%_\\" },
    { ...query, q: "The f" },
  ];
  const found = [];
  for (const one of queries) found.push(await all(indexed, one));
  assert.deepEqual(
    found.map(({ length }) => length > 0),
    [true, false, true, true, true, false, true],
  );
  const database = new Database(place.url);
  context.after(() => database.close());
  const without = new TaskList(database, false);
  for (const [index, one] of queries.entries()) {
    assert.deepEqual(await all({ tasks: (asked) => without.page(asked) }, one), found[index], one.q);
  }
});

test("a user that may not make the extension searches without an index, and the log says so", async (context) => {
  const client = new pg.Client(server.url());
  await client.connect();
  await client.query("CREATE ROLE limited LOGIN PASSWORD 'test'");
  await client.query("CREATE DATABASE refused");
  await client.end();
  const admin = new pg.Client(server.url(undefined, "refused"));
  await admin.connect();
  await admin.query("CREATE SCHEMA limited AUTHORIZATION limited");
  await admin.end();
  const url = server.url("limited", "refused").replace("//postgres:", "//limited:");
  const lines: string[] = [];
  const store = await PostgresStore.open({
    url,
    logger: { error: (_, message) => void lines.push(message) },
  });
  context.after(() => store.close());
  assert.match(lines.join("\n"), /without the extension pg_trgm, tasks are searched without an index/);
  await store.change(createTask("t1", { title: "The one that is looked for" }));
  const { items } = await store.tasks({ sort: "createdAt", limit: 10, q: "looked FOR" });
  assert.deepEqual(
    items.map(({ id }) => id),
    ["t1"],
  );
});
