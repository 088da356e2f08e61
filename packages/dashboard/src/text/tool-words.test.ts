import assert from "node:assert/strict";
import { test } from "node:test";
import { toolWords } from "./tool-words.ts";

test("a command is shown as it would be typed, what was said beside it as JSON", () => {
  assert.deepEqual(toolWords({ name: "Bash", title: "Run tests", input: { command: "npm test" } }), {
    name: "Bash",
    subject: "npm test",
    input: "npm test",
  });
  const beside = toolWords({ name: "shell", input: { command: ["git", "log"], timeout: 5 } });
  assert.equal(beside.subject, "git log");
  assert.equal(beside.input, 'git log\n\n{\n  "timeout": 5\n}');
});

test("other calls say their title, or the values they were given", () => {
  const read = { name: "Read", input: { file_path: "src/a.ts", limit: 20 } };
  assert.equal(toolWords(read).subject, "src/a.ts 20");
  assert.equal(toolWords({ ...read, title: "Read a.ts" }).subject, "Read a.ts");
  assert.deepEqual(toolWords({ title: "Search the web" }), {
    name: "Search the web",
    subject: "",
    input: undefined,
  });
});
