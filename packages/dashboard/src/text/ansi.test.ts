import assert from "node:assert/strict";
import { test } from "node:test";
import { type TerminalPiece, terminalPieces, withoutSequences } from "./ansi.ts";

const ESC = "\u001B";
const brief = (pieces: readonly TerminalPiece[]) =>
  pieces.map(({ text, look, isControl }) => (isControl ? [text] : [text, look]));

test("colours and styles hold until they are taken back", () => {
  assert.deepEqual(brief(terminalPieces(`a${ESC}[1;31mb${ESC}[22mc${ESC}[39md${ESC}[44me${ESC}[mf`)), [
    ["a", {}],
    ["b", { bold: true, color: "red" }],
    ["c", { color: "red" }],
    ["d", {}],
    ["e", { background: "blue" }],
    ["f", {}],
  ]);
});

test("bright colours, those of 256 and of 16 million are shown by the nearest hue", () => {
  const color = (codes: string) => terminalPieces(`${ESC}[${codes}mx`)[0]?.look.color;
  assert.equal(color("92"), "green");
  assert.equal(color("38;5;196"), "red");
  assert.equal(color("38;5;12"), "blue");
  assert.equal(color("38;5;240"), "black");
  assert.equal(color("38;2;250;200;20"), "yellow");
  assert.equal(color("38:2:20:200:220"), "cyan");
  assert.equal(color("38;2;128;128;130"), "white");
  assert.deepEqual(terminalPieces(`${ESC}[38;5;196;1mx`)[0]?.look, { color: "red", bold: true });
});

test("what is no colour is named, never carried out and never hidden", () => {
  assert.deepEqual(
    brief(terminalPieces(`10 %${ESC}[2K\r${ESC}]8;;https://example.com${ESC}\\link${ESC}(B`)),
    [["10 %", {}], ["ESC[2K"], ["\r", {}], ["ESC]8;;https://example.com\\"], ["link", {}], ["ESC(B"]],
  );
});

test("a sequence that does not end stays text, and codes nobody knows change nothing", () => {
  assert.deepEqual(brief(terminalPieces(`a${ESC}[12`)), [[`a${ESC}[12`, {}]]);
  assert.deepEqual(brief(terminalPieces(`${ESC}[58;5;3;99mx`)), [["x", {}]]);
});

test("an output is searched without its sequences", () => {
  assert.equal(withoutSequences(`not ${ESC}[1mok${ESC}[0m`), "not ok");
});
