import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogRow } from "../store/log-row.ts";
import { decodeMessage, encodeMessage, messagesOf } from "./relay-message.ts";

const KEY = Buffer.alloc(32, 7);

function row(id: number, frame: string, change: string | null = null): LogRow {
  return { id, type: "activity", taskId: "t1", agentId: null, change, frame };
}

test("a message is read as it was written, whatever its frames hold", () => {
  const rows = [
    row(7, 'id: 7\ndata: {"message":"Grüße ✓ 🚀"}\n\n', '{"records":[{"kind":"agent","id":"ä"}]}'),
    row(8, ""),
    row(9, "id: 9\n\n"),
  ];
  const message = { session: "s", upTo: 9, rows };
  assert.deepEqual(decodeMessage(encodeMessage(message, KEY), KEY), message);
});

test("what was sealed with another key, was changed, or is no message, is none", () => {
  const sealed = encodeMessage({ session: "s", upTo: 1, rows: [row(1, "frame")] }, KEY);
  assert.equal(decodeMessage(sealed, Buffer.alloc(32, 8)), null);
  assert.equal(decodeMessage(Buffer.from(sealed).fill("x", sealed.length - 1), KEY), null);
  assert.equal(decodeMessage(Buffer.from("hello"), KEY), null);
  assert.equal(decodeMessage(new Uint8Array(), KEY), null);
});

test("rows share messages as far as those may be large; a larger row is only named", () => {
  const rows = [row(1, "a".repeat(3000)), row(2, "b".repeat(3000)), row(3, "c".repeat(40_000)), row(4, "d")];
  const messages = [...messagesOf("s", rows, 100_000)];
  assert.deepEqual(
    messages.map(({ upTo, rows }) => [upTo, rows.map(({ id }) => id)]),
    [
      [2, [1, 2]],
      [3, []],
      [4, [4]],
    ],
  );
  const many = Array.from({ length: 100 }, (_, index) => row(index + 1, "€".repeat(2000)));
  const sizes = [...messagesOf("s", many, 100_000)].map((message) => encodeMessage(message, KEY).length);
  assert.ok(sizes.length > 1 && Math.max(...sizes) <= 100_000, String(sizes));
  assert.deepEqual([...messagesOf("s", [], 100_000)], []);
});
