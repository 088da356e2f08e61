import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createTask } from "../../../test/conformance/engine.ts";
import { storeConformance } from "../../../test/conformance/suite.ts";
import type { LogEntry } from "../store.ts";
import { SqliteStore } from "./sqlite-store.ts";

storeConformance("SQLite", {
  newPlace: async () => mkdtempSync(join(tmpdir(), "mission-control-store-")),
  open: async (folder, now) => SqliteStore.open({ folder, now }),
  discard: async (folder) => rmSync(folder, { recursive: true }),
});

test("a listener that throws is logged; the others follow, and commits go on", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-store-"));
  const logged: unknown[] = [];
  const store = SqliteStore.open({ folder, logger: { error: (fields) => void logged.push(fields) } });
  context.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const fault = new TypeError("a fault of ours");
  const followed: LogEntry[] = [];
  store.follow(0, () => {
    throw fault;
  });
  store.follow(0, (entries) => followed.push(...entries));
  await store.change(createTask("t1"));
  await store.change(createTask("t2"));
  assert.deepEqual(
    followed.map(({ taskId }) => taskId),
    ["t1", "t2"],
  );
  assert.deepEqual(logged, [{ err: fault }, { err: fault }]);
});
