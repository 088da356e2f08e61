import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttemptSummary } from "../store/log-change.ts";
import { AgentState } from "./agent-state.ts";

const NOW = new Date("2026-11-23T10:00:00.000Z");

function agent(fields: Partial<AgentState["record"]> = {}): AgentState {
  return new AgentState({
    id: "agent_1",
    name: "Ada",
    capabilities: [],
    concurrency: 1,
    endpoint: { kind: "http", url: "http://ada:secret@127.0.0.1:1/" },
    secret: "whsec_now",
    createdAt: NOW.toISOString(),
    updatedAt: NOW.toISOString(),
    ...fields,
  });
}

function attempt(state: AttemptSummary["state"], more: Partial<AttemptSummary> = {}): AttemptSummary {
  return {
    id: "dispatch_1",
    taskId: "task_1",
    agentId: "agent_1",
    state,
    runEnded: false,
    isAsking: false,
    ...more,
  };
}

test("an attempt is counted in the queue, then in a slot, then in neither", () => {
  const ada = agent();
  const counts = () => [ada.queued, ada.running.size, ada.hasFreeSlot];
  ada.count({ before: null, after: attempt("queued") });
  assert.deepEqual(counts(), [1, 0, true]);
  ada.count({ before: attempt("queued"), after: attempt("sending") });
  assert.deepEqual(counts(), [0, 1, false]);
  ada.count({ before: attempt("sending"), after: attempt("running") });
  assert.deepEqual(counts(), [0, 1, false]);
  ada.count({ before: attempt("running"), after: attempt("completed") });
  assert.deepEqual(counts(), [0, 0, true]);
});

test("an attempt that is deleted with its task takes its count and its usage with it", () => {
  const ada = agent();
  const running = attempt("running", { usage: { inputTokens: 5 } });
  ada.count({ before: null, after: attempt("running") });
  ada.count({ before: attempt("running"), after: running });
  assert.deepEqual(ada.usage.total, { inputTokens: 5 });
  ada.count({ before: running, after: null });
  assert.deepEqual([ada.running.size, ada.usage.total], [0, undefined]);
});

test("an agent that can be reached and has no free slot is busy; one that cannot is not", () => {
  const ada = agent();
  ada.count({ before: null, after: attempt("running") });
  assert.equal(ada.view({ status: "online" }, NOW).status, "busy");
  const { status, statusReason } = ada.view({ status: "offline", reason: "Nobody is there." }, NOW);
  assert.deepEqual([status, statusReason], ["offline", "Nobody is there."]);
});

test("no secret is shown, and until when the one before it signs is, while it does", () => {
  const previousSecret = (until: string) => ({ previousSecret: { secret: "whsec_before", until } });
  const later = "2026-11-23T10:05:00.000Z";
  const view = agent(previousSecret(later)).view({ status: "online" }, NOW);
  assert.doesNotMatch(JSON.stringify(view), /whsec|ada:secret/);
  assert.equal(view.previousSecretUntil, later);
  const over = agent(previousSecret("2026-11-23T09:59:00.000Z")).view({ status: "online" }, NOW);
  assert.ok(!("previousSecretUntil" in over));
});

test("what is read late of the log is no newer than what was announced meanwhile", () => {
  const state = agent();
  const announcing = state.announcing("offline");
  state.announce({ status: "online" }, 8);
  assert.equal(state.lastStatus, "offline", "while it is on its way");
  announcing.stored(15);
  state.announce({ status: "online" }, 12);
  assert.equal(state.lastStatus, "offline", "and when it is stored");
  state.announce({ status: "offline" }, 15);
  state.announce({ status: "online" }, 16);
  assert.equal(state.lastStatus, "online", "as another node found out later");
  state.announcing("offline").failed();
  assert.equal(state.lastStatus, "online", "what is not stored was not announced");
});
