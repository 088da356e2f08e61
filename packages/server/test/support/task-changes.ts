import type { SilenceState } from "@mission-control/protocol";
import fc from "fast-check";
import type { AgentReport } from "../../src/tasks/artifact.ts";
import type { MessageAnswer, TaskChange } from "../../src/tasks/change.ts";
import type { TaskModel } from "./task-model.ts";

/** Which attempt a step is about, said without knowing what attempts there will be. */
type Which = "current" | "earlier" | "other task's" | "unknown" | "unnamed";

interface Step {
  kind: TaskChange["kind"] | "create or delete";
  task: 0 | 1;
  which: Which;
  wrongAgent: boolean;
  agent: 0 | 1;
  report: "progress" | "complete" | "error" | "permission" | "withdrawn" | "artifact";
  request: 0 | 1;
  option: "allow" | "deny" | "bogus";
  flag: boolean;
  tokens: number | null;
  ending: "rejected" | "failed" | "lost";
  silence: SilenceState;
  outcome: "completed" | "failed" | "cancelled";
  /** Which message of the attempt is meant: its newest, one of another attempt, or none. */
  message: "own" | "other's" | "unknown";
  messageState: MessageAnswer;
}

const oneOf = <const Value>(...weighted: readonly (readonly [number, Value])[]) =>
  fc.oneof(...weighted.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

/** A step of a story: the orderly ones often enough that stories get far, all others at any time. */
const step: fc.Arbitrary<Step> = fc.record({
  kind: oneOf(
    [6, "dispatch"],
    [8, "sending"],
    [6, "accepted"],
    [14, "callback"],
    [3, "run_activity"],
    [3, "run_ended"],
    [3, "run_question"],
    [2, "run_question_settled"],
    [1, "run_continued"],
    [3, "run_settled"],
    [3, "undelivered"],
    [4, "unknown"],
    [2, "unsent"],
    [4, "cancel_answered"],
    [2, "note"],
    [2, "silence"],
    [2, "cancel"],
    [1, "force_end"],
    [3, "approve"],
    [3, "reject"],
    [4, "answer_permission"],
    [4, "answer_delivered"],
    [1, "requests_expired"],
    [4, "send_message"],
    [5, "message_moved"],
    [2, "edit"],
    [2, "create or delete"],
  ),
  task: oneOf([3, 0], [1, 1]),
  which: oneOf([12, "current"], [4, "unnamed"], [2, "earlier"], [1, "other task's"], [1, "unknown"]),
  wrongAgent: oneOf([9, false], [1, true]),
  agent: oneOf([1, 0], [1, 1]),
  report: oneOf(
    [4, "progress"],
    [3, "complete"],
    [2, "error"],
    [4, "permission"],
    [1, "withdrawn"],
    [2, "artifact"],
  ),
  request: oneOf([1, 0], [1, 1]),
  option: oneOf([4, "allow"], [2, "deny"], [1, "bogus"]),
  flag: fc.boolean(),
  tokens: fc.option(fc.nat(1000), { freq: 2 }),
  silence: oneOf([1, "not_responding"], [1, "silent"], [1, "offline"]),
  ending: oneOf([1, "rejected"], [1, "failed"], [1, "lost"]),
  outcome: oneOf([2, "completed"], [1, "failed"], [1, "cancelled"]),
  message: oneOf([6, "own"], [1, "other's"], [2, "unknown"]),
  messageState: oneOf([3, "delivered"], [2, "taken_up"], [2, "refused"]),
});

const OPTIONS = [
  { optionId: "allow", name: "Allow" },
  { optionId: "deny", name: "Deny" },
];

/** Any story of two tasks and two agents. */
export const story: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 1, maxLength: 60, size: "max" });

export const AGENTS = ["agent_a", "agent_b"] as const;
export const TASKS = ["task_1", "task_2"] as const;

/** The change a step means, as things stand. */
export function changeOf(step: Step, model: TaskModel, number: number): TaskChange {
  const taskId = TASKS[step.task];
  const task = model.tasks.get(taskId);
  const dispatchId = namedDispatch(step, model);
  const at = "2026-01-01T00:00:00.000Z";
  const newDispatchId = `dispatch_${number}`;
  switch (step.kind) {
    case "create or delete":
    case "create":
    case "delete":
      if (task) return { kind: "delete", taskId };
      return {
        kind: "create",
        taskId,
        fields: {
          title: `Story ${number}`,
          description: "",
          priority: "normal",
          tags: [],
          context: {},
          requiresReview: step.flag,
        },
      };
    case "edit":
      return {
        kind: "edit",
        taskId,
        fields: step.flag ? { priority: "urgent" } : { requiresReview: step.option === "allow" },
      };
    case "dispatch":
      return { kind: "dispatch", taskId, agentId: AGENTS[step.agent], newDispatchId };
    case "reject":
      return { kind: "reject", taskId, feedback: "Again, please.", newDispatchId };
    case "cancel":
    case "force_end":
    case "approve":
      return { kind: step.kind, taskId };
    case "answer_permission":
      return { kind: "answer_permission", taskId, requestId: `r${step.request}`, optionId: step.option };
    case "sending":
    case "accepted":
    case "unsent":
    case "run_settled":
    case "requests_expired":
      return { kind: step.kind, taskId, dispatchId: dispatchId ?? "dispatch_unknown" };
    case "note":
      return { kind: "note", taskId, dispatchId: dispatchId ?? "dispatch_unknown", note: { number } };
    case "undelivered":
      return {
        kind: "undelivered",
        taskId,
        dispatchId: dispatchId ?? "dispatch_unknown",
        state: step.ending,
        reason: "It did not go out.",
      };
    case "unknown":
      return { kind: "unknown", taskId, dispatchId: dispatchId ?? "dispatch_unknown", reason: "No answer." };
    case "silence": {
      const silence = step.flag ? ({ state: step.silence, since: at } as const) : null;
      const about = { taskId, dispatchId: dispatchId ?? "dispatch_unknown" };
      return { kind: "silence", ...about, silence, lastWordAt: undefined };
    }
    case "cancel_answered":
      return {
        kind: "cancel_answered",
        taskId,
        dispatchId: dispatchId ?? "dispatch_unknown",
        reason: step.flag ? undefined : "It answered HTTP 405.",
      };
    case "answer_delivered":
      return {
        kind: "answer_delivered",
        taskId,
        dispatchId: dispatchId ?? "dispatch_unknown",
        requestId: `r${step.request}`,
        reason: step.flag ? undefined : "The agent no longer knows this question.",
      };
    case "send_message":
      return {
        kind: "send_message",
        taskId,
        messageId: `message_${number}`,
        text: "Look again.",
        mode: "steer",
        by: "operator",
        newDispatchId: step.flag ? newDispatchId : undefined,
      };
    case "message_moved":
      return {
        kind: "message_moved",
        taskId,
        dispatchId: dispatchId ?? "dispatch_unknown",
        messageId: messageIdOf(step, model, dispatchId),
        state: step.messageState,
        reason: step.messageState === "refused" ? "Not now." : undefined,
      };
    case "run_activity":
      return {
        kind: "run_activity",
        taskId,
        dispatchId: dispatchId ?? "dispatch_unknown",
        message: "running a tool",
        data: {},
        at,
      };
    case "run_ended":
      return {
        kind: "run_ended",
        taskId,
        dispatchId: dispatchId ?? "dispatch_unknown",
        run: { outcome: step.outcome, text: step.flag ? "last words" : "", at },
        ...(step.tokens === null ? {} : { usage: { inputTokens: step.tokens } }),
      };
    case "run_question":
      return {
        kind: "run_question",
        taskId,
        dispatchId: dispatchId ?? "dispatch_unknown",
        request: { id: `r${step.request}`, title: "rm -rf build", options: OPTIONS },
        at,
      };
    case "run_question_settled":
      return {
        kind: "run_question_settled",
        taskId,
        dispatchId: dispatchId ?? "dispatch_unknown",
        requestId: `r${step.request}`,
        at,
      };
    case "run_continued":
      return { kind: "run_continued", taskId, dispatchId: dispatchId ?? "dispatch_unknown" };
    case "callback":
      return {
        kind: "callback",
        taskId,
        dispatchId,
        callback: callbackOf(step, model, dispatchId, number),
        at,
      };
  }
}

function namedDispatch(step: Step, model: TaskModel): string | undefined {
  const attempts = model.tasks.get(TASKS[step.task])?.attempts ?? [];
  const others = model.tasks.get(TASKS[step.task === 0 ? 1 : 0])?.attempts ?? [];
  switch (step.which) {
    case "current":
      return attempts.at(-1)?.id;
    case "earlier":
      return attempts.at(-2)?.id;
    case "other task's":
      return others.at(-1)?.id;
    case "unknown":
      return "dispatch_unknown";
    case "unnamed":
      return step.kind === "callback" ? undefined : attempts.at(-1)?.id;
  }
}

function messageIdOf(step: Step, model: TaskModel, dispatchId: string | undefined): string {
  const attempts = [...model.tasks.values()].flatMap((task) => task.attempts);
  const meant = attempts.filter(({ id }) => (id === dispatchId) === (step.message === "own"));
  const message = meant.flatMap(({ messages }) => messages).at(-1);
  return step.message === "unknown" || !message ? "message_unknown" : message.id;
}

function callbackOf(
  step: Step,
  model: TaskModel,
  dispatchId: string | undefined,
  number: number,
): AgentReport {
  const taskId = TASKS[step.task];
  const attempts = model.tasks.get(taskId)?.attempts ?? [];
  const attempt = attempts.find(({ id }) => id === dispatchId) ?? attempts.at(-1);
  const right = attempt?.agentId ?? AGENTS[step.agent];
  const agentId = step.wrongAgent ? (right === AGENTS[0] ? AGENTS[1] : AGENTS[0]) : right;
  const common = {
    taskId,
    agentId,
    ...(step.flag ? { message: "word" } : {}),
    ...(step.tokens === null ? {} : { usage: { inputTokens: step.tokens } }),
  };
  switch (step.report) {
    case "progress":
      return {
        ...common,
        type: "progress",
        progress: 0.5,
        ...(step.option === "deny"
          ? { data: { messageId: messageIdOf(step, model, dispatchId), messageState: step.messageState } }
          : {}),
      };
    case "complete":
      return { ...common, type: "complete", summary: "Done." };
    case "error":
      return { ...common, type: "error", error: "Broken.", lastState: "building" };
    case "artifact": {
      const sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
      const artifact = {
        id: `artifact_${number}`,
        name: "change.patch",
        mediaType: "text/x-patch",
        size: 0,
        sha256,
      };
      return { ...common, type: "artifact", artifact };
    }
    case "permission":
    case "withdrawn":
      return {
        ...common,
        type: "permission",
        request: {
          id: `r${step.request}`,
          title: "May I?",
          options: OPTIONS,
        },
        ...(step.report === "withdrawn" ? { data: { state: "withdrawn" } } : {}),
      };
  }
}
