import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import {
  callback,
  createTask,
  dispatchTo,
  newEvent,
  plain,
  running,
  Subject,
} from "../../../test/conformance/engine.ts";
import type { ChangeResult } from "../operations.ts";
import { StoreUnavailableError } from "../store.ts";
import { SqliteStore } from "./sqlite-store.ts";

/** A store, and a way to the very connection it writes by. */
async function open(context: TestContext): Promise<{ subject: Subject; db: DatabaseSync; folder: string }> {
  const opened: DatabaseSync[] = [];
  const { exec } = DatabaseSync.prototype;
  const mock = context.mock.method(
    DatabaseSync.prototype,
    "exec",
    function (this: DatabaseSync, sql: string) {
      if (sql.includes("synchronous")) opened.push(this);
      return exec.call(this, sql);
    },
  );
  const subject = await Subject.open({
    newPlace: async () => mkdtempSync(join(tmpdir(), "mission-control-failing-")),
    open: async (folder, now) => SqliteStore.open({ folder, now }),
    discard: async (folder) => rmSync(folder, { recursive: true }),
  });
  context.after(() => subject.discard());
  mock.mock.restore();
  const [db] = opened;
  assert.ok(db);
  return { subject, db, folder: subject.place };
}

const picture = async ({ store }: Subject) =>
  plain({
    tasks: await store.tasks({ sort: "createdAt", limit: 500 }),
    attempts: await store.attemptsOf("t1"),
    task: await store.task("t1"),
    attempt: await store.attempt("d1"),
    range: await store.range(),
    work: await store.snapshot(),
    counts: await store.taskCounts({}),
  });

test("a full disk refuses what does not fit, keeps nothing of it, and goes on when there is room", async (context) => {
  const { subject, db } = await open(context);
  await running(subject.store, "t1", "a1", "d1");
  const before = await picture(subject);
  const { page_count: pages } = db.prepare("PRAGMA page_count").get() as { page_count: number };
  db.exec(`PRAGMA max_page_count = ${pages}`);
  const large = { message: "x".repeat(60_000) };
  const key = { scope: "d1", key: "msg_1" };
  const refused = await Promise.allSettled([
    subject.change(callback("t1", "a1", { type: "complete", ...large }), key),
    subject.change(createTask("t2", { description: "y".repeat(60_000) })),
    subject.store.append([newEvent("gateway", large)]),
  ]);
  for (const result of refused) {
    assert.equal(result.status, "rejected");
    assert.ok(result.status === "rejected" && result.reason instanceof StoreUnavailableError);
    assert.match(String((result.reason as Error).cause), /full/);
  }
  assert.deepEqual(await picture(subject), before);
  assert.equal(await subject.store.task("t2"), null);
  db.exec("PRAGMA max_page_count = 4294967294");
  const again = await subject.change(callback("t1", "a1", { type: "complete", ...large }), key);
  assert.deepEqual(
    [again.duplicate, again.taskStatus],
    [false, "completed"],
    "the refusal was not remembered",
  );
  await subject.reopen();
  const log = await subject.log();
  assert.deepEqual(
    log.map(({ id }) => id),
    log.map((_, index) => index + 1),
    "no id was lost to what failed",
  );
  assert.deepEqual(
    (await subject.followed()).map(({ id }) => id),
    log.map(({ id }) => id),
    "what failed was never in the log",
  );
});

test("one piece that cannot be written does not take the others of its group with it", async (context) => {
  const { subject, folder } = await open(context);
  await running(subject.store, "t1", "a1", "d1");
  const poison = new DatabaseSync(join(folder, "mission-control.db"));
  poison.exec(`CREATE TRIGGER poison BEFORE INSERT ON events WHEN NEW.frame LIKE '%poison%'
    BEGIN SELECT RAISE(FAIL, 'the disk says no'); END`);
  const { newest } = await subject.store.range();
  const group = Array.from({ length: 40 }, (_, index): Promise<unknown> => {
    if (index % 10 === 5) return subject.change(createTask(`poisoned${index}`, { title: "poison" }));
    if (index % 2 === 0)
      return subject.change(callback("t1", "a1", { type: "progress", message: `${index}` }));
    return subject.store.append([newEvent("gateway", { message: `${index}` })]);
  });
  const results = await Promise.allSettled(group);
  assert.deepEqual(
    results.map(({ status }) => status === "rejected"),
    results.map((_, index) => index % 10 === 5),
  );
  const written = (await subject.log()).filter(({ id }) => id > newest);
  assert.deepEqual(
    written.map(({ message }) => Number(message)),
    results.map((_, index) => index).filter((index) => index % 10 !== 5),
    "in the order they came",
  );
  assert.deepEqual(
    written.map(({ id }) => id),
    written.map((_, index) => newest + 1 + index),
  );
  for (const [index, result] of results.entries()) {
    if (result.status !== "fulfilled") continue;
    const value = result.value as ChangeResult | number;
    const eventId = typeof value === "number" ? value : value.eventId;
    const event = written.find(({ id }) => id === eventId);
    assert.equal(event?.message, `${index}`, "every answer names its own event");
  }
  assert.equal(await subject.store.task("poisoned5"), null);
  poison.exec("DROP TRIGGER poison");
  poison.close();
});

test("a fault of the server's own is told as itself, not as an outage, and takes no other change with it", async (context) => {
  const { subject } = await open(context);
  await running(subject.store, "t1", "a1", "d1");
  const { newest } = await subject.store.range();
  const unwritable = { ...newEvent("gateway"), data: { big: 1n as unknown as number } };
  const results = await Promise.allSettled(
    Array.from({ length: 30 }, (_, index): Promise<unknown> => {
      if (index % 3 === 1) return subject.store.append([newEvent("gateway"), unwritable]);
      return subject.change(callback("t1", "a1", { type: "progress", message: `${index}` }));
    }),
  );
  for (const [index, result] of results.entries()) {
    if (index % 3 !== 1) assert.equal(result.status, "fulfilled");
    else assert.ok(result.status === "rejected" && result.reason instanceof TypeError);
  }
  const written = (await subject.log()).filter(({ id }) => id > newest);
  assert.deepEqual(
    written.map(({ id, message }) => [id, message]),
    results
      .flatMap((_, index) => (index % 3 === 1 ? [] : [`${index}`]))
      .map((message, at) => [newest + 1 + at, message]),
    "the others, in the order they came, and nothing of what failed",
  );
});

test("while another writer holds the file, nothing is stored; afterwards all goes on", async (context) => {
  const { subject, folder } = await open(context);
  await subject.change(createTask("t1"));
  await subject.change(dispatchTo("a1", "t1", "d1"));
  const before = await picture(subject);
  const other = new DatabaseSync(join(folder, "mission-control.db"));
  other.exec("BEGIN IMMEDIATE");
  await assert.rejects(subject.change({ kind: "cancel", taskId: "t1" }), StoreUnavailableError);
  assert.deepEqual(await picture(subject), before);
  other.exec("ROLLBACK");
  other.close();
  const cancelled = await subject.change({ kind: "cancel", taskId: "t1" });
  assert.equal(cancelled.task?.status, "cancelled");
});

test("pruning that fails has pruned nothing", async (context) => {
  const { subject, folder } = await open(context);
  await subject.store.append(Array.from({ length: 30 }, () => newEvent("gateway")));
  const other = new DatabaseSync(join(folder, "mission-control.db"));
  other.exec(`CREATE TRIGGER poison AFTER DELETE ON events WHEN OLD.id = 20
    BEGIN SELECT RAISE(FAIL, 'the disk says no'); END`);
  const policy = { keepEvents: 5, receiptsBefore: "2000-01-01T00:00:00.000Z" };
  await assert.rejects(subject.store.prune(policy), /the disk says no/);
  assert.deepEqual(await subject.store.range(), { oldest: 1, newest: 30 });
  assert.equal((await subject.log()).length, 30);
  other.exec("DROP TRIGGER poison");
  other.close();
  await subject.store.prune(policy);
  assert.deepEqual(await subject.store.range(), { oldest: 26, newest: 30 });
});
