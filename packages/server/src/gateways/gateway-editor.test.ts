import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openTestStore } from "../../test/support/test-store.ts";
import { GatewayEditor, GatewayInUseError } from "./gateway-editor.ts";
import { GATEWAY_KINDS } from "./kinds.ts";
import { GatewayRegistry } from "./registry.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const now = () => new Date();
// Nobody listens there.
const URL_OF_NOBODY = "ws://127.0.0.1:9/in";

async function start(context: TestContext, first?: { url: string; token: string }) {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-gateways-"));
  const store = openTestStore({ folder });
  const parts = { store, kinds: GATEWAY_KINDS, logger: silent, now, identityDir: join(folder, "identity") };
  const gateways = new GatewayRegistry({ ...parts, ...(first ? { first } : {}) });
  context.after(async () => {
    await gateways.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  await gateways.start({ onRunEvent() {}, onReachabilityChange() {}, async onRoutesChange() {} });
  return { store, gateways, editor: new GatewayEditor({ store, gateways, now }) };
}

test("a gateway without a name is called by its host", async (context) => {
  const { gateways, editor } = await start(context);
  const { id, name } = await editor.create({ url: URL_OF_NOBODY });
  assert.equal(name, "127.0.0.1:9");
  assert.deepEqual(
    gateways.list().map((one) => one.id),
    [id],
  );
});

test("the gateway that the settings name is not removed, and its token is not stored", async (context) => {
  const { store, gateways, editor } = await start(context, { url: URL_OF_NOBODY, token: "shared" });
  const [settings] = gateways.list();
  assert.ok(settings);
  await assert.rejects(editor.remove(settings.id), (error: unknown) => {
    assert.ok(error instanceof GatewayInUseError);
    assert.match(error.message, /comes from OPENCLAW_GATEWAY_URL/);
    return true;
  });
  assert.deepEqual(
    gateways.list().map(({ id }) => id),
    [settings.id],
  );
  const announced = Promise.withResolvers<void>();
  store.follow(0, () => announced.resolve());
  await announced.promise;
  const records = await store.records("gateway");
  assert.equal(records.length, 1, "what became of its connection is");
  assert.doesNotMatch(JSON.stringify(records), /shared/);
});

test("without one in the settings, there is none of its id to remove", async (context) => {
  const { editor } = await start(context);
  assert.equal(await editor.remove("gateway_settings"), false);
});
