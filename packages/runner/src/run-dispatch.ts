import {
  CallbackError,
  type Clock,
  type Dispatch,
  type JsonObject,
  type RunContext,
} from "@mission-control/agent";
import { Narrator } from "./narrator.ts";
import { OperatorMessages, takeMessages } from "./operator-messages.ts";
import type { Program } from "./program.ts";
import { openPullRequest, type PullRequestOptions } from "./pull-request.ts";
import type { Slots } from "./slots.ts";
import type { StateFile } from "./state/state-file.ts";
import { TimeLimit } from "./time-limit.ts";
import { reportWork } from "./work-report.ts";
import type { Workplace, Workspace } from "./workspace.ts";

export interface RunSettings {
  program: Program;
  workspace: Workspace;
  slots: Slots;
  state: StateFile;
  clock: Clock;
  /** Seconds of work a task may take. */
  timeLimit: number | undefined;
  /** How a pull request is opened for a task that has changed something in its worktree. */
  pullRequest: PullRequestOptions | undefined;
}

const ENDED = "The agent had ended its work on this task.";

/** Works on one dispatch from its slot to its report. */
export async function runDispatch(
  dispatch: Dispatch,
  context: RunContext,
  settings: RunSettings,
): Promise<void> {
  const { slots, state } = settings;
  const mark = state.begin(dispatch);
  try {
    await slots.take(context.signal);
    try {
      await work(dispatch, mark, context, settings);
    } finally {
      slots.release();
    }
  } finally {
    state.end(mark);
  }
}

async function work(
  dispatch: Dispatch,
  mark: string,
  context: RunContext,
  settings: RunSettings,
): Promise<void> {
  const { program, workspace, state, clock } = settings;
  const { reporter } = context;
  const taskId = dispatch.task.id;
  const narrator = new Narrator(reporter, clock);
  const limit = new TimeLimit(settings.timeLimit, clock);
  const messages = new OperatorMessages();
  takeMessages(context, messages);
  /** A question ends with what the asker waits for, or with the time for the task. */
  const until = (signal?: AbortSignal) => ({
    signal: signal ? AbortSignal.any([limit.signal, signal]) : limit.signal,
  });
  try {
    const place = await workspace.open(taskId);
    try {
      narrator.say(`${program.name} is at work in ${place.folder}`);
      const ran = await settled(
        program.run({
          dispatch,
          mark,
          folder: place.folder,
          narrator,
          clock,
          signal: AbortSignal.any([context.signal, limit.signal]),
          ask: (request, signal) => limit.pause(() => context.ask(request, until(signal))),
          askForm: (request, signal) => limit.pause(() => context.askForm(request, until(signal))),
          messages,
          session: state.session(taskId),
          keepSession: (session) => state.keepSession(taskId, session),
        }),
      );
      // What is reported of them must come before the end.
      messages.close(ENDED);
      if (context.signal.aborted) throw context.signal.reason;
      if ("error" in ran && ran.error instanceof CallbackError) throw ran.error;
      const work = await reportWork(place, reporter);
      const summary = "value" in ran ? ran.value.summary : undefined;
      const opened =
        summary === undefined ? {} : await propose(settings, { place, work, dispatch, summary, mark });
      narrator.close();
      const data = { ...place.data, ...work, ...opened };
      const usage = usageOf(narrator);
      if ("error" in ran) await reporter.fail(ran.error, { lastState: narrator.lastState, usage, data });
      else await reporter.complete(ran.value.summary, { ...data, ...ran.value.data }, { usage });
    } finally {
      await place.close();
    }
  } catch (error) {
    // The program may have reported its end itself; then there is nothing to add.
    if (error instanceof CallbackError) return;
    narrator.close();
    if (context.signal.aborted) throw error;
    await reporter.fail(error, { lastState: narrator.lastState, usage: usageOf(narrator) });
  } finally {
    messages.close(ENDED);
    limit.close();
  }
}

/**
 * Opens a pull request where that is wanted and there is something to propose. One that cannot be opened does not undo
 * the work: the result says why.
 */
async function propose(
  { pullRequest, clock }: RunSettings,
  {
    place,
    work,
    ...job
  }: { place: Workplace; work: JsonObject; dispatch: Dispatch; summary: string; mark: string },
): Promise<JsonObject> {
  const { branch } = place.data;
  if (!pullRequest || typeof branch !== "string" || typeof work.base !== "string") return {};
  try {
    const finished = { ...job, clock, folder: place.folder, branch, base: work.base };
    return { pullRequest: { url: await openPullRequest(pullRequest, finished) } };
  } catch (error) {
    return { pullRequest: { error: error instanceof Error ? error.message : String(error) } };
  }
}

async function settled<T>(work: Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}

function usageOf(narrator: Narrator) {
  return Object.keys(narrator.usage).length > 0 ? narrator.usage : undefined;
}
