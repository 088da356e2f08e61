import assert from "node:assert/strict";
import type { CreateTask } from "@mission-control/protocol";
import type { AgentReport as Report } from "../../src/tasks/artifact.ts";
import type { Decision, TaskChange } from "../../src/tasks/change.ts";
import { decide } from "../../src/tasks/decide.ts";
import { messageIdOf, openingIdOf } from "../../src/tasks/messages.ts";
import type { Attempt, Message, Task } from "../../src/tasks/task.ts";

export const TASK = "task_1";
export const AGENT = "agent_1";
export const NOW = "2026-01-01T00:00:00.000Z";
export const EARLIER = "2025-12-31T23:59:58.000Z";

export const FIELDS: CreateTask = {
  title: "Build it",
  description: "All of it",
  priority: "normal",
  tags: ["build"],
  context: { repo: "here" },
  requiresReview: false,
};

type AgentReport = { type: Report["type"] } & Partial<Omit<Report, "type">> & Record<string, unknown>;

/** One task's story, told step by step to the rules. */
export class Story {
  task: Task | null = null;
  readonly attempts: Attempt[] = [];
  readonly messages = new Map<string, Message>();
  #dispatches = 0;

  constructor(fields: Partial<CreateTask> = {}) {
    this.do({ kind: "create", taskId: TASK, fields: { ...FIELDS, ...fields } });
  }

  get attempt(): Attempt {
    const last = this.attempts.at(-1);
    assert.ok(last, "there is an attempt");
    return last;
  }

  do(change: TaskChange): Decision {
    const named = "dispatchId" in change ? change.dispatchId : undefined;
    const attempt = this.attempts.find(({ id }) => id === (named ?? this.task?.dispatchId)) ?? null;
    const message = this.messages.get(messageIdOf(change) ?? "") ?? null;
    const opening = this.messages.get(openingIdOf(attempt) ?? "") ?? null;
    const decision = decide({ task: this.task, attempt, message, opening }, change, NOW);
    for (const moved of [decision.message, decision.opening]) if (moved) this.messages.set(moved.id, moved);
    if (decision.deleted) this.task = null;
    if (decision.task) this.task = decision.task;
    if (decision.attempt) {
      const place = this.attempts.findIndex(({ id }) => id === decision.attempt?.id);
      this.attempts[place === -1 ? this.attempts.length : place] = decision.attempt;
    }
    return decision;
  }

  dispatch(agentId = AGENT): Decision {
    return this.do({
      kind: "dispatch",
      taskId: TASK,
      agentId,
      newDispatchId: `dispatch_${++this.#dispatches}`,
    });
  }

  reject(feedback: string): Decision {
    return this.do({
      kind: "reject",
      taskId: TASK,
      feedback,
      newDispatchId: `dispatch_${++this.#dispatches}`,
    });
  }

  /** Something that names only the task, or also its current attempt. */
  step(kind: "sending" | "accepted" | "cancel" | "approve" | "delete" | "run_settled"): Decision {
    return this.do({ kind, taskId: TASK, dispatchId: this.task?.dispatchId ?? "none" } as TaskChange);
  }

  undelivered(state: "rejected" | "failed" | "lost", reason: string): Decision {
    return this.do({ kind: "undelivered", taskId: TASK, dispatchId: this.attempt.id, state, reason });
  }

  runEnded(outcome: "completed" | "failed" | "cancelled", text: string): Decision {
    const run = { outcome, text, at: EARLIER };
    return this.do({ kind: "run_ended", taskId: TASK, dispatchId: this.attempt.id, run });
  }

  answer(requestId: string, optionId: string): Decision {
    return this.do({ kind: "answer_permission", taskId: TASK, requestId, optionId });
  }

  callback(said: AgentReport, dispatchId?: string): Decision {
    const callback = { taskId: TASK, agentId: AGENT, ...said } as Report;
    return this.do({ kind: "callback", taskId: TASK, dispatchId, callback, at: EARLIER });
  }

  /** Brings the task to an attempt that its agent accepted. */
  accepted(): this {
    this.dispatch();
    this.step("sending");
    this.step("accepted");
    return this;
  }
}

export const REQUEST = {
  id: "r1",
  title: "Run rm -rf build",
  options: [
    { optionId: "allow", name: "Allow", kind: "allow_once" },
    { optionId: "deny", name: "Deny" },
  ],
};
