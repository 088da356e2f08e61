import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_ENTRY_TEXT_BYTES, shortened } from "./entry-text.ts";

const MARK = /\n\[… (\d+) bytes left out …\]\n/;
const HALF = MAX_ENTRY_TEXT_BYTES / 2;

test("a text of 32 KiB is kept as it is, a longer one as its first and last 16 KiB and what is missing", () => {
  const whole = "x".repeat(MAX_ENTRY_TEXT_BYTES);
  assert.equal(shortened(whole), whole);
  const long = `${"a".repeat(HALF)}${"m".repeat(70_000)}${"z".repeat(HALF)}`;
  assert.equal(shortened(long), `${"a".repeat(HALF)}\n[… 70000 bytes left out …]\n${"z".repeat(HALF)}`);
});

test("limits are bytes: a text of wide characters is as long as it is in UTF-8", () => {
  const whole = "漢".repeat(Math.floor(MAX_ENTRY_TEXT_BYTES / 3));
  assert.equal(shortened(whole), whole);
  assert.match(shortened(`${whole}漢`), MARK);
});

test("whatever is left out, no character is cut, the count is right, and a second time changes nothing", () => {
  const character = fc.constantFrom("a", "é", "漢", "😀", "\u0001", "\n");
  fc.assert(
    fc.property(
      fc.array(character, { maxLength: 300 }),
      fc.integer({ min: 16, max: 200 }),
      (characters, limit) => {
        const text = characters.join("");
        const short = shortened(text, limit);
        assert.ok(short.isWellFormed());
        assert.equal(shortened(short, limit), short);
        if (Buffer.byteLength(text) <= limit) return assert.equal(short, text);
        const [head = "", leftOut, tail = ""] = short.split(MARK);
        assert.ok(text.startsWith(head) && text.endsWith(tail));
        for (const kept of [head, tail]) {
          const size = Buffer.byteLength(kept);
          assert.ok(size <= limit / 2 && size > limit / 2 - 5, `${size} of ${limit}`);
        }
        assert.equal(Buffer.byteLength(head + tail) + Number(leftOut), Buffer.byteLength(text));
      },
    ),
  );
});
