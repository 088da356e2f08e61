import assert from "node:assert/strict";
import { test } from "node:test";
import { turnOf } from "../gateways/kinds.ts";
import type { AgentRecord } from "../store/records.ts";
import type { Attempt, Task } from "../tasks/task.ts";
import { dispatchPayload, keptPayload, payloadSentBefore } from "./payload.ts";

const AT = "2026-11-30T10:00:00.000Z";
const options = { publicUrl: () => "http://127.0.0.1:4000/", serverKey: Buffer.alloc(32, 1) };
const attempt = {
  id: "d1",
  taskId: "t1",
  number: 2,
  feedback: "Shorter",
  queuedAt: AT,
  sentAt: AT,
} as Attempt;
const agent = {
  id: "a1",
  name: "Ada",
  capabilities: ["code"],
  endpoint: { kind: "openclaw", agentId: "main" },
} as unknown as AgentRecord;

function taskWith(context: Task["context"]): Task {
  return {
    id: "t1",
    title: "A task",
    description: "",
    priority: "high",
    tags: ["x"],
    context,
  } as unknown as Task;
}

test("what is kept is what was sent, but for the secret, and is sent again with it", async () => {
  const parts = { task: taskWith({ branch: "main" }), attempt, agent };
  const sent = dispatchPayload(options, parts);
  const kept = keptPayload(options, parts);
  assert.equal(JSON.stringify(kept).includes(sent.callback.secret), false);
  assert.deepEqual({ ...kept.payload, callback: sent.callback }, sent);
  const later = { ...parts, task: taskWith({ branch: "other" }) };
  const store = { sentPayload: async () => kept };
  assert.deepEqual(await payloadSentBefore({ ...options, store }, later), sent);
});

test("a context that is too large is not kept, and is read from the task where it is sent again", async () => {
  const parts = { task: taskWith({ text: "x".repeat(300_000) }), attempt, agent };
  const kept = keptPayload(options, parts);
  assert.deepEqual([kept.contextOmitted, kept.payload.task.context], [true, {}]);
  const store = { sentPayload: async () => kept };
  assert.deepEqual(await payloadSentBefore({ ...options, store }, parts), dispatchPayload(options, parts));
});

test("the words for an agent behind a gateway are shown without the secret", () => {
  const parts = { task: taskWith({}), attempt, agent };
  const { kind, payload } = keptPayload(options, parts);
  const turn = turnOf(kind, payload);
  assert.match(turn?.message ?? "", /^# A task[\s\S]*Shorter/);
  assert.match(turn?.extraSystemPrompt ?? "", /MISSION_CONTROL_CALLBACK_SECRET='whsec_•+'/);
  assert.equal(turnOf("http", payload), undefined);
});
