import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBulk } from "./parse-bulk.ts";

test("lines, with or without list marks", () => {
  const bulk = parseBulk("- First\n\n* Second\n3. Third\n- [ ] Fourth\n  Fifth, with a comma  ");
  assert.equal(bulk.form, "lines");
  assert.deepEqual(
    bulk.tasks.map(({ title }) => title),
    ["First", "Second", "Third", "Fourth", "Fifth, with a comma"],
  );
});

test("JSON: titles, tasks, one task, or one a line", () => {
  assert.deepEqual(parseBulk('["One", {"title": "Two", "priority": "high"}]').tasks, [
    { title: "One" },
    { title: "Two", priority: "high" },
  ]);
  assert.equal(parseBulk('{"title":"Only"}').tasks.length, 1);
  assert.equal(parseBulk('{"title":"A"}\n{"title":"B"}').tasks.length, 2);
  assert.equal(parseBulk('["ok", 3]').problems.length, 1);
  assert.equal(parseBulk("[oops").problems.length, 1);
});

test("CSV: quotes, line breaks in cells, semicolons and tabs", () => {
  const bulk = parseBulk('title,description,priority,tags\n"Fix ""it""","two\nlines",HIGH,a;b\n,,,\n');
  assert.equal(bulk.form, "csv");
  assert.deepEqual(bulk.tasks, [
    { title: 'Fix "it"', description: "two\nlines", tags: ["a", "b"], priority: "high" },
  ]);
  assert.deepEqual(parseBulk("title\tpriority\nA\tlow").tasks, [{ title: "A", priority: "low" }]);
  assert.deepEqual(parseBulk("title;tags\nA;x,y").tasks, [{ title: "A", tags: ["x", "y"] }]);
  assert.match(parseBulk("title,priority\nA,soon").problems[0] ?? "", /2: priority "soon"/);
  assert.match(parseBulk("title,tags\n,x").problems[0] ?? "", /2: no title/);
});
