import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { text as readText } from "node:stream/consumers";
import { type CommandResult, type Entry, flush, type ReportCommand, report } from "@mission-control/agent";
import { type Command, InvalidArgumentError } from "commander";
import { CommandError, wrongUse } from "../terminal/command-error.ts";
import { notice, print, printJson } from "../terminal/output.ts";
import { untilInterrupted } from "../terminal/until-interrupted.ts";

interface ReportFlags {
  url?: string;
  secret?: string;
  taskId?: string;
  agentId?: string;
  dispatchId?: string;
  progress?: number;
  entry?: string;
  lastState?: string;
  name?: string;
  type?: string;
  data?: ReportCommand["data"];
  usage?: ReportCommand["usage"];
  timeout?: number;
  spool?: string | boolean;
  flush?: boolean;
  json?: boolean;
}

export function configure(command: Command): void {
  command
    .usage("progress|complete|error [text] [options], or artifact <file> [options]")
    .argument("[type]", "progress, complete, error or artifact")
    .argument("[text]", "what the agent is doing, its result, what went wrong, or the artifact's file")
    .option("--url <url>", "the callback URL [MISSION_CONTROL_CALLBACK_URL]")
    .option("--secret <secret>", "the callback secret [MISSION_CONTROL_CALLBACK_SECRET]")
    .option("--task-id <id>", "the task [MISSION_CONTROL_TASK_ID]")
    .option("--agent-id <id>", "the agent [MISSION_CONTROL_AGENT_ID]")
    .option("--dispatch-id <id>", "the dispatch, on the shared URL [MISSION_CONTROL_DISPATCH_ID]")
    .option("--progress <number>", "how far it is, from 0 to 1", fraction)
    .option(
      "--entry <file>",
      "with progress: what was said or done, for the transcript; a file with its JSON, - for the standard input",
    )
    .option("--last-state <text>", "with error: the last state that was reached")
    .option("--name <name>", "with artifact: what it is called (default: the file's name)")
    .option("--type <type>", "with artifact: its media type (default: what the end of its name says)")
    .option("--data <json>", "a JSON object to go along", json)
    .option("--usage <json>", "what the attempt has used so far: inputTokens, outputTokens, cost", json)
    .option(
      "--timeout <seconds>",
      "how long to try (default 20 for progress, else the whole schedule)",
      seconds,
    )
    .option("--spool <folder>", "where undelivered reports are kept (default ~/.mission-control/spool)")
    .option("--no-spool", "keep undelivered reports nowhere")
    .option("--flush", "deliver what earlier reports left in the spool")
    .option("--json", "print the outcome as JSON")
    .addHelpText(
      "after",
      `
Examples:
  mission-control report progress "Reading src/auth.ts" --progress 0.2
  echo '{"id":"c1","kind":"tool","name":"exec","title":"npm test","state":"running"}' |
    mission-control report progress --entry -
  mission-control report complete "Fixed the race in the token refresh"
  mission-control report error "The tests do not pass" --last-state "tests written"
  mission-control report artifact build/report.html
  git diff > /tmp/change.patch && mission-control report artifact /tmp/change.patch --name change.patch
  mission-control report --flush`,
    )
    .action(async (type: string | undefined, text: string | undefined, flags: ReportFlags) => {
      const result = flags.flush ? await flushSpool(type, flags) : await send(type, text, flags);
      if (flags.json) printJson(result.data);
      else if (result.exitCode === 0) print(result.text);
      if (result.exitCode !== 0) throw new CommandError(result.text, result.exitCode);
    });
}

async function send(
  type: string | undefined,
  text: string | undefined,
  flags: ReportFlags,
): Promise<CommandResult> {
  if (type !== "progress" && type !== "complete" && type !== "error" && type !== "artifact") {
    throw wrongUse(
      `Say what to report: progress, complete, error or artifact${type ? `, not "${type}"` : ""}.`,
    );
  }
  if (flags.entry !== undefined && type !== "progress") throw wrongUse("--entry goes with progress alone.");
  if (text === undefined && type !== "complete" && flags.entry === undefined) {
    throw wrongUse(`Say ${MISSING[type]}, after "${type}".`);
  }
  const { url, secret, taskId, agentId, dispatchId, progress, lastState, data, usage, spool, timeout } =
    flags;
  const identity = { url, secret, taskId, agentId, dispatchId };
  return report({
    ...identity,
    type,
    text,
    ...(type === "artifact" && text !== undefined ? { artifact: artifactOf(text, flags) } : {}),
    progress,
    entry: flags.entry === undefined ? undefined : await entryOf(flags.entry),
    lastState,
    data,
    usage,
    spool,
    timeoutSeconds: timeout,
    signal: untilInterrupted(),
    onWarning: notice,
  });
}

const MISSING = {
  progress: "what is being done",
  error: "what went wrong",
  artifact: "which file it is",
} as const;

function artifactOf(path: string, { name = basename(path), type: mediaType }: ReportFlags) {
  return { name, path, mediaType };
}

function flushSpool(type: string | undefined, { url, secret, spool }: ReportFlags): Promise<CommandResult> {
  if (type !== undefined) throw wrongUse("--flush reports nothing by itself: leave the rest out.");
  if (spool === false) throw wrongUse("--flush and --no-spool exclude each other.");
  return flush({ url, secret, spool: spool === true ? undefined : spool, signal: untilInterrupted() });
}

/** @param file its path; "-" is the standard input */
async function entryOf(file: string): Promise<Entry> {
  const name = file === "-" ? "The standard input" : file;
  let text: string;
  try {
    text = await (file === "-" ? readText(process.stdin) : readFile(file, "utf8"));
  } catch (error) {
    throw wrongUse(`${name} cannot be read: ${(error as Error).message}.`);
  }
  const entry = jsonObject(text) as Partial<Entry> | null;
  if (typeof entry?.kind === "string") return entry as Entry;
  throw wrongUse(`${name} must hold one entry in JSON, with its kind: message, thought, tool, plan or file.`);
}

function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError("It must be a number from 0 to 1.");
  }
  return value;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError("It must be a number of seconds.");
  return value;
}

function json(text: string): NonNullable<ReportCommand["data"]> {
  const value = jsonObject(text);
  if (value) return value;
  throw new InvalidArgumentError("It must be a JSON object.");
}

function jsonObject(text: string): NonNullable<ReportCommand["data"]> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
