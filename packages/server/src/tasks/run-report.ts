import type { JsonObject, Usage } from "@mission-control/protocol";
import { endAttempt, markRunning } from "./attempt-course.ts";
import { NOTHING, type ReportChange, type Ruling, type TaskState } from "./change.ts";
import { subjectOf, taskEvent } from "./events.ts";
import { withPolicy } from "./permission-policy.ts";
import { openRequest, runQuestion, runQuestionSettled } from "./permissions.ts";
import { lastWords } from "./reported-entry.ts";
import { type Attempt, isOver, occupiesSlot, type Task } from "./task.ts";
import { addUsage } from "./usage.ts";

/** What a gateway, or the dispatcher that watches it, reports of an attempt's run. */
type RunChange = Exclude<ReportChange, { kind: "callback" }>;

/** What became of an attempt's run, as its gateway sees it. It changes nothing of an attempt that is not the current one. */
export function ruleRun({ task, attempt, policy }: TaskState, change: RunChange, now: string): Ruling {
  if (!task || !attempt || attempt.taskId !== task.id) return NOTHING;
  if (change.kind === "run_ended" && isOver(attempt)) return countLateUsage(task, attempt, change, now);
  if (task.dispatchId !== attempt.id || !occupiesSlot(attempt)) return NOTHING;
  switch (change.kind) {
    case "run_activity":
      return runActivity(task, attempt, change, now);
    case "run_ended":
      return runEnded(task, attempt, change, now);
    case "run_question":
      return withPolicy(
        runQuestion(markRunning(task, attempt, now), change, now),
        change.request,
        policy,
        now,
      );
    case "run_question_settled":
      return runQuestionSettled(attempt, change, now);
    case "run_continued":
      return runContinued(attempt, now);
    case "run_settled":
      return runSettled(task, attempt, now);
  }
}

function runActivity(
  task: Task,
  attempt: Attempt,
  change: Extract<ReportChange, { kind: "run_activity" }>,
  now: string,
): Ruling {
  const live = markRunning(task, attempt, now);
  const event = taskEvent("activity", subjectOf(attempt), now, {
    message: change.message,
    data: { ...change.data, source: "gateway" },
    timestamp: change.at,
  });
  return { ...live, events: [...live.events, event] };
}

type RunEnded = Extract<ReportChange, { kind: "run_ended" }>;

/** Keeps the outcome until the agent's own callback, or the grace time, settles the attempt. */
function runEnded(task: Task, attempt: Attempt, change: RunEnded, now: string): Ruling {
  if (attempt.runOutcome) return NOTHING;
  const { outcome, text, at } = change.run;
  const event = taskEvent("activity", subjectOf(attempt), now, {
    message: text === "" ? `The run ended: ${outcome}` : text,
    data: { source: "gateway", runOutcome: outcome, ...(outcome === "completed" ? lastWords(text) : {}) },
    timestamp: at,
  });
  return {
    ...withUsage(task, { ...attempt, runOutcome: change.run }, change.usage),
    events: [event],
  };
}

/** What the operator answered is a further turn of a run that had ended to wait for it. */
function runContinued(attempt: Attempt, now: string): Ruling {
  if (!attempt.runOutcome) return NOTHING;
  const message = "The agent goes on";
  const event = taskEvent("activity", subjectOf(attempt), now, { message, data: { source: "gateway" } });
  return {
    attempt: { ...attempt, runOutcome: undefined },
    events: [event],
  };
}

/** What a run used is known at its end, which may come after its agent called back that the task is done. */
function countLateUsage(task: Task, attempt: Attempt, change: RunEnded, now: string): Ruling {
  if (attempt.runOutcome || attempt.sentAt === null || !change.usage) return NOTHING;
  const { inputTokens = 0, outputTokens = 0 } = change.usage;
  const event = taskEvent("activity", subjectOf(attempt), now, {
    message: `The run ended; it used ${inputTokens} input and ${outputTokens} output tokens`,
    data: { source: "gateway", late: true, runOutcome: change.run.outcome },
    timestamp: change.run.at,
  });
  return {
    ...withUsage(task, { ...attempt, runOutcome: change.run }, change.usage),
    events: [event],
  };
}

/** Adds what one run used to its attempt and task. */
function withUsage(
  task: Task,
  attempt: Attempt,
  usage: Usage | undefined,
): Pick<Ruling, "attempt" | "beside"> {
  if (!usage) return { attempt };
  const used = addUsage(attempt.usage, usage);
  const isCurrent = task.dispatchId === attempt.id;
  // What an attempt before the current one used is counted among the earlier ones.
  const usageBefore = isCurrent ? task.usageBefore : addUsage(task.usageBefore, usage);
  const total = isCurrent ? addUsage(usageBefore, used) : addUsage(task.usage, usage);
  return { attempt: { ...attempt, usage: used }, beside: { usage: total, usageBefore } };
}

/** The agent never called back: the run's own outcome ends the attempt, and says so. */
function runSettled(task: Task, attempt: Attempt, now: string): Ruling {
  const run = attempt.runOutcome;
  if (!run) return NOTHING;
  // The agent ended its turn to wait for the operator: the answer will be its next one.
  if (run.outcome === "completed" && openRequest(attempt)) return NOTHING;
  const data: JsonObject = { source: "gateway", inferred: true };
  const subject = subjectOf(attempt);
  if (run.outcome === "completed") {
    const summary = run.text === "" ? undefined : run.text;
    const event = taskEvent("complete", subject, now, { message: summary, data, timestamp: run.at });
    return endAttempt(task, attempt, now, { event, attempt: { state: "completed", summary } });
  }
  const reason = run.text === "" ? "it gave no reason" : run.text;
  const error = `The run ${run.outcome === "cancelled" ? "was cancelled" : "failed"}: ${reason}`;
  const event = taskEvent("error", subject, now, {
    message: error,
    lastState: task.message,
    data,
    timestamp: run.at,
  });
  return endAttempt(task, attempt, now, {
    event,
    attempt: { state: "failed", error, lastState: task.message },
  });
}
