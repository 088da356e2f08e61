import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { failing } from "../../test/support/failing-store.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { StoreUnavailableError } from "../store/store.ts";
import { AgentDirectory } from "./agent-directory.ts";
import { AgentEditor } from "./agent-editor.ts";

/** A directory over a real store with its editor, and how to open another over the same. */
async function start(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-agents-"));
  const now = () => new Date("2026-11-23T10:00:00.000Z");
  const { store, disk } = failing(SqliteStore.open({ folder, now }));
  const open = async () => {
    const directory = await AgentDirectory.open({ store, now, reachability: () => ({ status: "online" }) });
    context.after(() => directory.close());
    return directory;
  };
  context.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const agents = await open();
  const editor = new AgentEditor({ store, agents, now });
  const { agent } = await editor.create({
    name: "Ada",
    capabilities: [],
    concurrency: 2,
    endpoint: { kind: "http", url: "http://127.0.0.1:1/" },
  });
  /** What became of the agents' records, as the log tells it. */
  const changes = async () => {
    const { items } = await store.history(null, { types: ["agent"] }, 100);
    return items.map(({ data }) => data?.change).reverse();
  };
  return { agents, editor, id: agent.id, disk, open, changes };
}

test("an agent whose removal cannot be kept stays; one that can is gone, once", async (context) => {
  const { agents, editor, id, disk, open, changes } = await start(context);
  disk.full = true;
  const removal = editor.remove(id);
  await assert.rejects(removal, StoreUnavailableError);
  assert.equal(agents.get(id)?.name, "Ada");
  disk.full = false;
  assert.deepEqual(await Promise.all([editor.remove(id), editor.remove(id)]), [true, false]);
  assert.equal(agents.get(id), null);
  assert.equal((await open()).get(id), null);
  assert.deepEqual(await changes(), ["created", "deleted"]);
});

test("an edit that cannot be kept is not made, and none that is made is lost with it", async (context) => {
  const { agents, editor, id, disk, open } = await start(context);
  disk.full = true;
  await assert.rejects(editor.update(id, { name: "Eve" }), StoreUnavailableError);
  assert.equal(agents.get(id)?.name, "Ada");
  const failed = editor.update(id, { name: "Eve" });
  const kept = failed.catch(() => {
    disk.full = false;
  });
  const later = editor.update(id, { concurrency: 3 });
  await Promise.allSettled([failed, kept, later]);
  const last = await editor.update(id, { capabilities: ["code"] });
  const restarted = (await open()).get(id);
  for (const view of [last?.agent, agents.get(id), restarted]) {
    assert.deepEqual([view?.name, view?.capabilities], ["Ada", ["code"]]);
    assert.equal(view?.concurrency, restarted?.concurrency);
  }
});

test("edits at one time build on each other", async (context) => {
  const { agents, editor, id, open } = await start(context);
  await Promise.all([
    editor.update(id, { name: "Eve" }),
    editor.update(id, { concurrency: 3 }),
    editor.update(id, { capabilities: ["code"] }),
  ]);
  for (const view of [agents.get(id), (await open()).get(id)]) {
    assert.deepEqual([view?.name, view?.concurrency, view?.capabilities], ["Eve", 3, ["code"]]);
  }
});
