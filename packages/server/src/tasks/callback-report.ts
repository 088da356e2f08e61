import { entryLine, type JsonObject } from "@mission-control/protocol";
import type { AgentReport } from "./artifact.ts";
import { endAttempt, markRunning } from "./attempt-course.ts";
import { type RefusalCode, type ReportChange, type Ruling, refuse, type TaskState } from "./change.ts";
import { subjectOf, taskEvent } from "./events.ts";
import { withMessageState } from "./messages.ts";
import { withPolicy } from "./permission-policy.ts";
import { requestPermission } from "./permissions.ts";
import { withEntryInData } from "./reported-entry.ts";
import { type Attempt, isOver, type Message, type Task } from "./task.ts";

type CallbackChange = Extract<ReportChange, { kind: "callback" }>;

/** An agent's callback (docs/contract.md, section 4). Late ones are recorded and refused. */
export function ruleCallback(
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
        requestPermission(markRunning(task, attempt, now, report.usage), report, change.at, now),
        report.request,
        policy,
        now,
      );
    case "complete":
      return endAttempt(task, attempt, now, {
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
      return endAttempt(task, attempt, now, {
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
  const live = markRunning(task, attempt, now, report.usage);
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
  const live = markRunning(task, attempt, now, report.usage);
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
