import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { CallbackError, type Reporter, type ReportResult } from "@mission-control/agent";
import { type Static, Type } from "typebox";

const INSTEAD =
  "Use it in place of the shell commands that the instructions about reporting to Mission Control name: it needs no address and no secret.";

export const progressTool = {
  name: "mission_control_progress",
  label: "Report progress",
  description: `Tell the operator of Mission Control, who watches this task live, what you are doing. Call it when you begin, and at each real step of the work: not more often than every few seconds. ${INSTEAD}`,
  parameters: Type.Object({
    message: Type.String({ minLength: 1, description: "What you are doing now, in one sentence." }),
    progress: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: "How much of the task is done, from 0 to 1." }),
    ),
  }),
};

export const completeTool = {
  name: "mission_control_complete",
  label: "Complete the task",
  description: `Report that this task of Mission Control is done, with its result. Call it exactly once, as the last step; the task stays open until you did, or called mission_control_fail. ${INSTEAD}`,
  parameters: Type.Object({
    summary: Type.String({ minLength: 1, description: "What was done and what came of it." }),
    data: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "Results for programs to read." }),
    ),
  }),
};

export const failTool = {
  name: "mission_control_fail",
  label: "Fail the task",
  description: `Report that you cannot do this task of Mission Control, and why. Call it exactly once, as the last step, in place of mission_control_complete. ${INSTEAD}`,
  parameters: Type.Object({
    error: Type.String({ minLength: 1, description: "Why the task cannot be done, in words." }),
    lastState: Type.Optional(Type.String({ description: "How far you came." })),
  }),
};

export const askTool = {
  name: "mission_control_ask",
  label: "Ask the operator",
  description: `Ask the operator of Mission Control to decide something before you go on, such as whether you may do what cannot be undone. After it, end your turn at once: the answer comes as your next message. Do not complete or fail the task before it came. ${INSTEAD}`,
  parameters: Type.Object({
    question: Type.String({ minLength: 1, maxLength: 4096, description: "What is to be decided." }),
    options: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      minItems: 1,
      maxItems: 32,
      description: 'The possible answers, such as ["Allow", "Deny"].',
    }),
  }),
};

export function reportProgress(
  reporter: Reporter,
  { message, progress }: Static<typeof progressTool.parameters>,
): Promise<ReportResult> {
  return reporter.progress(message, { progress });
}

export function reportComplete(
  reporter: Reporter,
  { summary, data }: Static<typeof completeTool.parameters>,
): Promise<ReportResult> {
  return reporter.complete(summary, data);
}

export function reportFailure(
  reporter: Reporter,
  { error, lastState }: Static<typeof failTool.parameters>,
): Promise<ReportResult> {
  return reporter.fail(error, { lastState });
}

/** @param id of the question, unique within the dispatch */
export function reportQuestion(
  reporter: Reporter,
  { question, options }: Static<typeof askTool.parameters>,
  id: string = randomUUID(),
): Promise<ReportResult> {
  const request = {
    id,
    title: question,
    options: [...new Set(options)].map((name) => ({ optionId: name, name })),
  };
  return reporter.permission(request);
}

/**
 * Says what became of a report, for the model. A report that is not delivered within `patienceMs` goes on being tried
 * behind its back: an agent at work shall not wait for a server that is away.
 * @throws CallbackError when Mission Control refused the report
 */
export async function outcomeOf(report: Promise<ReportResult>, patienceMs = 5000): Promise<string> {
  const stop = new AbortController();
  const patience = wait(patienceMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
  try {
    const result = await Promise.race([report, patience]);
    if (!result)
      return "Mission Control does not answer at the moment. The report is kept and sent on as soon as it does; do not repeat it.";
    return result.outcome === "stored" ? "Reported." : "Left out: later progress says more.";
  } catch (error) {
    if (!(error instanceof CallbackError) || error.code === "refused") throw error;
    return `Not delivered yet, and to be sent on later; do not repeat it. ${error.message}`;
  } finally {
    stop.abort();
  }
}
