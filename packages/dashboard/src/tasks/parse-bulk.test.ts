import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseBulk } from "./parse-bulk.ts";

test("lines, with or without list marks", () => {
  const bulk = parseBulk("- First\n\n* Second\n3. Third\n- [ ] Fourth\n  Fifth, with a comma  ");
  assert.equal(bulk.form, "lines");
  assert.deepEqual(
    bulk.tasks.map(({ title }) => title),
    ["First", "Second", "Third", "Fourth", "Fifth, with a comma"],
  );
});

test("lines that divide, and marks with nothing behind them, are no tasks", () => {
  const pasted = "First\n---\n- \n*\n====\n\u{1F680}\n- - Second\n1.\n";
  assert.deepEqual(
    parseBulk(pasted).tasks.map(({ title }) => title),
    ["First", "\u{1F680}", "- Second", "1."],
  );
});

test("text that is no table stays lines, whatever it looks like", () => {
  for (const pasted of ["Fix a, b and c\nRename title, body", '"Quoted" words, said\nand more', "title\nA"]) {
    const { form, tasks, problems } = parseBulk(pasted);
    assert.deepEqual([form, tasks.length, problems], ["lines", 2, []], pasted);
  }
  for (const nothing of ["", "  \n\t\n", "---"]) assert.deepEqual(parseBulk(nothing).tasks, []);
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

test("a table that Windows wrote, with a mark of its encoding, flags and empty columns", () => {
  const bulk = parseBulk("\ufeffTitle,RequiresReview,Tags\r\nA,yes,\r\nB,no,x|y\r\nC,,\r\n");
  assert.deepEqual([bulk.form, bulk.problems], ["csv", []]);
  assert.deepEqual(bulk.tasks, [
    { title: "A", requiresReview: true },
    { title: "B", tags: ["x", "y"] },
    { title: "C" },
  ]);
});

test("what cannot be read is named by its place, and keeps nothing else from being read", () => {
  const bulk = parseBulk('title,priority\nA,soon\nB,low\n,high\n"C\nD",URGENT');
  assert.deepEqual(
    bulk.tasks.map(({ title, priority }) => [title, priority]),
    [
      ["B", "low"],
      ["C\nD", "urgent"],
    ],
  );
  assert.equal(bulk.problems.length, 2);
  const json = parseBulk('["ok", {"title": " "}, null, [], {"title": "fine"}]');
  assert.deepEqual(
    [json.tasks.length, json.problems.map((words) => words.slice(0, 2))],
    [2, ["2:", "3:", "4:"]],
  );
});

const words = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 ,;"'\n\t-]{0,20}[A-Za-z0-9]$/);

test("what a spreadsheet writes is read back as it was, whatever stands in its cells", () => {
  const cell = (value: string, separator: string) =>
    /["\n\r]/.test(value) || value.includes(separator) ? `"${value.replaceAll('"', '""')}"` : value;
  const row = fc.record({
    title: words,
    description: fc.option(words, { nil: undefined }),
    priority: fc.constantFrom("low", "normal", "high", "urgent", undefined),
  });
  const table = fc.array(row, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      table,
      fc.constantFrom(",", ";", "\t"),
      fc.constantFrom("\n", "\r\n"),
      (rows, separator, end) => {
        const lines = rows.map((one) =>
          [one.title, one.description ?? "", one.priority ?? ""]
            .map((value) => cell(value, separator))
            .join(separator),
        );
        const { form, tasks, problems } = parseBulk(
          [["title", "description", "priority"].join(separator), ...lines].join(end),
        );
        assert.deepEqual([form, problems], ["csv", []]);
        const known = rows.map((one) =>
          Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)),
        );
        assert.deepEqual(tasks, known);
      },
    ),
  );
});

test("tasks that were written as JSON, whole or one a line, are read back as they were", () => {
  const tasks = fc.array(
    fc.record({ title: words, tags: fc.array(words, { maxLength: 2 }) }, { noNullPrototype: true }),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(tasks, (made) => {
      assert.deepEqual(parseBulk(JSON.stringify(made, null, 2)).tasks, made);
      assert.deepEqual(parseBulk(made.map((one) => JSON.stringify(one)).join("\r\n")).tasks, made);
    }),
  );
});

test("nothing that is pasted breaks it, and no task comes out without a title", () => {
  const pasted = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.json(),
    fc.constantFrom("title,tags\n", 'title,x\n"'),
  );
  fc.assert(
    fc.property(fc.array(pasted, { maxLength: 4 }), (parts) => {
      for (const { title } of parseBulk(parts.join("\n")).tasks) assert.notEqual(title.trim(), "");
    }),
  );
});

test("a quotation mark that is not closed is a problem with its line, not one task that swallows the rest", () => {
  const { tasks, problems } = parseBulk('title,description\nA,fine\nB,"begun\nC,and so on\n');
  assert.deepEqual(tasks, [{ title: "A", description: "fine" }]);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? "", /^3: .*quot/);
});

test("a long paste is read while one types", () => {
  const lines = Array.from({ length: 20_000 }, (_, at) => `Task ${at},"with, commas",high`).join("\n");
  assert.equal(parseBulk(`title,description,priority\n${lines}`).tasks.length, 20_000);
});
