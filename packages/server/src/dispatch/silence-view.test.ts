import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventType } from "@mission-control/protocol";
import type { AttemptStep, AttemptSummary } from "../store/log-change.ts";
import type { LogEntry } from "../store/store.ts";
import { SilenceView } from "./silence-view.ts";

const MINUTE = 60_000;
const PATIENCE = { firstWordMs: 10_000, silentMs: 30 * MINUTE };

let lastId = 0;
function entry(type: EventType, attempts: readonly AttemptStep[] = [], taskId = "t1"): LogEntry {
  const about = { taskId, agentId: "a1", receivedAt: "2026-01-01T00:00:00.000Z", frame: "" };
  return { id: ++lastId, type, ...about, ...(attempts.length > 0 ? { change: { attempts } } : {}) };
}

function attempt(state: AttemptSummary["state"], more: Partial<AttemptSummary> = {}): AttemptSummary {
  return { id: "d1", taskId: "t1", agentId: "a1", state, runEnded: false, isAsking: false, ...more };
}

const step = (after: AttemptSummary) => entry("dispatch", [{ before: attempt("sending"), after }]);

function watching(): SilenceView {
  const view = new SilenceView(PATIENCE);
  view.follow([step(attempt("accepted"))], 0);
  return view;
}

function missedAt(view: SilenceView, now: number): string | null {
  const [one] = view.watched;
  return one ? view.missedAs(one, now) : "not watched";
}

test("an agent is missed without a first word after seconds, and without another after half an hour", () => {
  const view = watching();
  assert.equal(missedAt(view, 9999), null);
  assert.equal(missedAt(view, 10_000), "not_responding");
  assert.equal(missedAt(view, 30 * MINUTE), "silent");
  view.follow([entry("activity", [{ before: attempt("accepted"), after: attempt("running") }])], 11_000);
  assert.equal(missedAt(view, 30 * MINUTE + 10_999), null);
  assert.equal(missedAt(view, 30 * MINUTE + 11_000), "silent");
  view.follow([entry("artifact")], 40 * MINUTE);
  assert.equal(missedAt(view, 69 * MINUTE), null);
});

test("what is queued, on its way, or over is not watched, nor is what waits for the operator missed", () => {
  const view = new SilenceView(PATIENCE);
  view.follow([step(attempt("queued")), step(attempt("sending"))], 0);
  assert.equal(missedAt(view, MINUTE), "not watched");
  view.follow([step(attempt("running", { isAsking: true }))], 0);
  assert.equal(missedAt(view, 60 * MINUTE), null);
  view.follow([entry("permission", [{ before: null, after: attempt("running") }])], 60 * MINUTE);
  assert.equal(missedAt(view, 89 * MINUTE), null, "it is the agent's turn since the answer");
  assert.equal(missedAt(view, 90 * MINUTE), "silent");
  view.follow([step(attempt("cancelled"))], 90 * MINUTE);
  assert.equal(missedAt(view, 90 * MINUTE), "not watched");
});

test("a late word of an earlier attempt, and what is told of an attempt, are no words of it", () => {
  const view = watching();
  const late = attempt("failed", { id: "d0" });
  view.follow([entry("activity", [{ before: late, after: late }])], 5000);
  view.follow([entry("dispatch"), entry("activity", [], "t2")], 6000);
  assert.equal(missedAt(view, 10_000), "not_responding");
});

test("an attempt that is unknown is silent after half an hour, and until then its task says why", () => {
  const view = new SilenceView(PATIENCE);
  view.follow([step(attempt("unknown"))], 0);
  assert.equal(missedAt(view, MINUTE), null);
  assert.equal(missedAt(view, 30 * MINUTE), "silent");
});

test("an agent that cannot be reached for seconds is offline, and comes back when it can", () => {
  const view = watching();
  view.follow([entry("activity", [{ before: null, after: attempt("running") }])], 0);
  view.reachability("a1", "offline", 0);
  view.reachability("a1", "offline", 8000);
  assert.equal(missedAt(view, 9999), null);
  assert.equal(missedAt(view, 10_000), "offline");
  view.reachability("a1", "unknown", 10_500);
  assert.equal(missedAt(view, 10_500), "offline");
  view.reachability("a1", "online", 11_000);
  assert.equal(missedAt(view, 11_000), null);
});

test("after a restart nobody is silent before those whom the server was away for had the time to say so", () => {
  for (const quietMs of [60 * MINUTE, Number.MAX_SAFE_INTEGER]) {
    const view = new SilenceView(PATIENCE);
    view.begin(attempt("running"), quietMs, null, 0);
    assert.equal(missedAt(view, 10 * MINUTE - 1), null);
    assert.equal(missedAt(view, 10 * MINUTE), "silent");
  }
  const setBack = new SilenceView(PATIENCE);
  setBack.begin(attempt("running"), -60 * MINUTE, null, 0);
  assert.equal(
    missedAt(setBack, 30 * MINUTE - 1),
    null,
    "a clock that was set back says nothing of the time",
  );
  const unheard = new SilenceView(PATIENCE);
  unheard.begin(attempt("accepted"), 15 * MINUTE, null, 0);
  assert.equal(missedAt(unheard, 9999), null, "a first word has its seconds again");
  assert.equal(missedAt(unheard, 10_000), "not_responding");
});

test("what was told before a restart is not taken back by it, and not told again", () => {
  for (const told of ["not_responding", "silent", "offline"] as const) {
    const view = new SilenceView(PATIENCE);
    view.begin(attempt(told === "not_responding" ? "accepted" : "running"), MINUTE, told, 0);
    assert.equal(missedAt(view, 0), told);
    view.follow([entry("activity")], 1);
    view.reachability("a1", "online", 1);
    assert.equal(missedAt(view, 1), null);
  }
});
