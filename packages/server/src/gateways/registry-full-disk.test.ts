import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { failing } from "../../test/support/failing-store.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { StoreUnavailableError } from "../store/store.ts";
import { GatewayEditor } from "./gateway-editor.ts";
import { GATEWAY_KINDS } from "./kinds.ts";
import { GatewayRegistry } from "./registry.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const listener = { onRunEvent() {}, onReachabilityChange() {}, async onRoutesChange() {} };

test("a gateway whose removal cannot be kept stays, with its way to it", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-registry-"));
  const { store, disk } = failing(SqliteStore.open({ folder }));
  const open = async () => {
    const identityDir = join(folder, "identity");
    const gateways = new GatewayRegistry({
      store,
      kinds: GATEWAY_KINDS,
      logger: silent,
      now: () => new Date(),
      identityDir,
    });
    context.after(() => gateways.close());
    await gateways.start(listener);
    return gateways;
  };
  context.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const gateways = await open();
  const editor = new GatewayEditor({ store, gateways, now: () => new Date() });
  // Nobody listens there: the gateway tries to connect for as long as it is kept.
  const { id } = await editor.create({ url: "ws://127.0.0.1:9" });
  const target = { agentId: "a1", endpoint: { kind: "openclaw", gatewayId: id, agentId: "main" } } as const;
  disk.full = true;
  await assert.rejects(editor.remove(id), StoreUnavailableError);
  assert.deepEqual(
    gateways.list().map((gateway) => gateway.id),
    [id],
  );
  assert.ok(gateways.adapterFor(target));
  disk.full = false;
  assert.deepEqual(await Promise.all([editor.remove(id), editor.remove(id)]), [true, false]);
  assert.equal(await editor.remove(id), false);
  assert.equal(gateways.adapterFor(target), null);
  assert.deepEqual((await open()).list(), []);
  const { items } = await store.history(null, { types: ["gateway"] }, 100);
  assert.equal(items[0]?.data?.change, "deleted", "nothing is told of it after its removal");
  assert.equal(items.filter(({ data }) => data?.change === "deleted").length, 1);
});
