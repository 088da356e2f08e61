import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Statements } from "./statements.ts";

test("prepared statements are kept, and never more than so many", () => {
  const db = new DatabaseSync(":memory:");
  const statements = new Statements(db);
  const first = statements.get("SELECT 0 AS n");
  assert.equal(statements.get("SELECT 0 AS n"), first);
  for (let n = 1; n <= 1000; n++) assert.equal(statements.get(`SELECT ${n} AS n`).get()?.n, n);
  assert.ok(statements.size <= 256, String(statements.size));
  assert.equal(first.get()?.n, 0, "who still has one may use it");
  assert.equal(statements.get("SELECT 0 AS n").get()?.n, 0);
  db.close();
});
