import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentView } from "@mission-control/protocol";
import { agentView } from "../../test/support/agent-view.ts";
import { offeredAgents } from "./offered-agents.ts";

const agent = (name: string, status: AgentView["status"], capabilities: string[] = []) =>
  agentView(name, { status, capabilities });

const agents = [
  agent("Zoe", "online", ["code"]),
  agent("Ada", "offline", ["Review"]),
  agent("Bob", "busy"),
  agent("Eve", "online"),
  agent("Max", "unknown"),
];
const names = (typed: string, preferred: string | null = null) =>
  offeredAgents(agents, typed, preferred).map(({ name }) => name);

test("who can begin at once is offered first, after who had the task before", () => {
  assert.deepEqual(names(""), ["Eve", "Zoe", "Bob", "Max", "Ada"]);
  assert.deepEqual(names("", "Ada"), ["Ada", "Eve", "Zoe", "Bob", "Max"]);
  assert.deepEqual(names("", "gone"), ["Eve", "Zoe", "Bob", "Max", "Ada"]);
});

test("agents are found by name or capability, whatever the case", () => {
  assert.deepEqual(names(" CODE "), ["Zoe"]);
  assert.deepEqual(names("review"), ["Ada"]);
  assert.deepEqual(names("o"), ["Zoe", "Bob"]);
  assert.deepEqual(names("nobody", "Ada"), [], "the one before is offered only if it is found");
});
