import type { PermissionRequest, TaskView } from "@mission-control/protocol";
import type { Command } from "commander";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { actOnTask, findTask } from "../client/task-calls.ts";
import { collect } from "../terminal/collect.ts";
import { CommandError } from "../terminal/command-error.ts";
import { oneLine, print, printJson, table } from "../terminal/output.ts";
import { formRows, formValues } from "./form-values.ts";

type ActionFlags = ServerFlags & { json?: boolean };

/** `mission-control cancel`: ends a task and tells its agent to stop. */
export const cancel = {
  configure(command: Command): void {
    withTask(command, "mission-control cancel task_01K3…").action(async (task: string, flags: ActionFlags) =>
      act(task, "cancel", flags),
    );
  },
};

/** `mission-control force-end`: ends an attempt whose outcome nobody knows. */
export const forceEnd = {
  configure(command: Command): void {
    withTask(command, "mission-control force-end task_01K3…").action(
      async (task: string, flags: ActionFlags) => act(task, "force-end", flags),
    );
  },
};

/** `mission-control approve`: takes the result of a task in review. */
export const approve = {
  configure(command: Command): void {
    withTask(command, "mission-control approve task_01K3…").action(async (task: string, flags: ActionFlags) =>
      act(task, "approve", flags),
    );
  },
};

/** `mission-control reject`: sends a task in review back to its agent. */
export const reject = {
  configure(command: Command): void {
    withTask(command, 'mission-control reject task_01K3… "Keep the old name of the flag"')
      .argument("<feedback>", "what is to be done otherwise; the agent gets it with the task")
      .action(async (task: string, feedback: string, flags: ActionFlags) =>
        act(task, "reject", flags, { feedback }),
      );
  },
};

/** `mission-control answer`: answers the question that an agent waits with. */
export const answer = {
  configure(command: Command): void {
    withTask(
      command,
      "mission-control answer task_01K3… allow\n  mission-control answer task_01K3… --set branch=fix --set push=yes",
    )
      .argument(
        "[option]",
        "the answer, by its id or name; without one and without --set, the question is shown",
      )
      .option("--set <name=value>", "fills in a field of the question's form; once for each", collect)
      .action(async (task: string, option: string | undefined, flags: ActionFlags & { set?: string[] }) => {
        const client = connect(flags);
        const { id, title, waitingFor } = await findTask(client, task);
        if (!waitingFor) throw new CommandError(`The agent of "${title}" asks nothing now.`);
        if (option === undefined && !flags.set) {
          return flags.json ? printJson(waitingFor) : print(questionText(waitingFor));
        }
        const answer = {
          ...(option === undefined ? {} : { optionId: optionOf(waitingFor, option) }),
          ...(flags.set ? { values: formValues(waitingFor, flags.set) } : {}),
        };
        const requestPath = `permissions/${encodeURIComponent(waitingFor.id)}`;
        show(await actOnTask(client, id, requestPath, answer), flags);
      });
  },
};

function withTask(command: Command, example: string): Command {
  return withServerFlags(command)
    .argument("<task>", "the task's id or title")
    .option("--json", "print the task as JSON")
    .addHelpText("after", `\nExamples:\n  ${example}`);
}

async function act(task: string, action: string, flags: ActionFlags, body: object = {}): Promise<void> {
  const client = connect(flags);
  const { id } = await findTask(client, task);
  show(await actOnTask(client, id, action, body), flags);
}

function show(task: TaskView, { json }: ActionFlags): void {
  if (json) printJson(task);
  else print(`${task.id}  ${task.status}  ${oneLine(task.title)}`);
}

/** The id of the answer that is meant by its id or, whatever the case, by its name. */
function optionOf({ options }: PermissionRequest, wanted: string): string {
  const named = options.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  const found =
    options.find(({ optionId }) => optionId === wanted) ?? (named.length === 1 ? named[0] : undefined);
  if (found) return found.optionId;
  if (options.length === 0)
    throw new CommandError("The question is a form: fill it in with --set NAME=VALUE.");
  const known = options.map(({ optionId, name }) => `${optionId} (${name})`).join(", ");
  throw new CommandError(`"${wanted}" is not one of the answers: ${known}.`);
}

/** What is asked, the change it is about where there is one, and what can be answered. */
function questionText(request: PermissionRequest): string {
  const { title, tool, diff, options, expiresAt } = request;
  const about = [tool?.title, diff].filter((text) => text !== undefined && text !== title);
  const until =
    expiresAt === undefined ? [] : [`To be answered by ${new Date(expiresAt).toLocaleString("en-GB")}`];
  const answers = options.map(({ optionId, name }) => [optionId, name]);
  const tables = [answers, formRows(request)].filter((rows) => rows.length > 0).map(table);
  return [oneLine(title), ...about, ...until, ...tables].join("\n");
}
