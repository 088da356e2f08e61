import assert from "node:assert/strict";
import { test } from "node:test";
import { Part } from "./part.ts";

/** A part that the server does not send so many times; `asked` is what each import's specifier ended with. */
function failing(times: number) {
  const asked: string[] = [];
  const part = new Part(async () => {
    asked.push(globalThis.importedAnew ?? "");
    if (asked.length <= times) throw new Error("Failed to fetch dynamically imported module");
    return "the part";
  });
  return { part, asked };
}

test("a part is imported once", async () => {
  const { part, asked } = failing(0);
  assert.equal(part.content, null);
  assert.deepEqual(await Promise.all([part.load(), part.load()]), ["the part", "the part"]);
  assert.equal(await part.load(), "the part");
  assert.equal(part.content, "the part");
  assert.deepEqual(asked, [""]);
});

test("one that fails is imported again by another name, which no other import gets", async () => {
  const { part, asked } = failing(1);
  assert.equal(await part.load(), "the part");
  assert.equal(asked.length, 2);
  assert.equal(asked[0], "");
  assert.match(asked[1] ?? "", /^\?try=\d+$/);
  assert.equal(globalThis.importedAnew, "");
});

test("one that fails twice can be asked for again, each time by a name of its own", async () => {
  const { part, asked } = failing(3);
  await assert.rejects(part.load(), /Failed to fetch/);
  assert.equal(part.content, null);
  assert.equal(await part.load(), "the part");
  const anew = asked.filter((name) => name !== "");
  assert.equal(new Set(anew).size, anew.length);
});
