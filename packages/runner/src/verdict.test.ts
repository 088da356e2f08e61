import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AgentEvent } from "./agent-event.ts";
import { judgeProgram, judgeTurn, TurnRecord } from "./verdict.ts";

const text = (words: string): AgentEvent => ({ type: "text", text: words, ends: true });
const tool = (title: string): AgentEvent => ({ type: "tool", id: title, title });
const fails = (id: string): AgentEvent => ({ type: "tool-failed", id, output: "a\nno such file\n" });
const refused = (title: string): AgentEvent => ({ type: "refused", title });
const trouble = (words: string): AgentEvent => ({ type: "trouble", text: words });
const notice: AgentEvent = { type: "notice", text: "Mind the gap." };
const began: AgentEvent = { type: "began" };
const ended: AgentEvent = { type: "result", ok: true, text: "" };

function recordOf(events: AgentEvent[]): TurnRecord {
  const record = new TurnRecord();
  for (const event of events) record.take(event);
  return record;
}

/** What the narrator would call the last message. */
const said = (events: AgentEvent[]) => events.findLast((event) => event.type === "text")?.text.trim() ?? "";

describe("a turn by the Agent Client Protocol", () => {
  const judge = (stopReason: string, events: AgentEvent[], vouches = true) =>
    judgeTurn({ stopReason, vouches }, recordOf(events), said(events), "the last step");

  const completed: [string, AgentEvent[], string][] = [
    ["its words", [tool("ls"), text("All is well.")], "All is well."],
    ["its words, with a notice after them", [text("All is well."), notice], "All is well."],
    ["its words after a refusal", [tool("rm"), refused("rm"), text("Then not.")], "Then not."],
    ["its words after a failed tool call", [tool("cat"), fails("cat"), text("It is gone.")], "It is gone."],
    ["its words after an error it got over", [trouble("429"), text("There.")], "There."],
    [
      "a tool call that went well, without a word",
      [tool("ls")],
      "The agent said nothing. The last seen of it: the last step",
    ],
    [
      "work that goes on after a refusal",
      [tool("rm"), refused("rm"), tool("ls")],
      "The agent said nothing. The last seen of it: the last step",
    ],
  ];
  for (const [what, events, summary] of completed) {
    test(`${what}: completed`, () => assert.deepEqual(judge("end_turn", events), { ok: true, summary }));
  }

  const failed: [string, AgentEvent[], RegExp][] = [
    ["nothing at all", [], /without having said or done anything/],
    ["nothing but a notice", [notice], /without having said or done anything/],
    ["nothing but blanks", [text(" \n")], /without having said or done anything/],
    [
      "an error at the end",
      [text("Let me see."), trouble("the model is gone")],
      /into an error: the model is gone\.$/,
    ],
    ["an error whose words come later", [trouble(""), trouble("quota")], /error: quota\.$/],
    [
      "a refusal at the end",
      [text("I shall."), tool("rm"), refused("rm"), fails("rm"), tool("rm"), notice],
      /ended its turn after "rm" was refused/,
    ],
    ["a failed tool call at the end", [tool("cat"), fails("cat")], /after "cat" failed: no such file\.$/],
  ];
  for (const [what, events, reason] of failed) {
    test(`${what}: failed`, () => {
      const verdict = judge("end_turn", events);
      assert.ok(!verdict.ok);
      assert.match(verdict.reason, reason);
    });
  }

  test("an agent whose end_turn also follows errors has to say something last", () => {
    const events = [text("Let me see."), tool("ls")];
    assert.deepEqual(judge("end_turn", events, false), {
      ok: false,
      reason: "The agent ended its turn without a word after: the last step.",
    });
    assert.ok(judge("end_turn", [...events, text("Done.")], false).ok);
  });

  test("any other stop reason fails, also one that is not known", () => {
    const reasons = {
      cancelled: /^The agent ended its turn as cancelled after "rm" was refused\. It said: I shall\.$/,
      refusal: /refused to go on/,
      max_tokens: /limit of tokens/,
      max_turn_requests: /limit of model requests/,
      "out of coffee": /ended its turn with "out of coffee", which is not known here/,
    };
    for (const [reason, words] of Object.entries(reasons)) {
      const verdict = judge(reason, [text("I shall."), tool("rm"), refused("rm")]);
      assert.ok(!verdict.ok);
      assert.match(verdict.reason, words);
    }
  });
});

describe("a run of a program", () => {
  const judge = (events: AgentEvent[], exit?: string) =>
    judgeProgram(exit, recordOf(events), said(events), undefined);

  test("its exit decides where its output says nothing", () => {
    assert.deepEqual(judge([text("the end")]), { ok: true, summary: "the end" });
    assert.deepEqual(judge([]), { ok: true, summary: "The agent said nothing." });
    assert.deepEqual(judge([text("x")], "It ended with exit code 3."), {
      ok: false,
      reason: "It ended with exit code 3.",
    });
  });

  test("its own result goes before a good exit", () => {
    const result: AgentEvent = { type: "result", ok: false, text: "error_max_turns", vouched: true };
    assert.deepEqual(judge([began, text("x"), result]), {
      ok: false,
      reason: "It reported: error_max_turns",
    });
  });

  test("one that began and never said how it ended has failed", () => {
    assert.deepEqual(judge([began, text("I shall."), trouble("stream lost")]), {
      ok: false,
      reason: "The program ended without saying how its turn ended. It reported: stream lost",
    });
  });

  test("where it only says that the turn is over, the rest decides", () => {
    const reason = (events: AgentEvent[]) => {
      const verdict = judge([began, ...events, ended]);
      return verdict.ok ? verdict.summary : verdict.reason;
    };
    assert.match(reason([notice]), /without having said or done anything/);
    assert.equal(reason([tool("ls"), trouble("quota")]), "It reported: quota");
    assert.match(reason([tool("ls"), fails("ls")]), /"ls" failed/);
    assert.equal(reason([tool("ls")]), "The agent said nothing.");
    assert.equal(reason([tool("ls"), text("Two files.")]), "Two files.");
    assert.ok(judge([began, { ...ended, vouched: true } as AgentEvent]).ok, "by its own word");
  });
});
