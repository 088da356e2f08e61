import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { createTask } from "../../../test/conformance/engine.ts";
import { NewerDatabaseError } from "../store.ts";
import { DataFolderInUseError } from "./database.ts";
import { SqliteStore } from "./sqlite-store.ts";

function newFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-database-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const HOLD_OPEN = `
  const { SqliteStore } = await import(process.argv[1]);
  SqliteStore.open({ folder: process.argv[2] });
  process.stdout.write("open");
  setInterval(() => {}, 1000);
`;

test("a second process on the folder is refused, until the first one dies, however it dies", async (context) => {
  const folder = newFolder(context);
  const module = new URL("./sqlite-store.ts", import.meta.url).href;
  const flags = ["--conditions=mission-control-source", "--disable-warning=ExperimentalWarning"];
  const holder = spawn(
    process.execPath,
    [...flags, "--input-type=module", "--eval", HOLD_OPEN, module, folder],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await once(holder.stdout, "data");
  assert.throws(
    () => SqliteStore.open({ folder }),
    (error: Error) => error instanceof DataFolderInUseError && error.message.includes(folder),
  );
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const store = SqliteStore.open({ folder });
  assert.throws(() => SqliteStore.open({ folder }), DataFolderInUseError, "nor twice in one process");
  await store.change(createTask("t1"));
  await store.close();
});

test("a file from a newer version is refused and left as it was", async (context) => {
  const folder = newFolder(context);
  const store = SqliteStore.open({ folder });
  await store.change(createTask("t1"));
  await store.close();
  const file = join(folder, "mission-control.db");
  const newer = new DatabaseSync(file);
  const version = newer.prepare("PRAGMA user_version").get()?.user_version;
  newer.exec("PRAGMA user_version = 9999; CREATE TABLE from_the_future (x)");
  newer.close();
  assert.throws(
    () => SqliteStore.open({ folder }),
    (error: Error) => error instanceof NewerDatabaseError && /9999.*newer version/.test(error.message),
  );
  const after = new DatabaseSync(file);
  assert.equal(after.prepare("PRAGMA user_version").get()?.user_version, 9999);
  assert.equal(after.prepare("SELECT count(*) AS n FROM tasks").get()?.n, 1);
  after.exec(`PRAGMA user_version = ${version}`);
  after.close();
  const again = SqliteStore.open({ folder });
  assert.equal((await again.task("t1"))?.id, "t1", "the refusal let the folder go");
  await again.close();
});

test("only the owner can read what is stored", async (context) => {
  const folder = join(newFolder(context), "data");
  const store = SqliteStore.open({ folder });
  await store.change(createTask("t1"));
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const names = readdirSync(folder);
  assert.ok(names.includes("mission-control.db-wal"), "the log of the database was looked at too");
  for (const name of names) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  await store.close();
  chmodSync(join(folder, "mission-control.db"), 0o644);
  const again = SqliteStore.open({ folder });
  assert.equal(statSync(join(folder, "mission-control.db")).mode & 0o777, 0o600);
  await again.close();
});

test("commits are synced in full, to a write-ahead log", async (context) => {
  const folder = newFolder(context);
  const opened: DatabaseSync[] = [];
  const { exec } = DatabaseSync.prototype;
  context.mock.method(DatabaseSync.prototype, "exec", function (this: DatabaseSync, sql: string) {
    opened.push(this);
    return exec.call(this, sql);
  });
  const store = SqliteStore.open({ folder });
  const settings = [...new Set(opened)].map((db) => [
    db.prepare("PRAGMA journal_mode").get()?.journal_mode,
    db.prepare("PRAGMA synchronous").get()?.synchronous,
  ]);
  const FULL = 2;
  assert.ok(settings.some(([mode, synchronous]) => mode === "wal" && synchronous === FULL));
  await store.close();
});

test("a lock file that cannot be used is not called in use", (context) => {
  const folder = newFolder(context);
  writeFileSync(
    join(folder, "mission-control.lock"),
    "this is no database, and longer than its header is: ".repeat(9),
  );
  assert.throws(
    () => SqliteStore.open({ folder }),
    (error: Error) => !(error instanceof DataFolderInUseError) && /not a database/.test(error.message),
  );
});
