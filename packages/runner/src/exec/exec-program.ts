import { once } from "node:events";
import { basename } from "node:path";
import { fillIn } from "../command-line.ts";
import { describeExit, ProcessGroup } from "../process-group.ts";
import { type Job, type JobResult, type Program, RunFailedError } from "../program.ts";
import { taskPrompt } from "../prompt.ts";
import { LineSplitter } from "./lines.ts";
import { readLine } from "./output.ts";

export interface ExecProgramOptions {
  /** The program and its arguments; `{prompt}`, `{title}`, `{taskId}` and `{folder}` are filled in. */
  command: readonly string[];
  env: NodeJS.ProcessEnv;
}

/**
 * Runs each task as one call of a program: the prompt is an argument where the command says `{prompt}`, else its
 * input. Lines it prints are progress; the exit code decides. `mission-control report` works inside it.
 */
export class ExecProgram implements Program {
  readonly #options: ExecProgramOptions;

  constructor(options: ExecProgramOptions) {
    this.#options = options;
  }

  get name(): string {
    return basename(this.#options.command[0] ?? "");
  }

  async run({ dispatch, folder, narrator, signal }: Job): Promise<JobResult> {
    signal.throwIfAborted();
    const { task, agent, callback } = dispatch;
    const prompt = taskPrompt(dispatch);
    const values = { prompt, title: task.title, taskId: task.id, folder };
    const group = new ProcessGroup(fillIn(this.#options.command, values), {
      cwd: folder,
      mark: dispatch.dispatchId,
      env: {
        ...this.#options.env,
        MISSION_CONTROL_CALLBACK_URL: callback.url,
        MISSION_CONTROL_CALLBACK_SECRET: callback.secret,
        MISSION_CONTROL_TASK_ID: task.id,
        MISSION_CONTROL_AGENT_ID: agent.id,
      },
    });
    const done = new AbortController();
    try {
      const { stdin, stdout } = group.child;
      // Some programs wait for the end of their input even when they were given a prompt.
      stdin.end(this.#options.command.some((word) => word.includes("{prompt}")) ? "" : prompt);
      let result: { ok: boolean; text: string } | undefined;
      const lines = new LineSplitter((line) => {
        for (const event of readLine(line)) {
          if (event.type === "result") result = event;
          narrator.take(event);
        }
      });
      stdout.setEncoding("utf8").on("data", (text: string) => lines.push(text));
      const aborted = once(signal, "abort", { signal: done.signal }).then(() =>
        Promise.reject(signal.reason),
      );
      aborted.catch(() => {});
      const exit = await Promise.race([group.exited, aborted]);
      await group.end();
      lines.end();
      if (exit.code !== 0 || result?.ok === false) {
        const reason = result?.ok === false ? ` It reported: ${result.text}` : "";
        const wrote = group.stderrTail ? ` It wrote: ${group.stderrTail}` : "";
        throw new RunFailedError(`${this.name} ${describeExit(exit)}.${reason}${wrote}`);
      }
      return { summary: result?.text || narrator.lastMessage || "Done." };
    } finally {
      done.abort();
      await group.end();
    }
  }
}
