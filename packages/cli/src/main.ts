import { Command, CommanderError } from "commander";
import { keepYoungHeapSmall } from "./server/young-heap.ts";
import { CommandError, wrongUse } from "./terminal/command-error.ts";
import { notice } from "./terminal/output.ts";
import { version } from "./terminal/version.ts";

interface CommandModule {
  /** Adds the command's arguments, flags and what it does. */
  configure(command: Command): void;
}

const taskActions = () => import("./commands/task-actions.ts");

/** Each command with its description. Only the one that is asked for is loaded: an agent may report every second. */
const COMMANDS: Readonly<Record<string, readonly [string, () => Promise<CommandModule>]>> = {
  start: ["Start the server; stop it with Ctrl-C or SIGTERM", () => import("./commands/start.ts")],
  demo: [
    "Start a server with a demo agent and tasks that run: the whole chain, with nothing else installed",
    () => import("./commands/demo.ts"),
  ],
  login: ["Make a link that logs a browser in once", () => import("./commands/login.ts")],
  dispatch: ["Create a task and dispatch it to an agent", () => import("./commands/dispatch.ts")],
  tail: ["Follow the events as they happen; stop with Ctrl-C", () => import("./commands/tail.ts")],
  transcript: [
    "Print what a task's agents said and did, or follow it as they do",
    () => import("./commands/transcript.ts"),
  ],
  tasks: ["List tasks, newest first", () => import("./commands/tasks.ts")],
  inbox: ["List what waits for you, oldest first", () => import("./commands/inbox.ts")],
  insights: [
    "Tell what agents did in the last days, how long it took and what it cost",
    () => import("./commands/insights.ts"),
  ],
  budgets: [
    "List budgets with what is spent of them, set, edit or remove one",
    () => import("./commands/budgets.ts"),
  ],
  artifacts: [
    "List what a task's agents have left behind, or download it",
    () => import("./commands/artifacts.ts"),
  ],
  agent: [
    "Run a coding agent, or any program, as an agent of Mission Control",
    () => import("./commands/agent.ts"),
  ],
  agents: [
    "List agents, add or remove one, or find those on this machine",
    () => import("./commands/agents.ts"),
  ],
  deliveries: [
    "List what was sent to agents, came from them and went to webhooks, and what was refused",
    () => import("./commands/deliveries.ts"),
  ],
  webhooks: [
    "List webhooks, add, remove, try or replay one, and see what was delivered",
    () => import("./commands/webhooks.ts"),
  ],
  gateways: ["List OpenClaw Gateways, add, remove or try one", () => import("./commands/gateways.ts")],
  cancel: ["Cancel a task, and tell its agent to stop", async () => (await taskActions()).cancel],
  "force-end": [
    "End an attempt that nobody hears of any more, and tell its agent to stop",
    async () => (await taskActions()).forceEnd,
  ],
  approve: ["Take the result of a task in review", async () => (await taskActions()).approve],
  reject: ["Send a task in review back to its agent", async () => (await taskActions()).reject],
  say: ["Write to the agent that works on a task", () => import("./commands/say.ts")],
  answer: ["Answer the question that an agent waits with", async () => (await taskActions()).answer],
  report: [
    "Report on a task, as its agent: a signed callback, tried until it is stored",
    () => import("./commands/report.ts"),
  ],
  migrate: [
    "Move everything from the database of a data folder into PostgreSQL, or back",
    () => import("./commands/migrate.ts"),
  ],
  doctor: [
    "Check that everything works together, and say what to do where it does not",
    () => import("./commands/doctor.ts"),
  ],
};

/**
 * Errors whose message is one sentence that says what to do (SettingsError, KeyFileError), with the exit code of each.
 * Known by their codes: a report, which reads no settings, does not load what reads them.
 */
const SAY_WHAT_TO_DO: ReadonlyMap<unknown, number> = new Map([
  ["settings", 2],
  ["key_file", 1],
]);

const program = new Command("mission-control")
  .description("Dispatch tasks to AI agents and watch, live and truthfully, what they do.")
  .version(version())
  .exitOverride()
  .showHelpAfterError("(--help tells more)");

// A reader that has seen enough, such as `head`, is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

keepYoungHeapSmall();
process.exitCode = await run(process.argv.slice(2));

/** Runs a command; resolves to its exit code: 0 done, 1 failed, 2 wrong use. */
async function run(words: readonly string[]): Promise<number> {
  try {
    const name = words[0] === "help" ? words[1] : words[0];
    for (const [each, [description, load]] of Object.entries(COMMANDS)) {
      const command = program.command(each).description(description);
      if (each === name) (await load()).configure(command);
    }
    if (words[0] === "help" && name !== undefined && !name.startsWith("-") && !(name in COMMANDS)) {
      throw wrongUse(`There is no command "${name}": mission-control help lists them.`);
    }
    await program.parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CommandError) return fail(error.message, error.exitCode);
    if (!(error instanceof Error)) return fail(String(error), 1);
    const exitCode = "code" in error ? SAY_WHAT_TO_DO.get(error.code) : undefined;
    return exitCode === undefined ? fail(error.stack ?? error.message, 1) : fail(error.message, exitCode);
  }
}

function fail(message: string, exitCode: number): number {
  notice(message);
  return exitCode;
}
