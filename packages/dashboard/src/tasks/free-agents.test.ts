import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentView } from "@mission-control/protocol";
import fc from "fast-check";
import { agentView } from "../../test/support/agent-view.ts";
import { capabilityOffers, shareOut } from "./free-agents.ts";

const agent = (id: string, fields: Partial<AgentView> = {}) =>
  agentView(id, { capabilities: ["code"], ...fields });

test("offers what agents that can be reached are able to do, and how many are free", () => {
  const agents = [
    agent("a", { capabilities: ["code", "review"], concurrency: 3, running: 1 }),
    agent("b", { concurrency: 2, running: 2, queued: 4 }),
    agent("c", { capabilities: ["draw"], status: "offline" }),
  ];
  const offered = (typed: string) =>
    capabilityOffers(agents, typed).map(({ capability, free }) => [capability, free]);
  assert.deepEqual(offered(""), [
    ["code", 2],
    ["review", 2],
  ]);
  assert.deepEqual(offered("REV"), [["review", 2]]);
});

test("spreads tasks over who has room, then over the shortest queues", () => {
  const agents = [agent("a", { concurrency: 2 }), agent("b"), agent("c", { concurrency: 3, running: 3 })];
  assert.deepEqual(shareOut(agents, 1), ["a"]);
  assert.deepEqual(shareOut(agents, 3), ["a", "b", "a"]);
  const counts = Map.groupBy(shareOut(agents, 9), (id) => id);
  assert.deepEqual(
    ["a", "b", "c"].map((id) => counts.get(id)?.length),
    [4, 2, 3],
    "with what c has at work, each has twice what it can do at once",
  );
  assert.deepEqual(shareOut([], 2), []);
});

test("whatever agents have in hand, each task goes to one with the most room, while any has some", () => {
  const loads = fc.array(
    fc.record({ concurrency: fc.integer({ min: 1, max: 5 }), running: fc.nat(5), queued: fc.nat(3) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(loads, fc.nat(20), (given, tasks) => {
      const agents = given.map((load, at) => agent(`a${at}`, load));
      const shared = shareOut(agents, tasks);
      assert.equal(shared.length, tasks);
      const now = new Map(agents.map((one) => [one.id, one.running + one.queued]));
      for (const id of shared) {
        const room = (one: AgentView) => one.concurrency - (now.get(one.id) ?? 0);
        const chosen = agents.find((one) => one.id === id) as AgentView;
        const most = Math.max(...agents.map(room));
        if (most > 0) assert.equal(room(chosen), most, id);
        now.set(id, (now.get(id) ?? 0) + 1);
      }
    }),
  );
});
