import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { mediaTypeOf } from "@mission-control/agent";
import {
  MAX_ATTACHMENTS_BYTES,
  type MessageView,
  messageModeSchema,
  messageSchema,
  taskPageSchema,
} from "@mission-control/protocol";
import { type Command, Option } from "commander";
import type { ApiClient } from "../client/api-client.ts";
import { followEvents } from "../client/event-follower.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { findTask, ofTask } from "../client/task-calls.ts";
import { collect } from "../terminal/collect.ts";
import { CommandError } from "../terminal/command-error.ts";
import { noticeLostStream, print, printJson } from "../terminal/output.ts";

/** How long the agent's side is waited for, in milliseconds; the message is kept and delivered all the same. */
const ANSWER_MS = 15_000;

const STATES: Readonly<Record<string, string>> = {
  sending: "Kept: the agent has not answered yet. The message is delivered as soon as it can be.",
  delivered: "The agent has it.",
  taken_up: "The agent has taken it up.",
};

type SayFlags = ServerFlags & { mode: string; attach?: string[]; json?: boolean };

/** `mission-control say`: writes to the agent that works on a task. */
export function configure(command: Command): void {
  withServerFlags(command)
    .argument("<task>", "the task's id or title")
    .argument("<text>", "what the agent is to read")
    .addOption(
      new Option(
        "--mode <mode>",
        "steer what it does now, tell it next, or interrupt it; one that cannot steer reads it next",
      )
        .choices(messageModeSchema.options)
        .default("steer"),
    )
    .option("--attach <file>", "send a file along, such as a screenshot; once for each", collect)
    .option("--json", "print the message as JSON")
    .addHelpText(
      "after",
      `
Examples:
  mission-control say task_01K3… "Leave the tests as they are"
  mission-control say task_01K3… "It should look like this" --attach screen.png
  mission-control say task_01K3… "Stop, and start over in src/new" --mode interrupt`,
    )
    .action(say);
}

async function say(task: string, text: string, { mode, attach, json, ...flags }: SayFlags): Promise<void> {
  const client = connect(flags);
  const attachments = attach?.map(attachmentOf);
  const { id } = await findTask(client, task);
  // Before the message is there: a stream that begins after this position tells all that comes of it.
  const { lastEventId } = await client.get("/api/tasks?limit=1", taskPageSchema);
  const body = { text, mode, attachments };
  const path = `/api/tasks/${encodeURIComponent(id)}/messages`;
  const sent = await ofTask(id, client.post(path, body, messageSchema));
  const message = await answered(client, id, sent, lastEventId);
  if (json) printJson(message);
  if (message.state === "refused") throw new CommandError(`Refused: ${message.reason}`);
  if (!json) print([STATES[message.state], message.reason].filter((words) => words !== undefined).join(" "));
}

/** A file as it goes with a message. @throws CommandError where it cannot be read, or is larger than all may be */
function attachmentOf(file: string) {
  try {
    const { size } = statSync(file);
    if (size > MAX_ATTACHMENTS_BYTES) {
      const most = `${MAX_ATTACHMENTS_BYTES / 1024 / 1024} MiB`;
      throw new CommandError(`${file} is too large: the files of a message may be ${most} large together.`);
    }
    const name = basename(file);
    return { name, mediaType: mediaTypeOf(name), content: readFileSync(file).toString("base64") };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** The message once the agent's side has answered, or as it was sent where it does not in time. */
async function answered(
  { url, headers }: ApiClient,
  taskId: string,
  sent: MessageView,
  after: number,
): Promise<MessageView> {
  const events = followEvents({
    url,
    headers,
    filter: { taskId, types: "message" },
    after,
    signal: AbortSignal.timeout(ANSWER_MS),
    onRetry: noticeLostStream,
  });
  for await (const followed of events) {
    if (followed.kind !== "event") continue;
    const { messageId, state, reason } = followed.event.data;
    if (messageId !== sent.id || state === "sending") continue;
    return messageSchema.parse({ ...sent, state, ...(reason === undefined ? {} : { reason }) });
  }
  return sent;
}
