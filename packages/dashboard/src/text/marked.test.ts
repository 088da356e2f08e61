import assert from "node:assert/strict";
import { test } from "node:test";
import { markedPieces } from "./marked.ts";

/** The pieces as one string, with what is marked in brackets. */
const shown = (text: string, words: string) =>
  markedPieces(text, words)
    .map((piece) => (piece.marked ? `[${piece.text}]` : piece.text))
    .join("");

test("words are marked wherever they stand, in the case they are written in", () => {
  assert.equal(
    shown("Reading src/Auth.ts, then auth.ts", "auth.ts"),
    "Reading src/[Auth.ts], then [auth.ts]",
  );
  assert.equal(shown("aaa", "aa"), "[aa]a");
  assert.equal(shown("Größe", " GRÖ "), "[Grö]ße");
  assert.equal(shown("nothing here", "else"), "nothing here");
  assert.equal(shown("as it is", "  "), "as it is");
});

test("signs of patterns are only signs, and long letters move nothing", () => {
  assert.equal(shown("a.b a+b (c) [d] \\\\", "(c)"), "a.b a+b [(c)] [d] \\\\");
  assert.equal(shown("axb a.b", "a.b"), "axb [a.b]");
  assert.equal(shown("\u0130\u0130 found", "found"), "\u0130\u0130 [found]");
});

test("every piece knows where it stands", () => {
  assert.deepEqual(markedPieces("one two", "two"), [
    { text: "one ", marked: false, at: 0 },
    { text: "two", marked: true, at: 4 },
  ]);
});
