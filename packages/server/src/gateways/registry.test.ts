import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { FakeOpenClawGateway } from "../../test/support/fake-openclaw-gateway.ts";
import { openTestStore } from "../../test/support/test-store.ts";
import { decodeFrame } from "../store/event-frame.ts";
import type { GatewayRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { GatewayEditor } from "./gateway-editor.ts";
import { GATEWAY_KINDS } from "./kinds.ts";
import { GatewayRegistry } from "./registry.ts";

let fake: FakeOpenClawGateway;
let identityDir: string;
let folder: string;
let store: Store;
let registry: GatewayRegistry;
let told: LogEvent[];
let logged: string[];
let wake: PromiseWithResolvers<void>;

beforeEach(async () => {
  fake = await FakeOpenClawGateway.listen();
  identityDir = mkdtempSync(join(tmpdir(), "registry-test-"));
  folder = mkdtempSync(join(tmpdir(), "registry-store-"));
  store = openTestStore({ folder });
  told = [];
  logged = [];
  wake = Promise.withResolvers();
});

afterEach(async () => {
  await registry.close();
  await fake.close();
  await store.close();
  rmSync(identityDir, { recursive: true });
  rmSync(folder, { recursive: true });
});

async function start(records: GatewayRecord[] = []): Promise<void> {
  const log = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  for (const record of records) await store.edit("gateway", record.id, () => ({ record }));
  store.follow(0, (entries) => {
    told.push(...entries.map(({ frame }) => decodeFrame(frame)));
    wake.resolve();
    wake = Promise.withResolvers();
  });
  registry = new GatewayRegistry({
    store,
    kinds: GATEWAY_KINDS,
    logger: { debug: log, info: log, warn: log, error: log },
    now: () => new Date(),
    identityDir,
  });
  await registry.start({ onRunEvent() {}, onReachabilityChange() {}, async onRoutesChange() {} });
}

async function toldState(state: string): Promise<LogEvent> {
  for (;;) {
    const found = told.find(({ data }) => data?.state === state);
    if (found) return found;
    await wake.promise;
  }
}

test("credentials in a kept address are nowhere: not in the list, the events or the log", async () => {
  const url = `ws://user:pass@127.0.0.1:1/in?token=hidden`;
  await start([{ id: "gateway_1", name: "one", url, createdAt: new Date().toISOString() }]);
  const { message } = await toldState("disconnected");
  assert.match(message ?? "", /ws:\/\/127\.0\.0\.1:1\/in cannot be reached/);
  assert.equal(registry.list()[0]?.url, "ws://127.0.0.1:1/in");
  assert.doesNotMatch(JSON.stringify([registry.list(), told, logged]), /pass|hidden/);
});

test("what a gateway gave is forgotten with it, and a test keeps nothing", async () => {
  fake.on("connect", ({ answer }) => answer({ ...fake.hello(), auth: { deviceToken: "given" } }));
  fake.on("agents.list", ({ answer }) => answer({ agents: [] }));
  await start();
  const editor = new GatewayEditor({ store, gateways: registry, now: () => new Date() });
  const tokens = () => readdirSync(identityDir).filter((file) => file.startsWith("openclaw-token"));
  await registry.test({ url: fake.url, token: "shared" }, AbortSignal.timeout(10_000));
  assert.deepEqual(tokens(), []);
  const { id } = await editor.create({ url: fake.url, token: "shared" });
  await toldState("connected");
  assert.equal(tokens().length, 1);
  assert.equal(await editor.remove(id), true);
  assert.deepEqual(tokens(), []);
});
