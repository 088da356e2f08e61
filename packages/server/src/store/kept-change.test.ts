import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeChange, encodeChange } from "./kept-change.ts";
import type { AttemptStep, AttemptSummary, LogChange } from "./log-change.ts";

const at = fc.constantFrom("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z");
const summary: fc.Arbitrary<AttemptSummary> = fc.record(
  {
    id: fc.constant("d1"),
    taskId: fc.constantFrom("t1", "t2"),
    agentId: fc.constantFrom("a1", "a2"),
    state: fc.constantFrom("queued", "running", "completed"),
    runEnded: fc.boolean(),
    isAsking: fc.boolean(),
    usage: fc.record({ inputTokens: fc.nat() }, { noNullPrototype: true }),
    asksUntil: at,
  },
  { noNullPrototype: true, requiredKeys: ["id", "taskId", "agentId", "state", "runEnded", "isAsking"] },
);
const step: fc.Arbitrary<AttemptStep> = fc
  .record({ before: fc.option(summary), after: fc.option(summary) }, { noNullPrototype: true })
  .filter(({ before, after }) => before !== null || after !== null);

const noRecords = () => null;

test("what is read of a change is what was kept of it", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 3 }), (attempts) => {
      assert.deepEqual(decodeChange(encodeChange({ attempts }), noRecords), { attempts });
    }),
  );
});

test("what a step leaves as it is stands in the log once", () => {
  const before: AttemptSummary = {
    ...{ id: "d1", taskId: "t1", agentId: "a1", state: "accepted", runEnded: false, isAsking: false },
  };
  const kept = encodeChange({ attempts: [{ before, after: { ...before, state: "running" } }] });
  assert.deepEqual(JSON.parse(kept), {
    attempts: [{ id: "d1", taskId: "t1", agentId: "a1", state: "running", was: { state: "accepted" } }],
  });
});

test("a change as earlier versions kept it is read as it is", () => {
  const before: AttemptSummary = {
    ...{ id: "d1", taskId: "t1", agentId: "a1", state: "accepted", runEnded: false, isAsking: false },
  };
  const change: LogChange = {
    attempts: [
      { before, after: null },
      { before: null, after: before },
    ],
  };
  assert.deepEqual(decodeChange(JSON.stringify(change), noRecords), change);
});
