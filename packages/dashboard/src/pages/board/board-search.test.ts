import assert from "node:assert/strict";
import { test } from "node:test";
import { readBoardSearch } from "./board-search.ts";

test("an address is read as far as it makes sense", () => {
  assert.deepEqual(readBoardSearch({ q: "log-in", agent: "agent_1", tag: "auth", create: "many" }), {
    q: "log-in",
    agent: "agent_1",
    tag: "auth",
    create: "many",
  });
  assert.deepEqual(readBoardSearch({ q: "", agent: null, tag: ["auth"], create: "three", other: 1 }), {});
});

test("digits somebody searches for stay words: an address gives them as a number", () => {
  assert.deepEqual(readBoardSearch({ q: 404, tag: 2026 }), { q: "404", tag: "2026" });
});
