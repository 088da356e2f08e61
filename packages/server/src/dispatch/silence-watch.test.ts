import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { AgentView, LogEvent } from "@mission-control/protocol";
import { callback, register, running } from "../../test/conformance/engine.ts";
import { openTestStore } from "../../test/support/test-store.ts";
import { decodeFrame } from "../store/event-frame.ts";
import type { Store } from "../store/store.ts";
import { SilenceWatch } from "./silence-watch.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let store: Store;
let agent: Pick<AgentView, "status" | "statusReason">;
let watch: SilenceWatch | null;
let told: LogEvent[];
let wake: () => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "mission-control-silence-"));
  store = openTestStore({ folder, now: () => new Date() });
  agent = { status: "online" };
  watch = null;
  told = [];
  wake = () => {};
  store.follow(0, (entries) => {
    for (const { type, frame } of entries) {
      const event = decodeFrame(frame);
      if (type === "dispatch" && event.data.silence !== undefined) told.push(event);
    }
    wake();
  });
  await register(store, "a1", 10);
});
afterEach(async () => {
  await watch?.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

function start(patience: Partial<{ firstWordMs: number; silentMs: number }>) {
  const never = Number.POSITIVE_INFINITY;
  const options = { patience: { firstWordMs: never, silentMs: never, ...patience }, logger: silent };
  return new SilenceWatch({ store, agents: { get: () => agent }, now: () => new Date(), ...options });
}

/** Waits for so many words about who is missed. */
async function toldOf(count: number): Promise<string[]> {
  while (told.length < count) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  return told.map(({ dispatchId, data }) => {
    const state = (data.silence as { state: string } | null)?.state ?? null;
    return `${dispatchId} ${state}`;
  });
}

test("who has not said a first word is missed until it does, in the task, the inbox and the log alike", async () => {
  await running(store, "t1", "a1", "d1");
  watch = start({ firstWordMs: 20 });
  assert.deepEqual(await toldOf(1), ["d1 not_responding"]);
  assert.deepEqual((await store.inbox(10)).items, []);
  await watch.close();
  watch = start({ silentMs: 20 });
  assert.deepEqual(await toldOf(2), ["d1 not_responding", "d1 silent"]);
  const [item] = (await store.inbox(10)).items;
  const { acceptedAt } = (await store.attempt("d1")) ?? assert.fail();
  assert.deepEqual(item?.silence, { state: "silent", since: acceptedAt });
  assert.deepEqual(item?.waiting, { kind: "silent", since: acceptedAt });
  assert.match(String(told[1]?.message), /said nothing for a long time/);
  // While nobody watches: it would be missed again, on a busy machine before the inbox is read.
  await watch.close();
  await store.change(callback("t1", "a1", { type: "progress" }));
  assert.deepEqual((await store.inbox(10)).items, []);
  assert.equal((await store.task("t1"))?.silence, undefined);
  watch = start({ silentMs: 20 });
  await toldOf(3);
  const again = (await store.inbox(10)).items[0];
  assert.equal(again?.waiting?.since, (await store.task("t1"))?.lastWordAt);
});

test("an agent that cannot be reached is told with the reason, and that it can again; a restart tells neither twice", async () => {
  await running(store, "t1", "a1", "d1");
  await store.change(callback("t1", "a1", { type: "progress" }));
  agent = { status: "offline", statusReason: "connection refused" };
  watch = start({ firstWordMs: 20 });
  assert.deepEqual(await toldOf(1), ["d1 offline"]);
  assert.match(String(told[0]?.message), /connection refused/);
  assert.equal((await store.inbox(10)).items[0]?.waiting?.kind, "silent");
  await watch.close();
  await running(store, "t2", "a1", "d2");
  // Else it would be missed for its first word, once its agent can be reached again.
  await store.change(callback("t2", "a1", { type: "progress" }));
  watch = start({ firstWordMs: 20 });
  assert.deepEqual(await toldOf(2), ["d1 offline", "d2 offline"]);
  agent = { status: "online" };
  assert.deepEqual((await toldOf(4)).slice(2).sort(), ["d1 null", "d2 null"]);
  assert.deepEqual((await store.inbox(10)).items, []);
});
