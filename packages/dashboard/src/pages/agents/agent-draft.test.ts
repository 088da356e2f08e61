import assert from "node:assert/strict";
import { test } from "node:test";
import { agentView } from "../../../test/support/agent-view.ts";
import { agentDraftOf, changedAgent } from "./agent-draft.ts";

const agent = agentView("a1", {
  name: "Ada",
  capabilities: ["code", "review"],
  concurrency: 2,
  endpoint: { kind: "http", url: "http://127.0.0.1:7000/dispatch?key=***" },
});
const before = agentDraftOf(agent);

test("what was left as it was is not sent, though the agent has moved since the form was opened", () => {
  const moved = { kind: "http", url: "http://127.0.0.1:7999/dispatch" } as const;
  assert.deepEqual(changedAgent(before, before, moved), {});
  assert.deepEqual(changedAgent(before, { ...before, address: ` ${before.address} ` }, moved), {});
});

test("what was changed is sent as the server takes it", () => {
  const draft = {
    name: "Eve",
    address: " http://127.0.0.1:8000/ ",
    capabilities: "draw, , code",
    concurrency: "5",
  };
  assert.deepEqual(changedAgent(before, draft, agent.endpoint), {
    name: "Eve",
    capabilities: ["draw", "code"],
    concurrency: 5,
    endpoint: { kind: "http", url: "http://127.0.0.1:8000/" },
  });
  assert.deepEqual(changedAgent(before, { ...before, capabilities: "" }, agent.endpoint), {
    capabilities: [],
  });
});

test("an agent behind a gateway is moved to another name there, and stays behind it", () => {
  const endpoint = { kind: "openclaw", gatewayId: "g1", agentId: "main" } as const;
  const draft = agentDraftOf({ ...agent, endpoint });
  assert.equal(draft.address, "main");
  assert.deepEqual(changedAgent(draft, { ...draft, address: "other" }, endpoint), {
    endpoint: { kind: "openclaw", gatewayId: "g1", agentId: "other" },
  });
});
