import type { NewEvent, TaskStatus, Usage } from "@mission-control/protocol";
import type { Ruling } from "./change.ts";
import { statusEvent } from "./events.ts";
import { type Started, withdrawOpen } from "./permissions.ts";
import type { Attempt, Task } from "./task.ts";
import { addUsage } from "./usage.ts";

/** The first word of an agent makes its attempt `running`, even before its acceptance was seen or when it never was. */
export function markRunning(task: Task, attempt: Attempt, now: string, usage?: Usage): Started {
  let running = attempt;
  if (attempt.state !== "running") {
    running = { ...attempt, state: "running", error: undefined, acceptedAt: attempt.acceptedAt ?? now };
  }
  if (usage) running = { ...running, usage };
  return {
    beside: usage && { usage: addUsage(task.usageBefore, usage) },
    attempt: running,
    events: task.status === "in_progress" ? [] : [statusEvent(task, "in_progress", running, now)],
  };
}

/** How an attempt ends: the event that says so, and what the attempt is from then on. */
export interface Ending {
  event: NewEvent;
  attempt: {
    state: "completed" | "failed";
    summary?: string | undefined;
    error?: string;
    lastState?: string | undefined;
  };
  usage?: Usage | undefined;
}

/** Ends an attempt: its task waits for review where it is to be reviewed, or is over. */
export function endAttempt(task: Task, attempt: Attempt, now: string, ending: Ending): Ruling {
  const live = markRunning(task, attempt, now, ending.usage);
  const ended: Attempt = { ...withdrawOpen(live.attempt), ...ending.attempt, endedAt: now };
  const completed = ending.attempt.state === "completed";
  const status: TaskStatus = completed ? (task.requiresReview ? "review" : "completed") : "failed";
  const running: Task = { ...task, status: "in_progress" };
  return {
    ...live,
    attempt: ended,
    events: [...live.events, ending.event, statusEvent(running, status, ended, now)],
    answerEvent: live.events.length,
  };
}
