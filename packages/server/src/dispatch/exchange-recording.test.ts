import assert from "node:assert/strict";
import { test } from "node:test";
import type { DispatchOutcome } from "../gateways/gateway.ts";
import type { ExchangeRecord } from "../store/exchanges.ts";
import { RESULT_OF, recordingExchange } from "./exchange-recording.ts";

const asked = { what: "dispatch", agentId: "a1", dispatchId: "d1", taskId: "t1" } as const;

function sink() {
  const recorded: ExchangeRecord[] = [];
  return { recorded, record: (exchange: ExchangeRecord) => void recorded.push(exchange) };
}

function outcomeOf(outcome: DispatchOutcome) {
  const result = RESULT_OF[outcome.kind];
  return result && { result, reason: "reason" in outcome ? outcome.reason : undefined };
}

test("what an agent behind a gateway was asked is recorded with what came of it, and what never went out is not", async () => {
  const { recorded, ...exchanges } = sink();
  const outcomes: DispatchOutcome[] = [
    { kind: "accepted" },
    { kind: "rejected", reason: "no" },
    { kind: "unknown", reason: "who knows" },
    { kind: "unsent", reason: "stopped" },
  ];
  for (const outcome of outcomes) {
    assert.equal(await recordingExchange(exchanges, {}, asked, async () => outcome, outcomeOf), outcome);
  }
  const failed = recordingExchange(exchanges, {}, asked, () => Promise.reject(new Error("away")), outcomeOf);
  await assert.rejects(failed, /away/);
  assert.deepEqual(
    recorded.map(({ what, dispatchId, taskId, result, reason }) => [
      what,
      dispatchId,
      taskId,
      result,
      reason,
    ]),
    [
      ["dispatch", "d1", "t1", "ok", undefined],
      ["dispatch", "d1", "t1", "refused", "no"],
      ["dispatch", "d1", "t1", "unknown", "who knows"],
      ["dispatch", "d1", "t1", "failed", "away"],
    ],
  );
  assert.ok(recorded.every(({ request, tries }) => request === undefined && tries.length === 1));
});

test("of an adapter that records its requests by itself, none is recorded twice", async () => {
  const { recorded, ...exchanges } = sink();
  const outcome = { kind: "accepted" } as const;
  await recordingExchange(exchanges, { recordsExchanges: true }, asked, async () => outcome, outcomeOf);
  await recordingExchange(undefined, {}, asked, async () => outcome, outcomeOf);
  assert.deepEqual(recorded, []);
});
