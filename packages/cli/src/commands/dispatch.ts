import { prioritySchema, type TaskView, taskPageSchema, taskSchema } from "@mission-control/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";
import { findAgent } from "../client/agents-lookup.ts";
import { type ApiClient, ApiError } from "../client/api-client.ts";
import { followEvents } from "../client/event-follower.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { collect } from "../terminal/collect.ts";
import { CommandError } from "../terminal/command-error.ts";
import { eventLine } from "../terminal/event-line.ts";
import { noticeLostStream, oneLine, print, printJson, shellWord } from "../terminal/output.ts";
import { untilInterrupted } from "../terminal/until-interrupted.ts";

/** A dispatch waits for the agent's side: three tries, each up to a minute for its answer, and the pauses between. */
const DISPATCH_TIMEOUT_MS = 4 * 60_000;

interface DispatchFlags extends ServerFlags {
  agent: string;
  description?: string;
  priority?: string;
  tag?: string[];
  context?: object;
  review?: boolean;
  wait?: boolean;
  ids?: boolean;
  json?: boolean;
}

export function configure(command: Command): void {
  withServerFlags(command)
    .argument("<title>", "what is to be done, in a line")
    .requiredOption("--agent <name>", "the agent's name or id")
    .option("--description <text>", "what is to be done, at length")
    .addOption(new Option("--priority <priority>", "how urgent it is").choices(prioritySchema.options))
    .option("--tag <tag>", "a tag; may be given several times", collect)
    .option("--context <json>", "a JSON object that goes along with the task", jsonObject)
    .option("--review", "have the result reviewed before the task is completed")
    .option("--wait", "follow the task until it ends: exit 0 when completed, 1 when failed or cancelled")
    .option("--ids", "print the task's id, too")
    .option("--json", "print the task as JSON")
    .addHelpText(
      "after",
      `
Examples:
  mission-control dispatch "Fix the log-in timeout" --agent builder --wait
  mission-control dispatch "Write the release notes" --agent main --priority high --tag docs --json`,
    )
    .action(async (title: string, flags: DispatchFlags) => dispatch(title, flags));
}

async function dispatch(title: string, flags: DispatchFlags): Promise<void> {
  const client = connect(flags);
  const agent = await findAgent(client, flags.agent);
  // Before the task is there: a stream that begins after this position has all of its events.
  const { lastEventId } = await client.get("/api/tasks?limit=1", taskPageSchema);
  const { description, priority, tag: tags, context, review: requiresReview } = flags;
  const fields = { title, description, priority, tags, context, requiresReview };
  const created = await client.post("/api/tasks", fields, taskSchema);
  if (!flags.json) print(`${flags.ids ? `${created.id}  ` : ""}${oneLine(created.title)} → ${agent.name}`);
  const task = await client
    .post(`/api/tasks/${created.id}/dispatch`, { agentId: agent.id }, taskSchema, DISPATCH_TIMEOUT_MS)
    .catch((error: unknown) => {
      if (flags.json || !(error instanceof ApiError)) throw error;
      throw new CommandError(`${agent.name} did not take it: ${error.message}`);
    });
  if (flags.wait) return follow(client, task, lastEventId, flags);
  if (flags.json) printJson(task);
  if (task.unknownReason !== undefined) throw new CommandError(inDoubt(task.unknownReason));
  if (flags.json) return;
  print(
    task.status === "queued" ? `Queued: ${agent.name} has no free slot yet.` : `${agent.name} has taken it.`,
  );
  print(`Watch it with mission-control transcript ${shellWord(flags.ids ? task.id : task.title)} --follow`);
}

function inDoubt(reason: string): string {
  return `Unknown: ${reason} It is not sent again; cancel the task, or wait for the agent's report.`;
}

const OVER: ReadonlySet<unknown> = new Set(["completed", "failed", "cancelled"]);

/** Prints the task's events until it has ended. */
async function follow(
  client: ApiClient,
  { id }: TaskView,
  after: number,
  flags: DispatchFlags,
): Promise<void> {
  const { url, headers } = client;
  const signal = untilInterrupted();
  const events = followEvents({
    url,
    headers,
    filter: { taskId: id },
    after,
    signal,
    onRetry: noticeLostStream,
  });
  for await (const followed of events) {
    if (followed.kind === "event") {
      if (!flags.json) print(eventLine(followed.event, ""));
      const { type, data } = followed.event;
      if (type !== "status_change" || !OVER.has(data.to)) continue;
    }
    const task = await client.get(`/api/tasks/${id}`, taskSchema);
    if (OVER.has(task.status)) return finish(task, flags);
  }
  throw new CommandError(`Stopped waiting; ${id} goes on.`);
}

function finish(task: TaskView, { json }: DispatchFlags): void {
  const { status, summary, error } = task;
  if (json) printJson(task);
  else if (status === "completed") print(summary ? `Completed: ${summary}` : "Completed.");
  if (status === "completed") return;
  throw new CommandError(status === "failed" ? `Failed: ${error}` : "The task was cancelled.");
}

function jsonObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Refused below, with what is not an object.
  }
  throw new InvalidArgumentError("It must be a JSON object.");
}
