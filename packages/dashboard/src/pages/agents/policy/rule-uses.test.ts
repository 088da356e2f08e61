import assert from "node:assert/strict";
import { test } from "node:test";
import { asksAlways, countUses, readRules, tooWide } from "./rule-uses.ts";

test("uses are counted by rule, and answers of people are none", () => {
  const by = (matched: unknown) => ({ data: { state: "answered", by: "policy", matched } as never });
  const uses = countUses([
    by({ command: "npm test" }),
    by({ command: "npm test" }),
    by({ tool: "read" }),
    by({ otherwise: "deny" }),
    by(undefined),
    by(null),
    by(["npm test"]),
    { data: { state: "answered", optionId: "yes", matched: { tool: "read" } } },
  ]);
  assert.deepEqual([...uses.commands], [["npm test", 2]]);
  assert.deepEqual([...uses.tools], [["read", 1]]);
  assert.equal(uses.denied, 1);
});

test("rules are read one a line, each once", () => {
  assert.deepEqual(readRules(" npm test \n\nnpm test\r\ngit status\n"), ["npm test", "git status"]);
});

test("a policy without rules asks always, unless it denies", () => {
  assert.ok(asksAlways(undefined));
  assert.ok(asksAlways({ allowTools: [], allowCommands: [], otherwise: "ask" }));
  assert.ok(!asksAlways({ allowTools: [], allowCommands: [], otherwise: "deny" }));
  assert.ok(!asksAlways({ allowTools: ["read"], allowCommands: [], otherwise: "ask" }));
});

test("a rule that lets anything run is named", () => {
  assert.equal(tooWide(["npm test", "bash"]), "bash");
  assert.equal(tooWide(["/usr/bin/python3"]), "/usr/bin/python3");
  assert.equal(tooWide(["node build.js", "git", "python3 -m pytest"]), undefined);
});
