import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCallback, type Message } from "./callback.ts";
import { superseded } from "./coalesce.ts";
import type { Entry } from "./wire.ts";

const base = { taskId: "t", agentId: "a", type: "progress", timestamp: "2026-11-23T10:00:00.000Z" } as const;

/** Messages named by their ids: plain progress, or a part of an entry. */
function waiting(said: Record<string, Entry | string>): Message[] {
  return Object.entries(said).map(([id, what]) =>
    encodeCallback(typeof what === "string" ? { ...base, id, message: what } : { ...base, id, entry: what }),
  );
}

function leftOut(messages: readonly Message[]): string[] {
  return [...superseded(messages)].map(({ id }) => id).sort();
}

test("of an entry, parts in its middle go when later ones have all their fields", () => {
  const messages = waiting({
    m1: { id: "m", kind: "message", text: "I" },
    t1: { id: "t", kind: "tool", title: "npm test", state: "running" },
    m2: { id: "m", kind: "message", text: "I will" },
    t2: { id: "t", kind: "tool", output: "1 of 2" },
    m3: { id: "m", kind: "message", text: "I will test" },
    t3: { id: "t", kind: "tool", output: "2 of 2" },
    t4: { id: "t", kind: "tool", state: "completed" },
    m4: { id: "m", kind: "message", text: "I will test it" },
  });
  assert.deepEqual(leftOut(messages), ["m2", "m3", "t2"]);
});

test("an entry of its own is never left out, whatever waits around it", () => {
  const said: Record<string, Entry | string> = {};
  for (let i = 0; i < 20; i++) {
    said[`p${i}`] = `step ${i}, not an "entry":`;
    said[`e${i}`] = { kind: "message", text: `word ${i}` };
  }
  const dropped = leftOut(waiting(said));
  assert.ok(dropped.length > 5);
  assert.ok(dropped.every((id) => id.startsWith("p")));
});

test("what became of a message of the operator is never left out, with an entry or without", () => {
  const plain = waiting({ p1: "one", p2: "two", p3: "three", p4: "four" });
  const entry = { id: "e", kind: "message", text: "Look again." } as const;
  const told = ["x", "y", "z"].map((id) =>
    encodeCallback({ ...base, id, data: { messageId: id }, ...(id === "y" ? { entry } : {}) }),
  );
  const parts = waiting({ e1: entry, e2: entry, e3: entry });
  const [first, ...rest] = parts as [Message, ...Message[]];
  assert.deepEqual(leftOut([...plain, first, ...told, ...rest]), ["e2", "p2"]);
});
