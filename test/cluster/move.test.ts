import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, type TestContext, test } from "node:test";
import type { DispatchPayload } from "@mission-control/protocol";
import { run } from "../../packages/cli/test/command-line.ts";
import { openContentFolder } from "../../packages/server/src/store/content-folder.ts";
import { moveParts } from "../../packages/server/src/store/move.ts";
import { type MoveTarget, PARTS } from "../../packages/server/src/store/move-parts.ts";
import { PostgresMoveSide } from "../../packages/server/src/store/postgres/move-side.ts";
import { PostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { SqliteMoveSide } from "../../packages/server/src/store/sqlite/move-side.ts";
import { SqliteStore } from "../../packages/server/src/store/sqlite/sqlite-store.ts";
import { newEvent } from "../../packages/server/test/conformance/engine.ts";
import { CallbackSender } from "../../packages/server/test/support/callback-sender.ts";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { fill, HALF, told } from "./full-store.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { sentTo } from "./sent-to.ts";

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start();
});
after(() => server.discard());

function newFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-move-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("what a folder keeps is the same in PostgreSQL, and back in a folder", async (context) => {
  const [first, second] = [newFolder(context), newFolder(context)];
  const place = await Place.of(context, server);
  const filled = SqliteStore.open({ folder: first });
  const kept = await openContentFolder(first);
  await fill(filled, kept);
  await filled.close();
  // As if it were an older copy: the newest ids are those that no event has.
  rmSync(join(first, "mission-control.instance"));
  const store = SqliteStore.open({ folder: first });
  assert.equal((await store.range()).gaps?.length, 1);
  const before = await told(store, kept);
  await store.close();

  const there = await move(await SqliteMoveSide.open(first), await PostgresMoveSide.open(place.url));
  for (const { name, count } of there) assert.ok(count > 0, `there are ${name}`);
  const moved = await place.open();
  assert.deepEqual(await told(moved, moved.contents(Infinity)), before);
  assert.equal((await moved.change(HALF, { key: { key: "half" } })).duplicate, true);
  const { newest } = await moved.range();
  assert.equal(await moved.append([newEvent("gateway")]), newest + 1, "ids go on");
  const { token } = await moved.lease("queue", new AbortController().signal);
  assert.equal((await moved.claim("a2", token)).claimed.length, 1, "the queue is there");
  const after = await told(moved, moved.contents(Infinity));
  await moved.close();

  await move(await PostgresMoveSide.open(place.url), await SqliteMoveSide.open(second));
  const again = SqliteStore.open({ folder: second });
  context.after(() => again.close());
  assert.deepEqual(await told(again, await openContentFolder(second)), after);
  assert.equal((await again.change(HALF, { key: { key: "half" } })).duplicate, true);
});

for (const direction of ["into PostgreSQL", "into a folder"] as const) {
  test(`a move ${direction} that broke off goes on where it ended, and no server starts on a part of it`, async (context) => {
    const place = await Place.of(context, server);
    const folder = newFolder(context);
    const sqlite = () => SqliteMoveSide.open(folder);
    const postgres = () => PostgresMoveSide.open(place.url);
    const isForth = direction === "into PostgreSQL";
    const source = isForth ? SqliteStore.open({ folder }) : await place.open();
    await fill(
      source,
      source instanceof PostgresStore ? source.contents(Infinity) : await openContentFolder(folder),
    );
    await source.close();
    const openTarget = async () => (isForth ? place.open() : SqliteStore.open({ folder }));
    const [from, to] = isForth ? [sqlite, postgres] : [postgres, sqlite];
    let isWhole = false;
    for (let tries = 0; !isWhole; tries++) {
      const target = await to();
      const write = target.write.bind(target);
      let written = 0;
      context.mock.method(target, "write", async (...args: Parameters<MoveTarget["write"]>) => {
        if (++written > 1) throw new Error("The power went.");
        await write(...args);
      });
      isWhole = await move(await from(), target).then(
        () => true,
        () => false,
      );
      if (!isWhole) await assert.rejects(openTarget(), { code: "unfinished_move" });
      assert.ok(tries < 20, "each try goes on");
    }
    await (await openTarget()).close();
  });
}

test("a move is refused while a server runs on either, and no server starts meanwhile", async (context) => {
  const place = await Place.of(context, server);
  const folder = newFolder(context);
  const node = await place.open();
  await assert.rejects(PostgresMoveSide.open(place.url), { code: "database_in_use" });
  await node.close();
  const store = SqliteStore.open({ folder });
  await assert.rejects(SqliteMoveSide.open(folder), { code: "data_folder_in_use" });
  await store.close();
  const side = await PostgresMoveSide.open(place.url);
  await assert.rejects(place.open(), { code: "move_under_way" });
  await side.close();
});

test("a move is refused into what holds something, and goes on from nothing else than it began with", async (context) => {
  const place = await Place.of(context, server);
  const folder = newFolder(context);
  const store = SqliteStore.open({ folder });
  await store.append([newEvent("gateway")]);
  await store.close();
  const node = await place.open();
  await node.append([newEvent("gateway")]);
  await node.close();
  await assert.rejects(
    move(await SqliteMoveSide.open(folder), await PostgresMoveSide.open(place.url)),
    /something there/,
  );
  const empty = await Place.of(context, server);
  const target = await PostgresMoveSide.open(empty.url);
  context.mock.method(target, "write", () => Promise.reject(new Error("The power went.")));
  await assert.rejects(move(await SqliteMoveSide.open(folder), target), /power/);
  const changed = SqliteStore.open({ folder });
  await changed.append([newEvent("gateway")]);
  await changed.close();
  await assert.rejects(
    move(await SqliteMoveSide.open(folder), await PostgresMoveSide.open(empty.url)),
    /earlier state/,
  );
});

test("every table of both engines is carried with all its columns, or known not to be", async (context) => {
  const place = await Place.of(context, server);
  await (await place.open()).close();
  const postgres = await place.query(
    `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
     WHERE table_schema = current_schema()`,
  );
  const folder = newFolder(context);
  await SqliteStore.open({ folder }).close();
  const db = new DatabaseSync(join(folder, "mission-control.db"));
  const sqlite = db
    .prepare(
      `SELECT tables.name AS "table", columns.name AS "column" FROM sqlite_schema AS tables
       JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'`,
    )
    .all();
  db.close();
  const columns = new Map(
    PARTS.map((part) => [part.name, [...part.columns, ...(MADE_COLUMNS[part.name] ?? [])]]),
  );
  for (const { table, column } of [...postgres, ...sqlite]) {
    if (MADE_TABLES.has(String(table)) || AS_JSON.has(String(table))) continue;
    assert.ok(columns.get(String(table))?.includes(String(column)), `a move loses ${table}.${column}`);
  }
});

test("the command moves a folder whose server was stopped, and servers on the database go on with it", async (context) => {
  const place = await Place.make(server);
  const agent = await AgentDouble.start();
  const old = await ServerProcess.start();
  const payloads = await dispatchTasks(old, agent, 1);
  const args = ["migrate", "--from", old.folder, "--to", place.url, "--json"];
  const refused = await run(args);
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /is running on the data folder/);
  await old.end("SIGTERM");
  const done = await run(args);
  assert.equal(done.code, 0, done.stderr);
  const { parts } = JSON.parse(done.stdout) as { parts: { name: string; count: number }[] };
  assert.equal(parts.find(({ name }) => name === "tasks")?.count, 1);
  const node = await ServerProcess.start({ DATABASE_URL: place.url });
  context.after(async () => {
    await Promise.all([old.close(), node.close(), agent.close()]);
    await place.discard();
  });
  assert.equal(node.token, old.token);
  const sender = new CallbackSender(sentTo(node, payloads[0] as DispatchPayload), () => {});
  await sender.run(AbortSignal.abort());
  const { items } = await node.call<{ items: { status: string }[] }>("GET", "/api/tasks");
  assert.deepEqual(
    items.map(({ status }) => status),
    ["completed"],
  );
});

/** Tables whose rows are made from what is carried, or are of one database alone. */
const MADE_TABLES: ReadonlySet<string> = new Set([
  // PostgreSQL's
  "log_head",
  "log_place",
  "log_tail",
  "task_live",
  "leases",
  "commit_marks",
  "keys",
  "probe",
  // Moved as bytes.
  "contents",
  "content_pieces",
  "schema_version",
  // SQLite's
  "task_texts",
  "task_tags",
  "task_search",
  "task_search_config",
  "task_search_content",
  "task_search_data",
  "task_search_docsize",
  "task_search_idx",
  "task_search_terms",
  "meta",
  "commit_probe",
  "sqlite_sequence",
]);

/** Columns that are made from what is carried, or say where a row stands in one database. */
const MADE_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  records: ["concurrency"],
  receipts: ["seq"],
  webhook_deliveries: ["seq"],
  artifacts: ["seq"],
  insight_facts: ["seq"],
  // Made complete when the file is opened.
  events: ["indexed", "receipt_key", "receipt", "attempt"],
  attempts: ["as_of"],
};

/** Tables whose rows are carried as JSON, by the code that reads and writes them. */
const AS_JSON: ReadonlySet<string> = new Set(["tasks", "commands"]);

/** Moves, and closes both. */
async function move(from: MoveTarget, to: MoveTarget) {
  try {
    return await moveParts(from, to);
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}
