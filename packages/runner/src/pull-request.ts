import { basename } from "node:path";
import { type Clock, type Dispatch, plainText } from "@mission-control/agent";
import { fillWords } from "./exec/invocation.ts";
import { describeExit, ProcessGroup } from "./process-group.ts";
import { RunFailedError } from "./program.ts";

/** How long the command may take, in milliseconds. */
const LIMIT_MS = 120_000;
/** So much of what it prints is looked at, in UTF-16 units. */
const MAX_OUTPUT = 64 * 1024;

export interface PullRequestOptions {
  /**
   * The command and its arguments, checked by `checkPlaceholders`; `{branch}`, `{base}`, `{title}`, `{taskId}` and
   * `{folder}` are filled in, and the agent's last words come on its input.
   */
  command: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** What a pull request is to be opened for. */
export interface Finished {
  dispatch: Dispatch;
  folder: string;
  branch: string;
  /** The commit that the branch began from. */
  base: string;
  summary: string;
  mark: string;
  clock: Clock;
}

/**
 * Opens a pull request by the operator's command, such as `gh pr create`, in the worktree of a task.
 * @returns its address: the last one that the command prints
 * @throws RunFailedError
 */
export async function openPullRequest(
  { command, env }: PullRequestOptions,
  { dispatch, folder, branch, base, summary, mark, clock }: Finished,
): Promise<string> {
  const values = { branch, base, title: plainText(dispatch.task.title), taskId: dispatch.task.id, folder };
  const name = basename(command[0] ?? "");
  const group = new ProcessGroup(fillWords(command, values), { cwd: folder, env, mark });
  const over = new AbortController();
  try {
    const { stdin, stdout } = group.child;
    stdin.end(plainText(summary));
    let output = "";
    stdout.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT);
    });
    const late = clock.sleep(LIMIT_MS, over.signal).then(() => undefined);
    late.catch(() => {});
    const exit = await Promise.race([group.exited, late]);
    await group.end();
    const wrote = group.stderrTail ? ` It wrote: ${group.stderrTail}` : "";
    if (!exit) throw new RunFailedError(`${name} took longer than ${LIMIT_MS / 1000} s.${wrote}`);
    if (exit.code !== 0) throw new RunFailedError(`${name} ${describeExit(exit)}.${wrote}`);
    const address = output.match(/https?:\/\/[^\s"'<>]+/g)?.at(-1);
    if (!address) throw new RunFailedError(`${name} printed no address.${wrote}`);
    return address;
  } finally {
    over.abort();
    await group.end();
  }
}
