import {
  entryLine,
  type JsonObject,
  type NewEvent,
  type TaskStatus,
  type Usage,
} from "@mission-control/protocol";
import type { AgentReport } from "./artifact.ts";
import {
  NOTHING,
  type RefusalCode,
  type ReportChange,
  type Ruling,
  refuse,
  type TaskState,
} from "./change.ts";
import { statusEvent, subjectOf, taskEvent } from "./events.ts";
import { withMessageState } from "./messages.ts";
import { withPolicy } from "./permission-policy.ts";
import {
  openRequest,
  requestPermission,
  runQuestion,
  runQuestionSettled,
  type Started,
  withdrawOpen,
} from "./permissions.ts";
import { lastWords, withEntryInData } from "./reported-entry.ts";
import { type Attempt, isOver, type Message, occupiesSlot, type Task } from "./task.ts";
import { addUsage } from "./usage.ts";

type CallbackChange = Extract<ReportChange, { kind: "callback" }>;

/** Applies what an agent or its gateway says about an attempt. */
export function ruleReport(state: TaskState, change: ReportChange, now: string): Ruling {
  if (change.kind === "callback") return callback(state, change, now);
  const { task, attempt } = state;
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
        runQuestion(start(task, attempt, now), change, now),
        change.request,
        state.policy,
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

/** An agent's callback (docs/contract.md, section 4). Late ones are recorded and refused. */
function callback(
  { task, attempt, message, policy }: TaskState,
  change: CallbackChange,
  now: string,
): Ruling {
  const report = withEntryInData(change.callback);
  if (!task) return refuse("not_found", "There is no such task.");
  const isLate = (code: RefusalCode, detail: string) =>
    late(task, attempt, report, change.at, now, code, detail);
  // A dispatch's own secret must not write into another task's record.
  if (attempt && attempt.taskId !== task.id) return refuse("not_found", "The dispatch is not of this task.");
  if (!attempt || attempt.agentId !== report.agentId) {
    return isLate("not_found", "The task was not dispatched to this agent.");
  }
  if (attempt.id !== task.dispatchId) {
    return isLate("conflict", "The dispatch was replaced by a later one.");
  }
  if (attempt.state === "queued") {
    return isLate("conflict", "The dispatch has not been sent yet.");
  }
  if (isOver(attempt)) {
    return isLate("conflict", `The dispatch is over: it was ${attempt.state}.`);
  }
  switch (report.type) {
    case "progress":
      return progress(task, attempt, report, message, change.at, now);
    case "artifact":
      return artifact(task, attempt, report, change.at, now);
    case "permission":
      return withPolicy(
        requestPermission(start(task, attempt, now, report.usage), report, change.at, now),
        report.request,
        policy,
        now,
      );
    case "complete":
      return end(task, attempt, now, {
        event: taskEvent("complete", subjectOf(attempt), now, {
          message: report.summary ?? report.message,
          data: report.data,
          timestamp: change.at,
        }),
        attempt: { state: "completed", summary: report.summary ?? report.message },
        usage: report.usage,
      });
    case "error": {
      const error = report.error ?? report.message ?? "The agent reported a failure without saying why.";
      return end(task, attempt, now, {
        event: taskEvent("error", subjectOf(attempt), now, {
          message: error,
          lastState: report.lastState,
          data: report.data,
          timestamp: change.at,
        }),
        attempt: { state: "failed", error, lastState: report.lastState },
        usage: report.usage,
      });
    }
  }
}

function progress(
  task: Task,
  attempt: Attempt,
  report: Extract<AgentReport, { type: "progress" }>,
  message: Message | null | undefined,
  at: string,
  now: string,
): Ruling {
  const live = start(task, attempt, now, report.usage);
  const event = taskEvent("activity", subjectOf(attempt), now, {
    message: report.message ?? (report.entry && entryLine(report.entry)),
    progress: report.progress,
    data: report.data,
    timestamp: at,
  });
  const ruling = {
    ...live,
    events: [...live.events, event],
    answerEvent: live.events.length,
  };
  return message ? withMessageState(ruling, message, report.data, now) : ruling;
}

/** An attempt leaves something behind. */
function artifact(
  task: Task,
  attempt: Attempt,
  report: Extract<AgentReport, { type: "artifact" }>,
  at: string,
  now: string,
): Ruling {
  const live = start(task, attempt, now, report.usage);
  const { id: artifactId, ...described } = report.artifact;
  const event = taskEvent("artifact", subjectOf(attempt), now, {
    message: report.message ?? described.name,
    data: { ...report.data, artifactId, ...described },
    timestamp: at,
  });
  return {
    ...live,
    attempt: { ...live.attempt, artifacts: (live.attempt.artifacts ?? 0) + 1 },
    artifacts: [{ ...report.artifact, taskId: task.id, dispatchId: attempt.id, createdAt: now }],
    events: [...live.events, event],
    answerEvent: live.events.length,
  };
}

/** Records a callback that may not change its task. */
function late(
  task: Task,
  attempt: Attempt | null,
  report: AgentReport,
  at: string,
  now: string,
  code: RefusalCode,
  detail: string,
): Ruling {
  const name = report.type === "artifact" ? report.artifact.name : undefined;
  const message = report.message ?? report.summary ?? report.error ?? report.lastState ?? name;
  const data: JsonObject = { ...report.data, late: true, callbackType: report.type, reason: detail };
  const event = taskEvent(
    "activity",
    { taskId: task.id, agentId: report.agentId, dispatchId: attempt?.id ?? null },
    now,
    { message, progress: report.progress, data, timestamp: at },
  );
  return { refusal: { code, detail }, events: [event], answerEvent: 0 };
}

/** The first word of an agent makes its attempt `running`, even before its acceptance was seen or when it never was. */
function start(task: Task, attempt: Attempt, now: string, usage?: Usage): Started {
  let running = attempt;
  if (attempt.state !== "running") {
    running = { ...attempt, state: "running", error: undefined, acceptedAt: attempt.acceptedAt ?? now };
  }
  if (usage) running = { ...running, usage };
  return {
    beside: usage ? { usage: addUsage(task.usageBefore, usage) } : {},
    attempt: running,
    events: task.status === "in_progress" ? [] : [statusEvent(task, "in_progress", running, now)],
  };
}

interface Ending {
  event: NewEvent;
  attempt: {
    state: "completed" | "failed";
    summary?: string | undefined;
    error?: string;
    lastState?: string | undefined;
  };
  usage?: AgentReport["usage"];
}

function end(task: Task, attempt: Attempt, now: string, ending: Ending): Ruling {
  const live = start(task, attempt, now, ending.usage);
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

function runActivity(
  task: Task,
  attempt: Attempt,
  change: Extract<ReportChange, { kind: "run_activity" }>,
  now: string,
): Ruling {
  const live = start(task, attempt, now);
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
    return end(task, attempt, now, { event, attempt: { state: "completed", summary } });
  }
  const reason = run.text === "" ? "it gave no reason" : run.text;
  const error = `The run ${run.outcome === "cancelled" ? "was cancelled" : "failed"}: ${reason}`;
  const event = taskEvent("error", subject, now, {
    message: error,
    lastState: task.message,
    data,
    timestamp: run.at,
  });
  return end(task, attempt, now, { event, attempt: { state: "failed", error, lastState: task.message } });
}
