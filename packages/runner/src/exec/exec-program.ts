import { once } from "node:events";
import { basename } from "node:path";
import type { Dispatch } from "@mission-control/agent";
import { describeExit, ProcessGroup } from "../process-group.ts";
import { type Job, type JobResult, type Program, RunFailedError } from "../program.ts";
import { judgeProgram } from "../verdict.ts";
import { invocationFor } from "./invocation.ts";
import { ProgramOutput } from "./program-output.ts";
import { readsStreamJson, StreamJsonInput, withReplay } from "./stream-json-input.ts";

export interface ExecProgramOptions {
  /**
   * The program and its arguments, checked by `checkPlaceholders`; `{prompt}`, `{title}`, `{taskId}` and `{folder}`
   * are filled in.
   */
  command: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** What to do about a program that takes no messages. */
const WHO_HEARS =
  "Claude Code does with --input-format stream-json; others are to be connected by the Agent Client Protocol (--acp).";

/**
 * Runs each task as one call of a program. Lines it prints are progress; the result it tells, or else its exit code,
 * decides. `mission-control report` works inside it.
 */
export class ExecProgram implements Program {
  readonly #options: ExecProgramOptions;

  constructor(options: ExecProgramOptions) {
    this.#options = options;
  }

  get name(): string {
    return basename(this.#options.command[0] ?? "");
  }

  async run(job: Job): Promise<JobResult> {
    const { dispatch, folder, narrator, clock, signal, messages } = job;
    signal.throwIfAborted();
    const { command, input, note } = invocationFor(this.#options.command, dispatch, folder);
    if (note) narrator.say(note);
    const converses = readsStreamJson(command);
    const group = new ProcessGroup(converses ? withReplay(command) : command, {
      cwd: folder,
      mark: job.mark,
      env: { ...this.#options.env, ...reportSettings(dispatch) },
    });
    const over = new AbortController();
    const { stdin, stdout } = group.child;
    const conversation = converses ? new StreamJsonInput(stdin, messages) : undefined;
    try {
      const output = new ProgramOutput((event) => {
        narrator.take(event);
        if (event.type === "heard") conversation?.heard(event.id);
        if (event.type === "result") conversation?.turnEnded();
      }, folder);
      if (conversation) conversation.begin(input);
      else {
        messages.close(`${this.name} reads nothing more while it works. ${WHO_HEARS}`);
        // Some programs wait for the end of their input even when they were given a prompt.
        stdin.end(input);
      }
      stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
      const exit = await Promise.race([
        group.exited,
        output.silentAfterResult(clock, over.signal).then(() => undefined),
        aborted(signal, over.signal),
      ]);
      if (!exit) narrator.say(`${this.name} has told its result but does not end: ending it.`);
      await group.end();
      output.end();
      const verdict = judgeProgram(
        exit && exit.code !== 0 ? `${this.name} ${describeExit(exit)}.` : undefined,
        output.record,
        narrator.lastMessage,
        narrator.lastState,
      );
      if (verdict.ok) return { summary: verdict.summary };
      const wrote = group.stderrTail ? ` It wrote: ${group.stderrTail}` : "";
      throw new RunFailedError(`${verdict.reason}${wrote}`);
    } finally {
      over.abort();
      conversation?.close();
      await group.end();
    }
  }
}

/** What `mission-control report` reads. */
function reportSettings({ task, agent, callback }: Dispatch): NodeJS.ProcessEnv {
  return {
    MISSION_CONTROL_CALLBACK_URL: callback.url,
    MISSION_CONTROL_CALLBACK_SECRET: callback.secret,
    MISSION_CONTROL_TASK_ID: task.id,
    MISSION_CONTROL_AGENT_ID: agent.id,
  };
}

/** Rejects with the signal's reason once it is aborted; stops waiting for that when `over` is. */
async function aborted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  await once(signal, "abort", { signal: over });
  throw signal.reason;
}
