import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { TaskQuery } from "@mission-control/protocol";
import { createTask } from "../../../test/conformance/engine.ts";
import { migrate } from "./migrations.ts";
import { SqliteStore } from "./sqlite-store.ts";

test("tasks of the first version's file are found by tag, search and priority", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-migrations-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const titles = ["Fix the login", "Review\u0000 qx", "Fix \ue000 invoices"];
  const records: string[] = [];
  const newest = SqliteStore.open({ folder });
  for (const [index, title] of titles.entries()) {
    const { task } = await newest.change(createTask(`t${index}`, { title, tags: ["ui"], priority: "high" }));
    const { updatedAt: _at, description: _text, context: _context, ...record } = task ?? assert.fail();
    records.push(JSON.stringify(record));
  }
  await newest.close();

  const file = join(folder, "mission-control.db");
  for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
  rmSync(join(folder, "mission-control.instance"));
  const db = new DatabaseSync(file);
  migrate(db, 1);
  for (const [index, title] of titles.entries()) {
    const seq = index + 1;
    db.prepare("INSERT INTO tasks VALUES (?, ?, 'pending', NULL, 2, ?, '2026-01-01', NULL, NULL, 0)").run(
      seq,
      `t${index}`,
      records[index] ?? "",
    );
    db.prepare("INSERT INTO task_texts VALUES (?, 'As said.', '{}')").run(seq);
    db.prepare("INSERT INTO task_tags VALUES ('ui', ?)").run(seq);
    db.prepare("INSERT INTO task_search (rowid, text) VALUES (?, ?)").run(seq, `${title}\nAs said.`);
  }
  db.close();

  const store = SqliteStore.open({ folder });
  const found = async (query: Partial<TaskQuery>) => {
    const { items } = await store.tasks({ sort: "priority", limit: 10, ...query });
    return items.map(({ id }) => id);
  };
  assert.deepEqual(await found({ tag: "ui" }), ["t2", "t1", "t0"]);
  assert.deepEqual(await found({ q: "fix" }), ["t2", "t0"]);
  assert.deepEqual(await found({ q: "qx" }), ["t1"]);
  assert.deepEqual(await found({ q: "\u0000 q" }), ["t1"]);
  assert.equal((await store.task("t2"))?.title, titles[2]);
  await store.change({ kind: "edit", taskId: "t0", fields: { title: "Mend the login", priority: "low" } });
  assert.deepEqual(await found({ q: "fix" }), ["t2"]);
  assert.deepEqual(await found({ tag: "ui" }), ["t2", "t1", "t0"]);
  await store.close();
});
