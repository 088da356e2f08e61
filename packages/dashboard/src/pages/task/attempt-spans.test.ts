import assert from "node:assert/strict";
import { test } from "node:test";
import type { DispatchView } from "@mission-control/protocol";
import fc from "fast-check";
import { event } from "../../../test/support/events.ts";
import { attemptSpans, timeOf } from "./attempt-spans.ts";

/** `event(n)` happened n seconds after this. */
const START = Date.UTC(2026, 10, 23, 10);
const at = (second: number) => new Date(START + second * 1_000).toISOString();

function attempt(fields: Partial<DispatchView>): DispatchView {
  return { queuedAt: at(0), sentAt: at(2), acceptedAt: at(3), endedAt: null, ...fields } as DispatchView;
}
const seconds = (spans: ReturnType<typeof attemptSpans>) =>
  spans.map(({ kind, from, to }) => [kind, (from - START) / 1_000, (to - START) / 1_000]);
const asked = (id: number, request: string) =>
  event(id, { type: "permission", data: { state: "requested", request: { id: request } } });
const answered = (id: number, requestId: string) =>
  event(id, { type: "permission", data: { state: "answered", requestId } });

test("an attempt's time is queued, worked, and waited with a question", () => {
  const spans = attemptSpans(
    attempt({ endedAt: at(20) }),
    [event(4), asked(5, "a"), answered(9, "a"), event(12)],
    0,
  );
  assert.deepEqual(seconds(spans), [
    ["queued", 0, 2],
    ["working", 2, 5],
    ["waiting", 5, 9],
    ["working", 9, 20],
  ]);
  assert.equal(timeOf(spans, "working"), 14_000);
});

test("two questions at once are one wait, until both are answered", () => {
  const events = [asked(5, "a"), asked(6, "b"), answered(7, "a"), answered(8, "b")];
  assert.deepEqual(seconds(attemptSpans(attempt({ endedAt: at(10) }), events, 0)), [
    ["queued", 0, 2],
    ["working", 2, 5],
    ["waiting", 5, 8],
    ["working", 8, 10],
  ]);
});

test("what goes on lasts until now: in the queue, at work, or with a question", () => {
  const now = START + 7_000;
  assert.deepEqual(seconds(attemptSpans(attempt({ sentAt: null, acceptedAt: null }), [], now)), [
    ["queued", 0, 7],
  ]);
  assert.deepEqual(seconds(attemptSpans(attempt({}), [asked(5, "a")], now)).at(-1), ["waiting", 5, 7]);
});

test("whatever was asked when, by clocks that jump too, its time is told once and without a gap", () => {
  const asked = fc.record({
    second: fc.nat(30),
    state: fc.constantFrom("requested", "answered", "expired"),
    request: fc.constantFrom("a", "b", "c"),
  });
  const ended = fc.option(fc.nat(40));
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 12 }), fc.nat(10), ended, fc.nat(40), (told, sent, end, now) => {
      const events = told.map(({ second, state, request }) =>
        event(second, { type: "permission", data: { state, requestId: request } }),
      );
      const endedAt = end === null ? null : at(Math.max(end, sent));
      const spans = attemptSpans(attempt({ sentAt: at(sent), endedAt }), events, START + now * 1_000);
      let reached = START;
      for (const { from, to } of spans) {
        assert.equal(from, reached);
        assert.ok(to > from);
        reached = to;
      }
      const due =
        endedAt === null ? Math.max(START + now * 1_000, START + sent * 1_000) : Date.parse(endedAt);
      assert.equal(reached, due);
      const sum = (["queued", "working", "waiting"] as const).reduce(
        (all, kind) => all + timeOf(spans, kind),
        0,
      );
      assert.equal(sum, due - START);
    }),
  );
});
