import type { LogEvent, TaskStatus, TranscriptEntry } from "@mission-control/protocol";
import { entryPartOf, foldEntry, keyOfEntry } from "@mission-control/protocol/transcript-fold";
import type { Command } from "commander";
import type { ApiClient } from "../client/api-client.ts";
import { followEvents } from "../client/event-follower.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { findTask, readEvents, readTranscript } from "../client/task-calls.ts";
import { MILESTONES } from "../terminal/milestone-text.ts";
import { notice, noticeLostStream } from "../terminal/output.ts";
import { JsonPrinter, TextPrinter } from "../terminal/transcript-printer.ts";
import { untilInterrupted } from "../terminal/until-interrupted.ts";

interface TranscriptFlags extends ServerFlags {
  follow?: boolean;
  json?: boolean;
}

/** A task in one of these is worked on no more, until it is dispatched again. */
const ENDED: ReadonlySet<TaskStatus> = new Set(["completed", "failed", "cancelled"]);

export function configure(command: Command): void {
  withServerFlags(command)
    .argument("<task>", "the task's id or title")
    .option("--follow", "go on with what the agent says and does, until the task has ended")
    .option("--json", "print each entry as one line of JSON; with --follow again each time that it changes")
    .addHelpText(
      "after",
      `
A tool call is one line, with its output indented below. What you wrote to the agent, what it asked and how it ended stand
between, but not in JSON. Control characters are shown, not obeyed.

Examples:
  mission-control transcript task_01J… --follow
  mission-control transcript task_01J… --json | jq 'select(.kind == "tool" and .state == "failed")'`,
    )
    .action(async (task: string, flags: TranscriptFlags) => transcript(task, flags));
}

async function transcript(idOrTitle: string, flags: TranscriptFlags): Promise<void> {
  const client = connect(flags);
  const task = await findTask(client, idOrTitle);
  const taskId = task.id;
  const attempts = new Map(task.attempts.map(({ id, attempt }) => [id, attempt]));
  const attemptOf = ({ dispatchId = "" }: { dispatchId?: string | undefined }) =>
    attempts.get(dispatchId) ?? task.attempt;
  const follows = flags.follow === true && !ENDED.has(task.status);
  const printer = flags.json ? new JsonPrinter() : new TextPrinter(follows);
  const { entries, lastEventId } = await readAll(client, taskId);
  const past: [number, () => void][] = [];
  for (const entry of entries.values()) past.push([entry.eventId, () => printer.take(entry)]);
  if (!flags.json) {
    const events = await readEvents(client, taskId, MILESTONES, lastEventId);
    for (const event of events) past.push([event.id, () => printer.event(event, attemptOf(event))]);
  }
  for (const [, say] of past.sort(([one], [other]) => one - other)) say();
  if (follows) {
    for await (const event of follow(client, taskId, lastEventId)) {
      if (event.type === "dispatch" && event.dispatchId && typeof event.data.attempt === "number") {
        attempts.set(event.dispatchId, event.data.attempt);
      }
      const part = entryPartOf(event);
      const before = part && entries.get(part.key);
      const entry = part && foldEntry(before ?? undefined, part, attemptOf(part));
      if (part && entry && entry !== before) {
        entries.set(part.key, entry);
        printer.take(entry);
      }
      printer.event(event, attemptOf(event));
      if (event.type === "status_change" && ENDED.has(event.data.to as TaskStatus)) break;
    }
  }
  printer.end();
}

/** All entries there are, and the position as of which they are exact. */
async function readAll(client: ApiClient, taskId: string) {
  const entries = new Map<string, TranscriptEntry>();
  const first = await readTranscript(client, taskId, "0");
  for (let page = first; ; page = await readTranscript(client, taskId, page.nextCursor)) {
    for (const entry of page.items) entries.set(keyOfEntry(entry), entry);
    // Entries of the first page may have changed since: the stream goes on from there.
    if (page.nextCursor === null) return { entries, lastEventId: first.lastEventId };
  }
}

async function* follow(client: ApiClient, taskId: string, after: number): AsyncGenerator<LogEvent> {
  const { url, headers } = client;
  const events = followEvents({
    url,
    headers,
    filter: { taskId },
    after,
    signal: untilInterrupted(),
    onRetry: noticeLostStream,
  });
  for await (const followed of events) {
    if (followed.kind === "event") yield followed.event;
    else
      notice(`The log holds events ${followed.oldest} to ${followed.newest} only: some before were missed.`);
  }
}
