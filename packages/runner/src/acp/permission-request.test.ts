import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { permissionRequestSchema } from "@mission-control/protocol";
import { type AgentOption, toQuestion } from "./permission-request.ts";
import type { ToolCall } from "./updates.ts";

const option = (optionId: string, kind = "allow_once", name = optionId): AgentOption => ({
  optionId,
  name,
  kind,
});

/** The question, held against what Mission Control takes. */
function question(tool: Partial<ToolCall>, options: AgentOption[] = [option("yes")]) {
  const nothing = {
    toolCallId: "t",
    title: undefined,
    name: undefined,
    kind: undefined,
    rawInput: undefined,
    status: undefined,
  };
  const asked = toQuestion("q1", { ...nothing, content: [], ...tool }, options);
  permissionRequestSchema.parse(asked.request);
  assert.ok(Buffer.byteLength(JSON.stringify(asked.request)) < 250 * 1024, "fits into a callback");
  return asked;
}

describe("a request for permission is put into Mission Control's bounds", () => {
  test("ids that are too long, twice the same or empty stand for the agent's own", () => {
    const long = "x".repeat(300);
    const { request, chosen } = question({ title: "t" }, [
      option(long),
      option("a"),
      option("a"),
      option(""),
    ]);
    assert.deepEqual(
      request.options.map(({ optionId }) => chosen(optionId)),
      [long, "a", "a", ""],
    );
    assert.equal(new Set(request.options.map(({ optionId }) => optionId)).size, 4);
  });

  test("empty titles and names have a substitute", () => {
    const { request } = question({ title: " " }, [option("x", "allow_once", " "), option("", "", "")]);
    assert.equal(request.title, "Use a tool");
    assert.deepEqual(
      request.options.map(({ name }) => name),
      ["allow_once", "Option 2"],
    );
    assert.equal(question({ name: "Bash", rawInput: { command: "ls" } }).request.title, "Bash: ls");
    assert.equal(question({ kind: "execute" }).request.title, "execute");
  });

  test("too long titles, names and kinds are shortened", () => {
    const { request } = question({ title: "t".repeat(9000) }, [option("a", "k".repeat(90), "n".repeat(900))]);
    assert.match(request.title, /t …$/);
    assert.match(request.options[0]?.name ?? "", /n …$/);
  });

  test("of too many options some are shown, with one to say no, and how many are not is said", () => {
    const many = Array.from({ length: 40 }, (_, index) => option(`choice-${index}`));
    const { request } = question({ title: "Which?" }, [...many, option("none", "reject_once")]);
    assert.equal(request.options.length, 32);
    assert.equal(request.options.at(-1)?.optionId, "none");
    assert.equal(request.title, "Which? (9 more options are not shown)");
  });
});

describe("what it is about is shown", () => {
  const diff = (oldText: string | null, newText: string) => ({
    type: "diff" as const,
    path: "a.ts",
    oldText,
    newText,
  });

  test("an edit with its diff", () => {
    const rawInput = { file_path: "a.ts", old_string: "x".repeat(5000) };
    const { request } = question({
      title: "Edit a.ts",
      rawInput,
      content: [diff("one\ntwo\n", "one\nthree\n")],
    });
    assert.equal(request.diff, "--- a.ts\n+++ a.ts\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n");
    assert.equal(request.tool?.title, "Edit a.ts");
    assert.equal(request.tool?.state, "pending");
    assert.deepEqual(request.tool?.input, rawInput, "its input is whole");
  });

  test("a new file, several files, and a diff that only the input has", () => {
    assert.match(
      question({ content: [diff(null, "x\n")] }).request.diff ?? "",
      /^--- \/dev\/null\n\+\+\+ a\.ts\n/,
    );
    const two = question({ content: [diff(null, "x\n"), diff("x\n", "y\n")] }).request.diff ?? "";
    assert.equal(two.match(/^\+\+\+/gm)?.length, 2);
    const told = "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y";
    assert.equal(question({ rawInput: { diff: `\n${told}\n` } }).request.diff, told);
  });

  test("one that is too long by its beginning and its end, and nothing that is no text", () => {
    const long =
      question({ content: [diff(null, `first\n${"汉\u0000".repeat(60_000)}\nlast\n`)] }).request.diff ?? "";
    assert.ok(long.length <= 32 * 1024);
    assert.match(long, /first.*bytes left out.*last/s);
    assert.ok(!long.includes("\0"));
  });

  test("texts that have nothing in common are not compared for ever", () => {
    const lines = (word: string) =>
      Array.from({ length: 30_000 }, (_, i) => `${word} ${i * 7919}`).join("\n");
    const before = performance.now();
    assert.match(
      question({ content: [diff(lines("a"), lines("b"))] }).request.diff ?? "",
      /^--- a\.ts\n\+\+\+ a\.ts\n/,
    );
    assert.ok(performance.now() - before < 10_000);
  });

  test("its input, in bounds", () => {
    assert.deepEqual(question({ rawInput: { command: "ls" } }).request.tool?.input, { command: "ls" });
    assert.equal(question({ rawInput: ["a"] }).request.tool?.input, '["a"]');
    let deep: object = {};
    for (let i = 0; i < 200; i++) deep = { deep };
    question({ rawInput: deep });
    question({ rawInput: { text: "\u0001".repeat(100_000), more: "x".repeat(100_000) } });
  });
});
