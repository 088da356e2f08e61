import { type InboxItem, inboxSchema, MAX_INBOX_COUNT } from "@mission-control/protocol";
import type { Command } from "commander";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { print, printJson, table } from "../terminal/output.ts";

type InboxFlags = ServerFlags & { json?: boolean };

export function configure(command: Command): void {
  withServerFlags(command)
    .option("--json", "print the inbox as JSON")
    .addHelpText(
      "after",
      `
What each kind waits for:
  question     an answer:          mission-control answer TASK
  undelivered  your answer again:  the agent did not get it: mission-control say TASK TEXT, or cancel TASK
  review       a decision:         mission-control approve TASK, or reject TASK FEEDBACK
  failure      another try:        dispatch it again, or delete it
  silent       somebody who looks: mission-control cancel TASK, or force-end TASK

Examples:
  mission-control inbox
  mission-control inbox --json`,
    )
    .action(async (flags: InboxFlags) => {
      const inbox = await connect(flags).get("/api/inbox", inboxSchema);
      if (flags.json) return printJson(inbox);
      const { items, counts, running } = inbox;
      if (items.length === 0) return print(`Nothing waits for you. ${running} running.`);
      print(table(items.map(rowOf)));
      const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const more = Object.values(counts).some((count) => count >= MAX_INBOX_COUNT) ? " at least" : "";
      if (all > items.length) print(`The oldest ${items.length} of${more} ${all}.`);
    });
}

function rowOf({ kind, task, since, request }: InboxItem): string[] {
  const { undelivered: lost } = task;
  const undelivered = lost && `The agent did not get your answer to "${lost.title}": ${lost.reason}`;
  const words = {
    question: request?.title,
    undelivered,
    review: task.summary,
    failure: task.error,
    silent: undefined,
  };
  return [ageOf(since), kind, task.id, task.title, words[kind] ?? task.silence?.reason ?? ""];
}

/** How long ago something was, in its largest unit. */
function ageOf(since: string): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
