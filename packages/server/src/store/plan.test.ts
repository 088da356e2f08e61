import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { newEvent } from "../../test/conformance/engine.ts";
import { MemoryWorkingSet } from "../../test/support/memory-working-set.ts";
import { AGENTS, changeOf, story } from "../../test/support/task-changes.ts";
import { TaskModel } from "../../test/support/task-model.ts";
import type { Operation } from "./operations.ts";
import type { AgentRecord } from "./records.ts";

const AT = "2026-01-01T00:00:00.000Z";

function agent(id: string, concurrency: number): AgentRecord {
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/" } as const;
  return { id, name: id, capabilities: [], concurrency, endpoint, createdAt: AT, updatedAt: AT };
}

/** A store with the two agents of the stories. */
function withAgents(): MemoryWorkingSet {
  const store = new MemoryWorkingSet();
  for (const id of AGENTS) {
    const record = agent(id, 1);
    store.commit([
      {
        kind: "edit",
        at: AT,
        record: "agent",
        id,
        edit: () => ({ record, event: newEvent("agent", { agentId: id }) }),
      },
    ]);
  }
  return store;
}

/** The operations of a story: its changes, some doubled, with claims between them. */
const operations = fc.tuple(story, fc.infiniteStream(fc.nat(9))).map(([steps, dice]) => {
  const model = new TaskModel();
  return steps.flatMap((step, number): Operation[] => {
    const at = new Date(Date.parse(AT) + number * 1000).toISOString();
    const change = changeOf(step, model, number);
    model.apply(change);
    const key = change.kind === "callback" ? { scope: "story", key: `${number}` } : undefined;
    const asked: Operation = { kind: "change", at, change, key };
    const chance = dice.next().value ?? 0;
    if (key && chance < 3) return [asked, asked];
    return chance < 6 ? [asked, { kind: "claim", at, agentId: AGENTS[number % 2] as string }] : [asked];
  });
});

test("however operations are grouped into commits, they come to the same", () => {
  fc.assert(
    fc.property(operations, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (all, sizes) => {
      const one = withAgents();
      const single = all.map((operation) => one.commit([operation])[0]);
      const many = withAgents();
      const grouped = [];
      for (let from = 0; from < all.length; ) {
        const size = sizes.next().value ?? 1;
        grouped.push(...many.commit(all.slice(from, from + size)));
        from += size;
      }
      assert.deepEqual(grouped, single);
      for (const part of ["tasks", "attempts", "messages", "receipts", "commands", "events"] as const) {
        assert.deepEqual(many[part], one[part], part);
      }
    }),
    { numRuns: 300 },
  );
});

test("what a view of the attempts would be, followed from the log alone, is what the store has", () => {
  fc.assert(
    fc.property(operations, (all) => {
      const store = withAgents();
      for (const operation of all) store.commit([operation]);
      const states = new Map<string, string>();
      for (const { change } of store.events) {
        for (const { before, after } of change?.attempts ?? []) {
          const id = (after ?? before)?.id ?? "";
          assert.equal(states.get(id), before?.state, "each step begins where the one before it ended");
          if (after) states.set(id, after.state);
          else states.delete(id);
        }
      }
      assert.deepEqual(states, new Map([...store.attempts].map(([id, { state }]) => [id, state])));
    }),
    { numRuns: 300 },
  );
});

test("an operation that throws leaves nothing, and the others of its commit are as if it had not been", () => {
  const store = withAgents();
  const unwritable = { ...newEvent("gateway"), data: { big: 1n as unknown as number } };
  const before = store.events.length;
  const outcomes = store.commit([
    { kind: "append", at: AT, events: [newEvent("gateway")] },
    { kind: "append", at: AT, events: [newEvent("gateway"), unwritable] },
    { kind: "edit", at: AT, record: "agent", id: "agent_a", edit: () => assert.fail("a fault of ours") },
    { kind: "append", at: AT, events: [newEvent("gateway")] },
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => ("value" in outcome ? outcome.value : (outcome.error as Error).name)),
    [before + 1, "TypeError", "AssertionError", before + 2],
  );
  assert.equal(store.events.length, before + 2);
  assert.deepEqual(store.record("agent", "agent_a"), agent("agent_a", 1));
});
