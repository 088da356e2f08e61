import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
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

const find = async (sessions: Sessions, { cookie, key }: SessionProof) =>
  (await sessions.find([cookie], key))?.id ?? null;

test("a session is proved by its cookie and its key together, and nothing of them is kept", async (context) => {
  const { sessions, store } = await start(context);
  const one = await sessions.create("a browser");
  const other = await sessions.create("another");
  assert.equal(await find(sessions, one), one.session.id);
  const forged = `${one.session.id}-forged`;
  const found = await sessions.find(["forged", forged, other.cookie, one.cookie], one.key);
  assert.equal(found?.id, one.session.id);
  for (const [cookies, key] of [
    [[one.cookie], other.key],
    [[one.cookie], ""],
    [[one.cookie], one.cookie],
    [[one.key], one.key],
    [[forged], one.key],
    [[], one.key],
  ] as const) {
    assert.equal(await sessions.find(cookies, key), null);
  }
  const kept = JSON.stringify(await store.records("session"));
  for (const secret of [one.cookie, one.key]) assert.ok(!kept.includes(secret));
});

test("a restart keeps the sessions, one with another token ends them for good", async (context) => {
  const { sessions, open, store } = await start(context);
  const proof = await sessions.create("a browser");
  assert.equal(await find(await open(), proof), proof.session.id);
  assert.equal(await find(await open({ tokenFingerprint: "two" }), proof), null);
  assert.equal(await find(await open(), proof), null);
  assert.deepEqual(await store.records("session"), []);
});

test("while the disk is full a session of another token is none, and is removed by the next start", async (context) => {
  const { sessions, open, store, disk } = await start(context);
  const proof = await sessions.create("a browser");
  disk.full = true;
  assert.equal(await find(await open({ tokenFingerprint: "two" }), proof), null);
  disk.full = false;
  assert.equal(await find(await open({ tokenFingerprint: "two" }), proof), null);
  assert.deepEqual(await store.records("session"), []);
});

test("a log-out that cannot be kept has not happened", async (context) => {
  const { sessions, open, disk } = await start(context);
  const proof = await sessions.create("a browser");
  disk.full = true;
  await assert.rejects(sessions.remove(proof.session.id), StoreUnavailableError);
  assert.equal(await find(sessions, proof), proof.session.id);
  assert.equal((await sessions.list()).length, 1);
  disk.full = false;
  assert.equal(await sessions.remove(proof.session.id), true);
  assert.equal(await sessions.remove(proof.session.id), false);
  assert.equal(await find(sessions, proof), null);
  assert.equal(await find(await open(), proof), null);
});

test("a log-in that cannot be kept has not happened", async (context) => {
  const { sessions, disk } = await start(context);
  disk.full = true;
  await assert.rejects(sessions.create("a browser"), StoreUnavailableError);
  assert.deepEqual(await sessions.list(), []);
});

test("a session ends after thirty days, also while the disk is full, and is removed some time after", async (context) => {
  const { open, store, clock, disk } = await start(context);
  const sessions = await open({ tidyMs: 1 });
  const proof = await sessions.create("a browser");
  const { id } = proof.session;
  clock.advance(THIRTY_DAYS_MS - 1);
  assert.equal(await find(sessions, proof), id);
  assert.equal(await sessions.lasts(id), true);
  disk.full = true;
  clock.advance(1);
  assert.equal(await find(sessions, proof), null);
  assert.equal(await sessions.lasts(id), false);
  disk.full = false;
  while ((await store.records("session")).length > 0) await nextTurn();
});

test("while the token is being changed, each node knows its own sessions, and leaves the others'", async (context) => {
  const { open, store, clock } = await start(context);
  const one = await open({ tidyMs: 1 });
  const two = await open({ tokenFingerprint: "two" });
  await one.create("an old one");
  clock.advance(1);
  const proofs = [await one.create("a browser"), await two.create("a browser")] as const;
  for (const [index, node] of [one, two].entries()) {
    const own = proofs[index]?.session.id;
    assert.ok(
      (await node.list()).every(({ tokenFingerprint }) => tokenFingerprint === ["one", "two"][index]),
    );
    assert.deepEqual([await find(node, proofs[0]), await find(node, proofs[1])].filter(Boolean), [own]);
  }
  clock.advance(THIRTY_DAYS_MS - 1);
  const kept = async () => (await store.records("session")).map(({ id }) => id).sort();
  while ((await kept()).length === 3) await nextTurn();
  assert.deepEqual(await kept(), proofs.map(({ session }) => session.id).sort());
});

test("a code is good once, for ten minutes, and nothing of it is kept", async (context) => {
  const { sessions, open, store, clock } = await start(context);
  const { code } = await sessions.issueCode();
  assert.ok(!JSON.stringify(await store.records("session")).includes(code.slice(code.indexOf("-") + 1)));
  for (const guess of ["a guess", `${code}x`, `${code.split("-")[0]}-`, "-"]) {
    assert.equal(await sessions.redeemCode(guess, "a browser"), null, guess);
  }
  assert.deepEqual(await sessions.list(), [], "a code is no session yet");
  assert.equal(await sessions.remove(code.split("-")[0] as string), false);
  const node = await open();
  const logIn = await node.redeemCode(code, "a browser");
  assert.ok(logIn);
  assert.equal(await find(sessions, logIn), logIn.session.id);
  for (const again of [sessions, node]) assert.equal(await again.redeemCode(code, "a browser"), null);
  assert.equal(await sessions.find([code], logIn.key), null, "a code is no cookie");
  const { code: late } = await sessions.issueCode();
  clock.advance(10 * 60_000);
  assert.equal(await sessions.redeemCode(late, "a browser"), null);
  const other = await open({ tokenFingerprint: "two" });
  assert.equal(await sessions.redeemCode((await other.issueCode()).code, "a browser"), null);
});

test("a code whose session could not be stored is still good", async (context) => {
  const { sessions, disk } = await start(context);
  const { code } = await sessions.issueCode();
  disk.full = true;
  await assert.rejects(sessions.redeemCode(code, "a browser"), StoreUnavailableError);
  assert.equal(await sessions.redeemCode("a guess", "a browser"), null, "guesses write nothing");
  disk.full = false;
  assert.ok(await sessions.redeemCode(code, "a browser"));
});
