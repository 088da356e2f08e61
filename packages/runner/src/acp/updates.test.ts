import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PromptResponse, SessionUpdate } from "@agentclientprotocol/sdk";
import { judgeTurn, TurnRecord } from "../verdict.ts";
import { knownAgent } from "./known-agents.ts";
import { UpdateReader } from "./updates.ts";
import { AttemptUsage } from "./usage.ts";

const chunk = (text: string, more: object = {}) => ({
  sessionUpdate: "agent_message_chunk",
  content: { type: "text", text },
  ...more,
});
const tool = (more: object = {}) => ({
  sessionUpdate: "tool_call",
  toolCallId: "t",
  title: "ls",
  status: "pending",
  ...more,
});
const codexState = (codex: object) => ({ sessionUpdate: "session_info_update", _meta: { codex } });

/** What becomes of a turn in which an agent sent these updates and then `end_turn`. */
function verdictOf(agent: string, ...updates: object[]): string {
  const known = knownAgent(agent);
  const reader = new UpdateReader(known);
  const record = new TurnRecord();
  let said = "";
  for (const event of updates.flatMap((update) => reader.read(update as SessionUpdate))) {
    record.take(event);
    if (event.type === "text") said += event.text;
  }
  const end = { stopReason: "end_turn", vouches: known?.vouches ?? true };
  const verdict = judgeTurn(end, record, said, "the last step");
  return verdict.ok ? `completed: ${verdict.summary}` : `failed: ${verdict.reason}`;
}

describe("what each agent says at the end of a turn, in updates as they were seen", () => {
  test("Codex: its thread is broken, and the words come as a message of its program", () => {
    const broken = codexState({ threadStatus: { type: "systemError" } });
    const words = chunk('{"error":{"message":"the quota is used up"}}\n\n');
    assert.equal(
      verdictOf("@agentclientprotocol/codex-acp", tool(), broken, words),
      "failed: The agent ran into an error: the quota is used up.",
    );
    assert.match(verdictOf("@agentclientprotocol/codex-acp", tool(), broken), /^failed/);
  });

  test("Codex: warnings of its program are not its words", () => {
    const warning = chunk("Warning: Model metadata not found.");
    assert.match(verdictOf("@agentclientprotocol/codex-acp", warning), /^failed: .*without having said/);
    assert.equal(
      verdictOf("@agentclientprotocol/codex-acp", chunk("All done.", { messageId: "m" }), warning),
      "completed: All done.",
    );
  });

  test("Codex: an error after which it tried again is got over", () => {
    const error = codexState({ error: { message: "stream lost", willRetry: true } });
    assert.match(
      verdictOf("@agentclientprotocol/codex-acp", error, chunk("There.", { messageId: "m" })),
      /^completed: There\./,
    );
  });

  test("Copilot: an error is a message, and so is what its program says", () => {
    assert.equal(
      verdictOf("Copilot", tool(), chunk("Error: 400 no such model")),
      "failed: The agent ran into an error: 400 no such model.",
    );
    assert.match(
      verdictOf("Copilot", tool({ status: "failed" }), chunk("Info: Operation cancelled by user")),
      /^failed: .*"ls" failed/,
    );
    assert.equal(verdictOf("other", chunk("Error: was the word")), "completed: Error: was the word");
  });

  test("Pi: after an error it says nothing", () => {
    assert.match(verdictOf("pi-acp", chunk("Let me see."), tool()), /^failed: .*without a word after/);
    assert.match(verdictOf("pi-acp"), /^failed/);
    assert.match(verdictOf("pi-acp", chunk("pi v0.87.1\n---\n")), /^failed: .*without having said/);
    assert.equal(verdictOf("pi-acp", tool(), chunk("Two.")), "completed: Two.");
  });

  test("a notice of the protocol is nobody's word, one of an error is an error", () => {
    const notice = (severity: string) => ({
      sessionUpdate: "notice",
      severity,
      title: "Slow",
      description: "Busy",
    });
    assert.match(verdictOf("other", notice("warning")), /without having said/);
    assert.equal(
      verdictOf("other", tool(), notice("error")),
      "failed: The agent ran into an error: Slow: Busy.",
    );
  });

  test("an update that is not known does no harm", () => {
    assert.equal(verdictOf("other", { sessionUpdate: "tea_time" }, chunk("Done.")), "completed: Done.");
  });
});

test("a tool call is merged of what its updates and the request for it tell", () => {
  const reader = new UpdateReader(undefined);
  const content = [{ type: "diff", path: "a", oldText: "", newText: "x" }];
  reader.read(tool({ title: "Write", kind: "edit", name: "write", content }) as SessionUpdate);
  reader.read({
    sessionUpdate: "tool_call_update",
    toolCallId: "t",
    content: [],
  } as unknown as SessionUpdate);
  assert.deepEqual(reader.toolCall({ toolCallId: "t", title: "", rawInput: { path: "a" } }), {
    toolCallId: "t",
    title: "Write",
    name: "write",
    kind: "edit",
    content,
    rawInput: { path: "a" },
  });
});

describe("usage", () => {
  const answer = (fields: object) => new AttemptUsage(undefined).takeAnswer(fields as PromptResponse);
  const cost = (amount: number) =>
    ({
      sessionUpdate: "usage_update",
      used: null,
      size: 1,
      cost: { amount, currency: "USD" },
    }) as unknown as SessionUpdate;

  test("input is all that was read, whether the cache is counted apart or within", () => {
    const cached = { cachedReadTokens: 2000, cachedWriteTokens: 400 };
    const apart = { inputTokens: 22, outputTokens: 10, ...cached, totalTokens: 2432 };
    assert.deepEqual(answer({ usage: apart }), { inputTokens: 2422, outputTokens: 10 });
    const within = { inputTokens: 2422, outputTokens: 10, ...cached, totalTokens: 2432 };
    assert.deepEqual(answer({ usage: within }), { inputTokens: 2422, outputTokens: 10 });
    const gemini = { token_count: { input_tokens: 111, output_tokens: 5 } };
    assert.deepEqual(answer({ _meta: { quota: gemini } }), { inputTokens: 111, outputTokens: 5 });
    assert.equal(answer({ usage: null }), undefined);
  });

  test("where each model call tells its own, they are added up", () => {
    const usage = new AttemptUsage(undefined);
    const call = { inputTokens: 111, outputTokens: 5, totalTokens: 116, cachedReadTokens: 100 };
    usage.take(chunk("", { _meta: { usage: call } }) as SessionUpdate);
    assert.deepEqual(usage.take(chunk("", { _meta: { usage: call } }) as SessionUpdate), {
      inputTokens: 222,
      outputTokens: 10,
    });
  });

  test("the cost of a session is that of its attempts together", () => {
    const second = new AttemptUsage({ amount: 0.25, currency: "USD" });
    assert.equal(second.take(cost(0.75))?.cost?.amount, 0.5);
    assert.equal(second.sessionCost?.amount, 0.75);
    const anew = new AttemptUsage({ amount: 1, currency: "USD" });
    assert.equal(anew.take(cost(0.25))?.cost?.amount, 0.25);
    assert.equal(anew.take(cost(1))?.cost?.amount, 1, "also where it comes to as much as before");
    const answer = (outputTokens: number) => ({ usage: { inputTokens: 9, outputTokens } }) as never;
    const equal = new AttemptUsage({ amount: 1, currency: "USD" });
    assert.equal(equal.takeAnswer(answer(3))?.cost, undefined, "it told no cost");
    equal.take(cost(1));
    assert.equal(equal.takeAnswer(answer(0))?.cost, undefined, "nothing was answered");
    assert.equal(equal.takeAnswer(answer(3))?.cost?.amount, 1, "as much as before, and not for nothing");
  });
});
