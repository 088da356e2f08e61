import type { LogEvent, TaskSummary } from "@mission-control/protocol";
import { type HeldEvent, hold } from "../../src/store/held-event.ts";

/** An event as the log has it; what a test does not care about is filled in. */
export function event(id: number, fields: Partial<LogEvent> = {}): LogEvent {
  const at = new Date(Date.UTC(2026, 10, 23, 10) + id * 1_000).toISOString();
  return {
    id,
    type: "activity",
    taskId: "task_1",
    agentId: "agent_1",
    dispatchId: "dsp_1",
    data: {},
    timestamp: at,
    receivedAt: at,
    ...fields,
  };
}

export function held(id: number, fields: Partial<LogEvent> = {}): HeldEvent {
  return hold(event(id, fields));
}

/** A running task. */
export function task(fields: Partial<TaskSummary> = {}): TaskSummary {
  return {
    id: "task_1",
    title: "Fix the log-in",
    description: "",
    priority: "normal",
    tags: [],
    context: {},
    requiresReview: false,
    status: "in_progress",
    agentId: "agent_1",
    dispatchId: "dsp_1",
    attempt: 1,
    createdAt: "2026-11-23T10:00:00.000Z",
    updatedAt: "2026-11-23T10:00:00.000Z",
    ...fields,
  };
}
