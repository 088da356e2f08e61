import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { TaskQuery } from "@mission-control/protocol";
import { createTask } from "../../../test/conformance/engine.ts";
import { Counter } from "../../insights/counting.ts";
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

test("what waited for a human in the fourth version's file is in the inbox", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-migrations-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "mission-control.db");
  const db = new DatabaseSync(file);
  migrate(db, 4);
  const tasks = [
    ["failed", { dispatchId: "d0" }],
    ["review", {}],
    ["in_progress", { waitingFor: { id: "r1", title: "May I?", options: [] } }],
    ["in_progress", {}],
    ["completed", {}],
  ] as const;
  for (const [index, [status, more]] of tasks.entries()) {
    const record = { id: `t${index}`, status, createdAt: "2026-01-01", ...more };
    db.prepare("INSERT INTO tasks VALUES (?, ?, ?, NULL, 2, ?, ?, NULL, NULL, 0)").run(
      index + 1,
      record.id,
      status,
      JSON.stringify(record),
      `2026-01-0${index + 1}`,
    );
    db.prepare("INSERT INTO task_texts (seq, description, context) VALUES (?, '', '{}')").run(index + 1);
  }
  const attempt = JSON.stringify({ id: "d0", endedAt: "2026-01-09" });
  db.prepare("INSERT INTO attempts VALUES ('d0', 't0', 'a1', 1, 'failed', 2, '', NULL, ?)").run(attempt);
  db.close();

  const store = SqliteStore.open({ folder });
  const { items, running } = await store.inbox(10);
  assert.deepEqual(
    items.map(({ id, waiting }) => [id, waiting]),
    [
      ["t1", { kind: "review", since: "2026-01-02" }],
      ["t2", { kind: "question", since: "2026-01-03" }],
      ["t0", { kind: "failure", since: "2026-01-09" }],
    ],
  );
  assert.equal(running, 2);
  await store.close();
});

test("what attempts of the tenth version's file came to is counted", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-migrations-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const db = new DatabaseSync(join(folder, "mission-control.db"));
  migrate(db, 10);
  const task = JSON.stringify({ id: "t1", status: "failed", tags: ["x"], createdAt: "2026-01-01" });
  db.prepare(
    "INSERT INTO tasks (seq, id, status, priority, record, updated_at, as_of) VALUES (1, 't1', 'failed', 1, ?, '', 0)",
  ).run(task);
  db.exec("INSERT INTO task_texts (seq, description, context) VALUES (1, '', '{}')");
  const insert = db.prepare("INSERT INTO attempts VALUES (?, 't1', 'a1', ?, ?, 1, ?, ?, ?)");
  const at = (hour: number) => `2026-01-02T0${hour}:00:00.000Z`;
  for (const [number, state, usage] of [
    [1, "failed", '{"inputTokens":5}'],
    [2, "running", '{"inputTokens":7,"cost":{"amount":2,"currency":"USD"}}'],
    [3, "running", null],
  ] as const) {
    const isOver = state === "failed";
    const attempt = {
      id: `d${number}`,
      taskId: "t1",
      agentId: "a1",
      number,
      state,
      ...(isOver ? { error: "No room" } : {}),
      queuedAt: at(1),
      sentAt: at(2),
      acceptedAt: at(3),
      endedAt: isOver ? at(4) : null,
    };
    insert.run(attempt.id, number, state, attempt.queuedAt, usage, JSON.stringify(attempt));
  }
  db.close();

  const store = SqliteStore.open({ folder });
  const { token } = await store.lease("insights", new AbortController().signal);
  await new Counter(store, token).step();
  const ranges = [{ from: "2026-01-01", to: "2026-01-03", length: "day" }] as const;
  const { rows } = await store.insights([{ ranges, agentId: "a1", tag: "x" }], 10);
  const { ended, used, reasons } = rows[0]?.[0]?.counts ?? {};
  assert.deepEqual(ended, { failed: 1 });
  assert.deepEqual(used, { inputTokens: 12, outputTokens: 0, costs: { USD: 2 } });
  assert.deepEqual(Object.keys(reasons ?? {}), ["No room"]);
  await store.close();
});
