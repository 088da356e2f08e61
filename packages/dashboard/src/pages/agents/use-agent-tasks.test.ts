import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { task } from "../../../test/support/events.ts";
import { tasksInHand } from "./use-agent-tasks.ts";

const at = (minute: number) => `2026-11-23T10:${String(minute).padStart(2, "0")}:00.000Z`;
const request = { id: "r1", title: "Run it?", options: [] };

test("an agent has in hand what is in progress with it: first what asks, then what moved last", () => {
  const byAgent = tasksInHand([
    task({ id: "old", updatedAt: at(1) }),
    task({ id: "asks", updatedAt: at(0), waitingFor: request }),
    task({ id: "new", updatedAt: at(2) }),
    task({ id: "done", status: "completed" }),
    task({ id: "queued", status: "queued" }),
    task({ id: "nobody's", agentId: null }),
    task({ id: "other", agentId: "agent_2" }),
  ]);
  assert.deepEqual(
    [...byAgent].map(([agent, tasks]) => [agent, tasks.map(({ id }) => id)]),
    [
      ["agent_1", ["asks", "new", "old"]],
      ["agent_2", ["other"]],
    ],
  );
});

test("the order is one, whatever order the tasks came in, also of those that moved at once", () => {
  const tasks = Array.from({ length: 8 }, (_, one) => task({ id: `t${one}`, updatedAt: at(one % 2) }));
  const expected = tasksInHand(tasks).get("agent_1");
  fc.assert(
    fc.property(fc.shuffledSubarray(tasks, { minLength: tasks.length }), (shuffled) => {
      assert.deepEqual(tasksInHand(shuffled).get("agent_1"), expected);
    }),
  );
});
