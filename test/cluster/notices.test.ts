import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import pg from "pg";
import { LOG_CHANNEL } from "../../packages/server/src/store/postgres/channels.ts";
import { type LogNotice, readNotice } from "../../packages/server/src/store/postgres/commit-notices.ts";
import type { PostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { newEvent, register } from "../../packages/server/test/conformance/engine.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { often, Told } from "./told.ts";

/** Commits that are a burst, and more than are announced before it is known as one. */
const BURST = 200;

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start();
});
after(() => server.discard());

/** Hears all notices of a log, like another node. */
class Ear {
  readonly notices: LogNotice[] = [];
  #heard = () => {};

  static async of(context: TestContext, place: Place): Promise<Ear> {
    const client = new pg.Client(place.url);
    await client.connect();
    context.after(() => client.end());
    const ear = new Ear();
    client.on("notification", ({ payload = "" }) => {
      ear.notices.push(readNotice(payload.split(" ")[0] ?? ""));
      ear.#heard();
    });
    await client.query(`LISTEN ${LOG_CHANNEL}`);
    return ear;
  }

  /** Waits for the notice that says all there is to read. */
  async lastOf(newest: number): Promise<void> {
    const isLast = (notice: LogNotice) => notice.newest === newest && !notice.moreFollows;
    while (!this.notices.some(isLast)) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}

function burst(store: PostgresStore): Promise<void> {
  return often(BURST, (round) => store.append([newEvent("activity", { message: `${round}` })]));
}

test("each commit is announced, but of a burst a few, and where it ended", async (context) => {
  const place = await Place.of(context, server);
  const store = await place.open();
  const ear = await Ear.of(context, place);
  await store.append([newEvent("gateway")]);
  await ear.lastOf(1);
  assert.deepEqual(ear.notices, [{ newest: 1, isUrgent: false, moreFollows: false }]);

  await burst(store);
  await ear.lastOf(1 + BURST);
  assert.ok(ear.notices.length < BURST / 2, `${ear.notices.length} notices of ${BURST} commits`);
  assert.ok(ear.notices.some(({ moreFollows }) => moreFollows));
});

test("what others may have to act on is announced at once, also in a burst", async (context) => {
  const place = await Place.of(context, server);
  const store = await place.open();
  const ear = await Ear.of(context, place);
  await burst(store);
  await register(store, "a1", 1);
  const { newest } = await store.range();
  await burst(store);
  await ear.lastOf(newest);
  await ear.lastOf(newest + BURST);
  const about = ear.notices.findIndex((notice) => notice.newest === newest && notice.isUrgent);
  assert.notEqual(about, -1);
  assert.ok(
    ear.notices.slice(0, about).every((notice) => notice.newest < newest),
    "before anything later was",
  );
});

test("a burst of another node is read in few steps while nobody waits, and whole", async (context) => {
  const place = await Place.of(context, server);
  const [one, other] = [await place.open(), await place.open()];
  const told = new Told(other);
  let steps = 0;
  other.follow(0, () => steps++);
  const begun = performance.now();
  await burst(one);
  await told.upTo(BURST);
  const most = Math.ceil((performance.now() - begun) / 20) + 10;
  assert.ok(steps <= most, `${steps} steps, not ${most}`);
  assert.deepEqual(
    told.entries.map(({ id }) => id),
    Array.from({ length: BURST }, (_, index) => index + 1),
  );
});

test("who waits for what another node commits in a burst has all of it before the end is announced", async (context) => {
  const place = await Place.of(context, server);
  const [one, other] = [await place.open(), await place.open()];
  const ear = await Ear.of(context, place);
  const { promise, resolve } = Promise.withResolvers<string>();
  const follower = other.follow(0, (entries) => {
    if ((entries.at(-1)?.id ?? 0) >= BURST) resolve("all of it");
  });
  follower.setUrgent(true);
  await burst(one);
  assert.equal(await Promise.race([promise, ear.lastOf(BURST).then(() => "the notice")]), "all of it");
});
