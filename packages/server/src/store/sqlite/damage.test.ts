import assert from "node:assert/strict";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createTask, newEvent } from "../../../test/conformance/engine.ts";
import { StoreUnavailableError } from "../store.ts";
import { DamagedDatabaseError } from "./damage.ts";
import { SqliteStore } from "./sqlite-store.ts";

/** Data folders as a killed server leaves them, and as one that was stopped in order does. */
class Folders {
  readonly #root = mkdtempSync(join(tmpdir(), "mission-control-damage-"));
  readonly #stores: SqliteStore[] = [];
  #copies = 0;

  constructor(context: TestContext) {
    context.after(async () => {
      for (const store of this.#stores) await store.close().catch(() => {});
      rmSync(this.#root, { recursive: true });
    });
  }

  open(folder: string, logged: object[] = []): SqliteStore {
    const logger = { error: (fields: object) => void logged.push(fields) };
    const store = SqliteStore.open({ folder, logger });
    this.#stores.push(store);
    return store;
  }

  /** @param fill what the server does before it is killed */
  async killed(fill: (store: SqliteStore) => Promise<unknown> = twoTasks): Promise<Folder> {
    const live = this.#new();
    const store = this.open(live.path);
    await fill(store);
    return this.#copy(live);
  }

  /** The same, of a server that was killed after the database itself had got all of an earlier one. */
  async killedLater(fill: (store: SqliteStore) => Promise<unknown>): Promise<Folder> {
    const live = await this.stopped(fill);
    await this.open(live.path).append([newEvent("gateway")]);
    return this.#copy(live);
  }

  async stopped(fill: (store: SqliteStore) => Promise<unknown> = twoTasks): Promise<Folder> {
    const folder = this.#new();
    const store = SqliteStore.open({ folder: folder.path });
    await fill(store);
    await store.close();
    return folder;
  }

  #copy(from: Folder): Folder {
    const copy = this.#new();
    cpSync(from.path, copy.path, { recursive: true });
    return copy;
  }

  #new(): Folder {
    return new Folder(join(this.#root, String(++this.#copies)));
  }
}

class Folder {
  readonly path: string;
  readonly db: string;
  readonly wal: string;
  readonly marker: string;

  constructor(path: string) {
    this.path = path;
    this.db = join(path, "mission-control.db");
    this.wal = `${this.db}-wal`;
    this.marker = join(path, "mission-control.instance");
  }
}

async function twoTasks(store: SqliteStore): Promise<void> {
  await store.change(createTask("t1"));
  await store.change(createTask("t2"));
}

/** The id of the process that has this as its last argument. */
function processWith(argument: string): string {
  const isIt = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").endsWith(`\0${argument}\0`);
    } catch {
      return false; // It has ended, or is none.
    }
  };
  return readdirSync("/proc").find(isIt) ?? assert.fail("no such process");
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // It closed one meanwhile, or has ended.
  }
}

/** Checks that a start is refused in words that name these files. */
function refuses(folder: Folder, ...names: string[]): void {
  assert.throws(
    () => SqliteStore.open({ folder: folder.path }),
    (error: Error) => {
      assert.ok(error instanceof DamagedDatabaseError, String(error));
      for (const name of names) assert.ok(error.message.includes(name), `${error.message} names ${name}`);
      return true;
    },
  );
}

/** Overwrites the pages of a part of the file with what is no page. */
function garble(file: string, from: number, bytes: number): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, Buffer.alloc(bytes, "garbage "), 0, bytes, from);
  closeSync(descriptor);
}

test("a database that is gone or empty is not replaced by a new one without a word", async (context) => {
  const folders = new Folders(context);
  for (const remove of [(file: string) => rmSync(file), (file: string) => truncateSync(file)]) {
    const killed = await folders.killed();
    const log = readFileSync(killed.wal);
    remove(killed.db);
    refuses(killed, killed.db, killed.wal);
    assert.deepEqual(readFileSync(killed.wal), log, "the log is left as it was");
    rmSync(killed.marker);
    refuses(killed, killed.db, killed.wal);
    const stopped = await folders.stopped();
    remove(stopped.db);
    refuses(stopped, stopped.db, stopped.marker);
    rmSync(stopped.marker);
    assert.deepEqual(await folders.open(stopped.path).range(), { oldest: 0, newest: 0 }, "as was asked for");
  }
});

test("a write-ahead log that is missing, cut or unreadable after a kill is told, and gone on without only when asked for", async (context) => {
  const folders = new Folders(context);
  const losses: ((wal: string) => void)[] = [
    (wal) => rmSync(wal),
    (wal) => truncateSync(wal),
    (wal) => truncateSync(wal, 4096),
    (wal) => garble(wal, 0, statSync(wal).size),
  ];
  for (const lose of losses) {
    const killed = await folders.killed();
    rmSync(`${killed.db}-shm`);
    lose(killed.wal);
    refuses(killed, killed.db, killed.marker);
    refuses(killed, killed.db, killed.marker);
    rmSync(killed.marker);
    const store = folders.open(killed.path);
    await store.change(createTask("t3"));
    assert.equal((await store.task("t3"))?.id, "t3");
  }
});

test("a kill alone is nothing to complain of, nor are many starts and stops", async (context) => {
  const folders = new Folders(context);
  const killed = await folders.killed();
  for (let start = 0; start < 3; start++) {
    const store = SqliteStore.open({ folder: killed.path });
    assert.equal((await store.task("t2"))?.id, "t2");
    assert.equal(await store.unavailableReason(), null);
    await store.close();
  }
  const neverUsed = await folders.killed(async () => {});
  await folders.open(neverUsed.path).change(createTask("t1"));
});

test("an older copy, or another folder's database, is not taken for the one that was there", async (context) => {
  const folders = new Folders(context);
  const folder = await folders.stopped();
  const backup = readFileSync(folder.db);
  const store = SqliteStore.open({ folder: folder.path });
  await store.change(createTask("t3"));
  await store.close();
  writeFileSync(folder.db, backup);
  refuses(folder, folder.db, folder.marker);
  writeFileSync(folder.db, readFileSync((await folders.stopped()).db));
  refuses(folder, folder.db, folder.marker);
  writeFileSync(folder.db, backup);
  rmSync(folder.marker);
  const older = folders.open(folder.path);
  const { items } = await older.history(null, {}, 10);
  assert.deepEqual(
    items.map(({ id }) => id),
    [2, 1],
  );
  assert.ok((await older.range()).newest > 3, "the ids that are lost are not given again");
});

test("pages that are none stop the start, whether the last server was killed or stopped", async (context) => {
  const folders = new Folders(context);
  const many = async (store: SqliteStore) => {
    await twoTasks(store);
    await store.append(Array.from({ length: 2000 }, () => newEvent("gateway", { message: "x".repeat(500) })));
  };
  for (const folder of [await folders.stopped(many), await folders.killedLater(many)]) {
    garble(folder.db, 400_000, 200_000);
    refuses(folder, folder.db);
    garble(folder.db, 0, 4096);
    refuses(folder, folder.db);
  }
});

test("a large database is checked after a kill while it is used; once found damaged it takes nothing, also after a restart", async (context) => {
  const folders = new Folders(context);
  const killed = await folders.killedLater(async (store) => {
    for (let event = 0; event < 36; event++) {
      await store.append([newEvent("gateway", { message: "x".repeat(1024 * 1024) })]);
    }
    await twoTasks(store);
  });
  garble(killed.db, 20_000_000, 4_000_000);
  const logged: { file?: string }[] = [];
  const store = folders.open(killed.path, logged);
  assert.equal((await store.task("t1"))?.id, "t1");
  while ((await store.unavailableReason()) === null) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.match(String(await store.unavailableReason()), /damaged/);
  assert.deepEqual(
    logged.map(({ file }) => file),
    [killed.db],
  );
  await assert.rejects(store.change(createTask("t3")), StoreUnavailableError);
  assert.equal((await store.task("t2"))?.id, "t2", "what can be read still is");
  await store.close();
  refuses(killed, killed.db, killed.marker);
});

test("a stop in the middle of that check is one in order", async (context) => {
  const folders = new Folders(context);
  const killed = await folders.killedLater(async (store) => {
    for (let event = 0; event < 150; event++) {
      await store.append([newEvent("gateway", { message: "x".repeat(1024 * 1024) })]);
    }
  });
  const store = SqliteStore.open({ folder: killed.path });
  const check = processWith(killed.db);
  // What is stored while the check reads, it keeps from leaving the log.
  do await store.append([newEvent("gateway")]);
  while (existsSync(`/proc/${check}`) && !openFiles(check).includes(killed.db));
  await store.append([newEvent("gateway")]);
  await store.close();
  assert.equal(JSON.parse(readFileSync(killed.marker, "utf8")).state, "closed");
});

test("a page found damaged while the server runs is told once, and nothing more is written", async (context) => {
  const folders = new Folders(context);
  const folder = await folders.stopped((store) =>
    store.append(Array.from({ length: 10_000 }, () => newEvent("gateway", { message: "x".repeat(4000) }))),
  );
  garble(folder.db, 5_000_000, 200_000);
  const logged: { file?: string }[] = [];
  const store = folders.open(folder.path, logged);
  assert.equal(await store.unavailableReason(), null, "too large to be checked, and stopped in order");
  const whole = { after: 0, upTo: 10_000, maxBytes: 1e9 };
  const readAll = async () => {
    for (let { after } = whole; after < 10_000; )
      after = (await store.frames({ ...whole, after }, {})).lastId;
  };
  await assert.rejects(readAll(), StoreUnavailableError);
  await assert.rejects(readAll(), StoreUnavailableError);
  assert.match(String(await store.unavailableReason()), /damaged/);
  assert.deepEqual(
    logged.map(({ file }) => file),
    [folder.db],
  );
});
