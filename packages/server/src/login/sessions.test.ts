import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../test/http-fixture.ts";
import { failing } from "../../test/support/failing-store.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { StoreUnavailableError } from "../store/store.ts";
import { type SessionProof, Sessions, type SessionsOptions } from "./sessions.ts";

const THIRTY_DAYS_MS = 30 * 86_400_000;

/** Sessions over a real store, and how to start them again over the same. */
async function start(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-sessions-"));
  const clock = new ManualClock();
  const { store, disk } = failing(SqliteStore.open({ folder, now: clock.now }));
  const faults: unknown[] = [];
  const logger = { error: (fields: object) => void faults.push(fields) };
  const open = async (options: Partial<SessionsOptions> = {}) => {
    const sessions = await Sessions.open({
      store,
      now: clock.now,
      logger,
      tokenFingerprint: "one",
      ...options,
    });
    context.after(() => sessions.close());
    return sessions;
  };
  context.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
    assert.deepEqual(faults, []);
  });
  return { store, disk, clock, open, sessions: await open() };
}

const find = (sessions: Sessions, { cookie, key }: SessionProof) => sessions.find([cookie], key)?.id ?? null;

test("a session is proved by its cookie and its key together, and nothing of them is kept", async (context) => {
  const { sessions, store } = await start(context);
  const one = await sessions.create("a browser");
  const other = await sessions.create("another");
  assert.equal(find(sessions, one), one.session.id);
  assert.equal(sessions.find(["forged", other.cookie, one.cookie], one.key)?.id, one.session.id);
  for (const [cookies, key] of [
    [[one.cookie], other.key],
    [[one.cookie], ""],
    [[one.cookie], one.cookie],
    [[one.key], one.key],
    [[], one.key],
  ] as const) {
    assert.equal(sessions.find(cookies, key), null);
  }
  const kept = JSON.stringify(await store.records("session"));
  for (const secret of [one.cookie, one.key]) assert.ok(!kept.includes(secret));
});

test("a restart keeps the sessions, one with another token ends them for good", async (context) => {
  const { sessions, open, store } = await start(context);
  const proof = await sessions.create("a browser");
  assert.equal(find(await open(), proof), proof.session.id);
  assert.equal(find(await open({ tokenFingerprint: "two" }), proof), null);
  assert.equal(find(await open(), proof), null);
  assert.deepEqual(await store.records("session"), []);
});

test("while the disk is full a session of another token is none, and is removed by the next start", async (context) => {
  const { sessions, open, store, disk } = await start(context);
  const proof = await sessions.create("a browser");
  disk.full = true;
  assert.equal(find(await open({ tokenFingerprint: "two" }), proof), null);
  disk.full = false;
  assert.equal(find(await open({ tokenFingerprint: "two" }), proof), null);
  assert.deepEqual(await store.records("session"), []);
});

test("a log-out that cannot be kept has not happened", async (context) => {
  const { sessions, open, disk } = await start(context);
  const proof = await sessions.create("a browser");
  const ended: string[] = [];
  sessions.onEnd((id) => ended.push(id));
  disk.full = true;
  await assert.rejects(sessions.remove(proof.session.id), StoreUnavailableError);
  assert.deepEqual(ended, []);
  assert.equal(find(sessions, proof), proof.session.id);
  assert.equal(sessions.list().length, 1);
  disk.full = false;
  assert.equal(await sessions.remove(proof.session.id), true);
  assert.deepEqual(ended, [proof.session.id]);
  assert.equal(await sessions.remove(proof.session.id), false);
  assert.equal(find(sessions, proof), null);
  assert.equal(find(await open(), proof), null);
});

test("a log-in that cannot be kept has not happened", async (context) => {
  const { sessions, disk } = await start(context);
  disk.full = true;
  await assert.rejects(sessions.create("a browser"), StoreUnavailableError);
  assert.deepEqual(sessions.list(), []);
});

test("a session ends after thirty days, and says so though nobody asks and the disk is full", async (context) => {
  const { open, store, clock, disk } = await start(context);
  const sessions = await open({ sweepMs: 1 });
  const proof = await sessions.create("a browser");
  clock.advance(THIRTY_DAYS_MS - 1);
  assert.equal(find(sessions, proof), proof.session.id);
  disk.full = true;
  const ended = new Promise<string>((resolve) => sessions.onEnd(resolve));
  clock.advance(1);
  assert.equal(find(sessions, proof), null);
  assert.equal(await ended, proof.session.id);
  disk.full = false;
  await open();
  assert.deepEqual(await store.records("session"), []);
});
