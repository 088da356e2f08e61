import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Attempt } from "../../tasks/task.ts";
import { patchOf } from "./attempt-patch.ts";
import { AttemptTable } from "./attempt-table.ts";
import { openDatabase } from "./database.ts";

test("an event that an attempt's row shows already is not applied to it again", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-attempts-"));
  const { db, close } = openDatabase(folder);
  context.after(() => {
    close();
    rmSync(folder, { recursive: true });
  });
  db.exec("PRAGMA foreign_keys = OFF");
  const queued: Attempt = {
    ...{ id: "d1", taskId: "t1", agentId: "a1", number: 1, state: "queued", priority: "normal" },
    ...{ feedback: null, note: null, queuedAt: "", sentAt: null, acceptedAt: null, endedAt: null },
  };
  const failed: Attempt = { ...queued, state: "failed", error: "first" };
  const mended: Attempt = { ...failed, error: "second" };
  const before = new AttemptTable(db);
  before.write({ attempt: queued, isKnown: false, asOf: 1, followsFromEvents: false });
  before.write({ attempt: mended, isKnown: true, asOf: 2, followsFromEvents: false });
  const after = new AttemptTable(db);
  after.catchUp(patchOf({ before: queued, after: failed }), 2);
  assert.equal(after.get("d1")?.error, "second");
  after.catchUp(patchOf({ before: mended, after: { ...mended, error: "third" } }), 3);
  assert.equal(after.get("d1")?.error, "third");
});
