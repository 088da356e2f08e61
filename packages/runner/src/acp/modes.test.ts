import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PermissionPolicy } from "../permission-policy.ts";
import { AgentRefusedError } from "../program.ts";
import { knownAgent } from "./known-agents.ts";
import { modeFor, modesOf } from "./modes.ts";

/** As the agents tell them; the first is the one they start in. */
const AGENTS: Record<string, string[]> = {
  "@agentclientprotocol/claude-agent-acp": ["auto", "default", "acceptEdits", "plan"],
  "@agentclientprotocol/codex-acp": ["agent", "read-only", "workspace-write", "agent-full-access"],
  "gemini-cli": ["default", "autoEdit", "yolo", "plan"],
  "qwen-code": ["auto", "plan", "default", "auto-edit", "yolo"],
  Copilot: ["agent", "plan", "autopilot"].map((id) => `https://agentclientprotocol.com/modes#${id}`),
  OpenCode: ["build", "plan"],
  "pi-acp": ["off"],
  other: ["first", "second"],
};

function modeOf(agent: string, permissions: PermissionPolicy, mode?: string, args: string[] = []) {
  const ids = AGENTS[agent] ?? agent.split(",");
  const modes = { current: ids[0] ?? "", available: ids.map((id) => ({ id, name: `Mode ${id}` })) };
  return modeFor({ agent, permissions, mode, command: ["agent", ...args] }, modes, knownAgent(agent));
}

describe("the mode of a session", () => {
  for (const permissions of ["ask", "read-only", "deny"] as const) {
    test(`${permissions}: one that asks`, () => {
      assert.equal(modeOf("@agentclientprotocol/claude-agent-acp", permissions), "default");
      assert.equal(modeOf("@agentclientprotocol/codex-acp", permissions), "read-only");
      assert.equal(modeOf("gemini-cli", permissions), "default");
      assert.equal(modeOf("qwen-code", permissions), "default");
      assert.match(modeOf("Copilot", permissions) ?? "", /#agent$/);
      assert.equal(modeOf("OpenCode", permissions), undefined, "its settings say what it asks");
      assert.throws(() => modeOf("pi-acp", permissions), AgentRefusedError);
      assert.equal(modeOf("other", permissions), undefined, "nothing is known of it");
    });
  }

  test("allow: the agent's own", () => {
    for (const agent of Object.keys(AGENTS)) assert.equal(modeOf(agent, "allow"), undefined);
    assert.equal(modeOf("gemini-cli", "allow", "yolo"), "yolo");
  });

  test("the operator's, unless it never asks while the policy is to answer", () => {
    assert.equal(modeOf("@agentclientprotocol/codex-acp", "ask", "workspace-write"), "workspace-write");
    assert.match(modeOf("Copilot", "ask", "plan") ?? "", /#plan$/);
    assert.equal(modeOf("OpenCode", "ask", "Mode Plan"), "plan", "by the name people see");
    assert.equal(modeOf("other", "ask", "second"), "second");
    for (const [agent, mode] of [
      ["@agentclientprotocol/claude-agent-acp", "auto"],
      ["@agentclientprotocol/codex-acp", "agent-full-access"],
      ["gemini-cli", "yolo"],
      ["qwen-code", "auto"],
      ["Copilot", "autopilot"],
    ] as const) {
      assert.throws(
        () => modeOf(agent, "ask", mode),
        /never asks .* --permissions ask would be without effect/,
      );
    }
  });

  test("arguments that keep an agent from asking", () => {
    assert.throws(() => modeOf("Copilot", "ask", undefined, ["--allow-all-tools"]), /with --allow-all-tools/);
    assert.throws(() => modeOf("Copilot", "deny", undefined, ["--yolo"]), AgentRefusedError);
    assert.equal(modeOf("Copilot", "allow", undefined, ["--allow-all-tools"]), undefined);
  });

  test("agents that are not known are judged by what their modes are called", () => {
    assert.equal(modeOf("yolo,default", "ask"), "default");
    assert.equal(modeOf("full-access,manual", "ask"), "manual");
    assert.throws(
      () => modeOf("bypassPermissions", "ask"),
      /starts in its mode "bypassPermissions", which never asks/,
    );
  });

  test("one that it does not have is named with those it has", () => {
    assert.throws(
      () => modeOf("other", "allow", "turbo"),
      /other has no mode "turbo"; it has: first, second\./,
    );
    assert.throws(
      () => modeFor({ agent: "x", permissions: "ask", mode: "a", command: [] }, undefined, undefined),
      /it has: none\./,
    );
  });
});

test("modes are read in both ways the protocol has", () => {
  const options = [{ value: "build", name: "Build" }];
  const option = { id: "m", name: "Mode", category: "mode", type: "select" as const, currentValue: "build" };
  const modes = { current: "build", available: [{ id: "build", name: "Build" }], configId: "m" };
  assert.deepEqual(modesOf({ configOptions: [{ ...option, options }] }), modes);
  const { category: _, ...plain } = { ...option, id: "mode", options };
  assert.equal(modesOf({ configOptions: [plain] })?.configId, "mode", "the category is optional");
  const group = { group: "g", name: "G", options };
  assert.deepEqual(modesOf({ configOptions: [{ ...option, options: [group] }] }), modes);
  assert.deepEqual(modesOf({ modes: { currentModeId: "a", availableModes: [] }, configOptions: [] }), {
    current: "a",
    available: [],
  });
  assert.equal(modesOf({}), undefined);
});
