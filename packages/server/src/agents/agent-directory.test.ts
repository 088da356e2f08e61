import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { register } from "../../test/conformance/engine.ts";
import { openTestStore } from "../../test/support/test-store.ts";
import { StoreUnavailableError } from "../store/store.ts";
import { AgentDirectory } from "./agent-directory.ts";

test("what could not be announced of an agent is announced by the next look", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-agents-"));
  const store = openTestStore({ folder });
  await register(store, "a1");
  const agents = await AgentDirectory.open({
    store,
    now: () => new Date(),
    reachability: () => ({ status: "offline", reason: "Nobody is there.", at: new Date() }),
  });
  context.after(async () => {
    agents.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  context.mock.method(store, "append", () => Promise.reject(new StoreUnavailableError("The disk is full.")), {
    times: 1,
  });
  await assert.rejects(agents.announceReachability(), StoreUnavailableError);
  await agents.announceReachability();
  await agents.announceReachability();
  const { items } = await store.history(null, { types: ["agent"], agentId: "a1" }, 10);
  assert.deepEqual(
    items.flatMap(({ data }) => (data.change === "status" ? [data.status] : [])),
    ["offline"],
  );
});
