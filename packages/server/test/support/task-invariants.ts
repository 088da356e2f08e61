import assert from "node:assert/strict";
import type { LogEvent, NewEvent } from "@mission-control/protocol";
import type { Attempt, Task } from "../../src/tasks/task.ts";
import { type ModelTask, NEXT_STATE, NEXT_STATUS } from "./task-model.ts";

type Told = NewEvent | LogEvent;

/** A task and all its attempts, oldest first, as somebody sees them between two changes. */
export interface Picture {
  task: Task | null;
  attempts: readonly Attempt[];
}

const ENDED = ["completed", "failed", "rejected", "cancelled", "lost"];

/** What must be true of every task at any time. */
export function checkPicture({ task, attempts }: Picture): void {
  if (!task) {
    assert.deepEqual(attempts, []);
    return;
  }
  const current = attempts.at(-1);
  assert.deepEqual(
    attempts.map(({ number }) => number),
    attempts.map((_, index) => index + 1),
    "attempts are numbered from 1 without a gap",
  );
  assert.equal(task.attempt, attempts.length);
  assert.equal(task.dispatchId, current?.id ?? null, "the task names its last attempt");
  assert.equal(task.agentId, current?.agentId ?? null, "the task names its last attempt's agent");
  for (const attempt of attempts.slice(0, -1)) assert.ok(ENDED.includes(attempt.state), "one live attempt");
  const state = current?.state ?? "none";
  const fitting = {
    pending: ["none"],
    queued: ["queued", "sending", "unknown"],
    in_progress: ["accepted", "running"],
    review: ["completed"],
    completed: ["completed"],
    failed: ["failed", "rejected", "lost"],
    cancelled: ["none", "cancelled", "completed"],
  }[task.status];
  assert.ok(fitting.includes(state), `a task is not ${task.status} while its attempt is ${state}`);
  const inDoubt = state === "unknown";
  assert.equal(task.unknownReason !== undefined, inDoubt, "the task says why its attempt is unknown");
  if (inDoubt) assert.equal(task.unknownReason, current?.error);
  const open = attempts.flatMap(({ permissions, state: its }) =>
    (permissions ?? []).filter((one) => one.state === "open").map(({ request }) => ({ request, its })),
  );
  for (const { its } of open) assert.ok(!ENDED.includes(its), "nothing stays open in an attempt that ended");
  assert.deepEqual(task.waitingFor, open[0]?.request, "waitingFor is the oldest open request");
  if (task.waitingFor) assert.equal(task.status, "in_progress");
  for (const attempt of attempts) {
    assert.equal(attempt.endedAt !== null, ENDED.includes(attempt.state), "endedAt tells that it ended");
    assert.equal(
      attempt.sentAt === null && ["sending", "accepted", "running", "unknown"].includes(attempt.state),
      false,
    );
  }
  const kind = inboxKindOf(task);
  assert.equal(task.waiting?.kind, kind, "the task waits for a human with what it shows");
  if (kind === "review" || kind === "failure") assert.equal(task.waiting?.since, current?.endedAt);
  const used = attempts.map(({ usage }) => usage?.inputTokens).filter((tokens) => tokens !== undefined);
  const sum = used.length === 0 ? undefined : used.reduce((total, tokens) => total + tokens, 0);
  assert.equal(task.usage?.inputTokens, sum, "a task's usage is the sum of its attempts'");
}

function inboxKindOf({ status, waitingFor, undelivered, silence }: Task): string | undefined {
  if (status === "review") return "review";
  if (status === "failed") return "failure";
  if (waitingFor) return "question";
  if (undelivered) return "undelivered";
  return silence && silence.state !== "not_responding" ? "silent" : undefined;
}

/** Whether an event is about an attempt that was ended without its agent's word. */
function isGivenUp({ data }: Told): boolean {
  return data.state === "cancelled" || data.state === "lost";
}

type CountingOn = "lateCallbacks" | "usage" | "runOutcome" | "messages" | "permissions";

/** An attempt without what counts on after its end: late callbacks, what came of words to its agent, and what its run used. */
function asItEnded({
  lateCallbacks: _,
  usage: _u,
  runOutcome: _r,
  messages: _m,
  permissions: _p,
  ...attempt
}: Attempt): Omit<Attempt, CountingOn> {
  return attempt;
}

/** What must be true of any one change: nothing moves that may not, and what moves is told. */
export function checkStep(before: Picture, after: Picture, events: readonly Told[]): void {
  for (const old of before.attempts) {
    const now = after.attempts.find(({ id }) => id === old.id);
    if (!now) {
      assert.equal(after.task, null, "attempts vanish with their task only");
      continue;
    }
    if (ENDED.includes(old.state)) assert.deepEqual(asItEnded(now), asItEnded(old), "it never changes again");
    if (now.state === old.state) continue;
    assert.ok(NEXT_STATE[old.state].includes(now.state), `an attempt went ${old.state} → ${now.state}`);
  }
  const born = after.attempts.filter(({ id }) => !before.attempts.some((old) => old.id === id));
  for (const attempt of born) assert.equal(attempt.state, "queued");
  let status = before.task?.status ?? "pending";
  for (const event of events.filter(({ type }) => type === "status_change")) {
    const { from, to } = event.data as { from: typeof status; to: typeof status };
    assert.equal(from, status, "a status_change begins where the last one ended");
    assert.ok(NEXT_STATUS[from].includes(to), `a task went ${from} → ${to}`);
    status = to;
  }
  if (after.task) assert.equal(status, after.task.status, "every status change is told");
}

/** What must be true of a task's whole log. */
export function checkLog(events: readonly Told[]): void {
  const endings = new Map<string, number>();
  const states = new Map<string, string[]>();
  for (const event of events) {
    const { dispatchId } = event;
    if (dispatchId === undefined) continue;
    if (event.type === "complete" || event.type === "error") {
      endings.set(dispatchId, (endings.get(dispatchId) ?? 0) + 1);
      assert.equal(endings.get(dispatchId), 1, "an attempt ends once");
    }
    // How an agent answered a cancel is told of an attempt as it is, also when that is over.
    if (event.type === "dispatch" && event.data.cancel === "unconfirmed") continue;
    // And that its agent is missed, of one that stays what it is.
    if (event.type === "dispatch" && event.data.silence !== undefined) continue;
    if (event.type === "dispatch" && event.data.cancel === "confirmed" && isGivenUp(event)) continue;
    if (event.type === "dispatch") {
      const told = states.get(dispatchId) ?? [];
      // Only what was stopped before it went out is queued, and sent, again.
      if (event.data.state === "queued" && told.at(-1) === "sending") told.length = 0;
      assert.ok(!told.includes(String(event.data.state)), "an attempt reaches a state once");
      assert.ok(!told.some((state) => ENDED.includes(state)), "nothing follows the end of an attempt");
      states.set(dispatchId, [...told, String(event.data.state)]);
    }
    if (event.type === "activity" && event.data.late !== true) {
      const told = states.get(dispatchId) ?? [];
      assert.ok(told.includes("sending"), "nobody works at what was not sent");
      assert.ok(
        !told.some((state) => ENDED.includes(state)) && !endings.has(dispatchId),
        "nor after its end",
      );
    }
  }
}

/** That a task is what the model says. */
export function checkAgainst(model: ModelTask | undefined, { task, attempts }: Picture): void {
  if (!model) {
    assert.equal(task, null);
    return;
  }
  assert.equal(task?.status, model.status);
  assert.deepEqual(
    attempts.map(({ id, agentId, state, usage, permissions, messages, runOutcome, openedBy }) => ({
      id,
      agentId,
      state,
      tokens: usage?.inputTokens ?? null,
      runOutcome: runOutcome?.outcome ?? null,
      messages: messages ?? { written: 0, sending: 0 },
      ...(openedBy === undefined ? {} : { openedBy }),
      requests: (permissions ?? []).map(({ request, state, delivery }) => ({
        id: request.id,
        state,
        ...(delivery ? { delivery } : {}),
      })),
    })),
    model.attempts.map(
      ({ taskId: _taskId, wasSent: _wasSent, said: _said, silence: _silence, messages, ...attempt }) => ({
        ...attempt,
        messages: {
          written: messages.length,
          sending: messages.filter((one) => one.state === "sending").length,
        },
      }),
    ),
  );
  const current = model.attempts.at(-1);
  assert.equal(task?.silence?.state ?? null, current?.silence ?? null);
  assert.equal(task?.lastWordAt !== undefined, current?.said ?? false, "the task has its agent's last word");
}
