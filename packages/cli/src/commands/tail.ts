import { eventTypeSchema } from "@mission-control/protocol";
import { type Command, InvalidArgumentError } from "commander";
import { findAgent } from "../client/agents-lookup.ts";
import { followEvents } from "../client/event-follower.ts";
import { EventSubjects, subjectId } from "../client/event-subjects.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { findTaskWithEvents } from "../client/task-calls.ts";
import { eventLine } from "../terminal/event-line.ts";
import { notice, noticeLostStream, print, printJson } from "../terminal/output.ts";
import { untilInterrupted } from "../terminal/until-interrupted.ts";

interface TailFlags extends ServerFlags {
  task?: string;
  agent?: string;
  types?: string;
  since?: number;
  ids?: boolean;
  json?: boolean;
}

export function configure(command: Command): void {
  withServerFlags(command)
    .option("--task <task>", "only events of this task, by title or id")
    .option("--agent <name>", "only events of this agent, by name or id")
    .option(
      "--types <types>",
      `only these types, comma-separated: ${eventTypeSchema.options.join(", ")}`,
      types,
    )
    .option("--since <id>", "begin after this event's id; 0 for all that the log keeps", eventId)
    .option("--ids", "print the ids of tasks and agents, not what they are called")
    .option("--json", "print each event as one line of JSON")
    .addHelpText(
      "after",
      `
A lost connection is made again, from the last event that came: nothing is missed and nothing doubled.

Examples:
  mission-control tail
  mission-control tail --agent builder --types activity,complete,error
  mission-control tail --since 0 --json | jq .message`,
    )
    .action(async (flags: TailFlags) => tail(flags));
}

async function tail(flags: TailFlags): Promise<void> {
  const client = connect(flags);
  const agentId = flags.agent === undefined ? undefined : (await findAgent(client, flags.agent)).id;
  const taskId = flags.task === undefined ? undefined : await findTaskWithEvents(client, flags.task);
  const subjects = new EventSubjects(client);
  const { url, headers } = client;
  const events = followEvents({
    url,
    headers,
    filter: { taskId, agentId, types: flags.types },
    after: flags.since,
    signal: untilInterrupted(),
    onRetry: noticeLostStream,
  });
  for await (const followed of events) {
    if (followed.kind === "reset") {
      const { oldest, newest } = followed;
      notice(`The log holds events ${oldest} to ${newest} only: some before were missed; going on from now.`);
    } else if (flags.json) printJson(followed.event);
    else {
      const { event } = followed;
      print(eventLine(event, flags.ids ? subjectId(event) : await subjects.of(event)));
    }
  }
}

function types(list: string): string {
  const wrong = list.split(",").find((type) => !eventTypeSchema.safeParse(type).success);
  if (wrong !== undefined) throw new InvalidArgumentError(`There is no type "${wrong}".`);
  return list;
}

function eventId(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError("It must be the id of an event, a whole number.");
  return Number(text);
}
