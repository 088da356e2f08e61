import assert from "node:assert/strict";
import { test } from "node:test";
import { callbackSchema, MAX_CALLBACK_BYTES } from "@mission-control/protocol";
import { encodeCallback } from "./callback.ts";
import type { CallbackBody } from "./wire.ts";

const base = { id: "msg_1", taskId: "t", agentId: "a", timestamp: "2026-11-23T10:00:00.000Z" };

function fits(callback: CallbackBody): CallbackBody {
  const { body } = encodeCallback(callback);
  assert.ok(Buffer.byteLength(body) <= MAX_CALLBACK_BYTES, `${Buffer.byteLength(body)} bytes`);
  const parsed = JSON.parse(body) as CallbackBody;
  assert.ok(callbackSchema.safeParse(parsed).success);
  return parsed;
}

test("a text that is too long is cut and says so", () => {
  const { summary } = fits({ ...base, type: "complete", summary: "x".repeat(100_000) });
  assert.equal(summary?.length, 64 * 1024);
  assert.match(summary ?? "", /x … \(34464 characters more\)$/);
});

test("texts whose characters take many bytes still fit", () => {
  const { error } = fits({
    ...base,
    type: "error",
    error: "\u0001".repeat(64 * 1024),
    lastState: "\u0001".repeat(64 * 1024),
  });
  assert.match(error ?? "", /characters more/);
});

test("a cut never leaves half a character", () => {
  const { summary } = fits({ ...base, type: "complete", summary: `a${"😀".repeat(40_000)}` });
  assert.ok(summary?.isWellFormed());
});

test("data that is too large is left out and says so", () => {
  const { data, summary } = fits({
    ...base,
    type: "complete",
    summary: "done",
    data: { log: "y".repeat(300_000) },
  });
  assert.equal(summary, "done");
  assert.deepEqual(data, { omitted: "data of 300010 bytes was too large to report" });
});

test("progress outside 0 to 1 is the caller's mistake", () => {
  for (const progress of [40, -0.1, Number.NaN]) {
    assert.throws(() => encodeCallback({ ...base, type: "progress", progress }), /from 0 to 1/);
  }
});

test("an entry's texts are shortened as the server would, and more where they still do not fit", () => {
  const text = "x".repeat(100_000);
  const { entry } = fits({ ...base, type: "progress", entry: { kind: "tool", output: text } });
  assert.ok(
    entry?.kind === "tool" && /^x{16384}\n\[… 67232 bytes left out …\]\nx{16384}$/.test(entry.output ?? ""),
  );
  const files = Array.from({ length: 40 }, (_, index) => ({ path: `${index}`, content: text }));
  const many = fits({
    ...base,
    type: "progress",
    message: "\u0001".repeat(60_000),
    entry: { kind: "tool", input: { files } },
  });
  const input = many.entry?.kind === "tool" ? many.entry.input : undefined;
  assert.ok(typeof input === "object" && (input.files as object[]).length === 40);
});

test("an input that no shortening of its texts makes small enough becomes a text", () => {
  const input = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`field ${index}`, index]));
  const { entry } = fits({
    ...base,
    type: "progress",
    entry: { id: "t", kind: "tool", title: "all", input },
  });
  assert.ok(entry?.kind === "tool" && entry.title === "all");
  assert.match(String(entry.input), /^\{"field 0":0,.*bytes left out/s);
});
