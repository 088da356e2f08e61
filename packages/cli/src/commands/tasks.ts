import { taskPageSchema, taskStatusSchema } from "@mission-control/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";
import { findAgent } from "../client/agents-lookup.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { print, printJson, table } from "../terminal/output.ts";

interface TasksFlags extends ServerFlags {
  status?: string;
  agent?: string;
  tag?: string;
  search?: string;
  limit?: number;
  json?: boolean;
}

export function configure(command: Command): void {
  withServerFlags(command)
    .addOption(new Option("--status <status>", "only those in this state").choices(taskStatusSchema.options))
    .option("--agent <name>", "only those of this agent, by name or id")
    .option("--tag <tag>", "only those with this tag")
    .option("--search <text>", "only those whose title or description holds this")
    .option("--limit <number>", "at most so many, up to 500 (default 50)", limit)
    .option("--json", "print the page as JSON")
    .addHelpText(
      "after",
      `
Examples:
  mission-control tasks --status failed
  mission-control tasks --agent builder --limit 10 --json`,
    )
    .action(async (flags: TasksFlags) => {
      const client = connect(flags);
      const query = new URLSearchParams();
      if (flags.status) query.set("status", flags.status);
      if (flags.agent) query.set("agentId", (await findAgent(client, flags.agent)).id);
      if (flags.tag) query.set("tag", flags.tag);
      if (flags.search) query.set("q", flags.search);
      if (flags.limit) query.set("limit", String(flags.limit));
      const page = await client.get(`/api/tasks?${query}`, taskPageSchema);
      if (flags.json) return printJson(page);
      if (page.items.length === 0) return print("No tasks.");
      const rows = page.items.map(({ id, status, unknownReason, priority, title }) => {
        return [id, unknownReason === undefined ? status : `${status} (unknown)`, priority, title];
      });
      print(table(rows));
    });
}

function limit(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 500) return value;
  throw new InvalidArgumentError("It must be a whole number from 1 to 500.");
}
