import { type InsightFigures, insightsSchema, type Spread } from "@mission-control/protocol";
import { type Command, InvalidArgumentError } from "commander";
import { findAgent, listAgents } from "../client/agents-lookup.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { print, printJson, table } from "../terminal/output.ts";

interface InsightsFlags extends ServerFlags {
  days: number;
  agent?: string;
  tag?: string;
  json?: boolean;
}

const MAX_DAYS = 365;
const NOTHING = "-";

export function configure(command: Command): void {
  withServerFlags(command)
    .option("--days <number>", `the last so many days, up to ${MAX_DAYS}`, days, 1)
    .option("--agent <name>", "only what this agent did, by name or id")
    .option("--tag <tag>", "only what was done for tasks with this tag")
    .option("--json", "print the answer as JSON, with hours or days, tags and reasons")
    .addHelpText(
      "after",
      `
Durations are medians, within 5 %: "queued" from the dispatch until it was sent, "worked" from the agent's
acceptance to the end of what completed.

Examples:
  mission-control insights
  mission-control insights --days 30 --tag docs
  mission-control insights --days 7 --agent builder --json`,
    )
    .action(async (flags: InsightsFlags) => {
      const client = connect(flags);
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      const by = flags.days === 1 ? "hour" : "day";
      const query = new URLSearchParams({ hours: String(flags.days * 24), by, timeZone });
      if (flags.agent) query.set("agentId", (await findAgent(client, flags.agent)).id);
      if (flags.tag) query.set("tag", flags.tag);
      const insights = await client.get(`/api/insights?${query}`, insightsSchema);
      if (flags.json) return printJson(insights);
      const names = new Map((await listAgents(client)).map(({ id, name }) => [id, name]));
      const rows = insights.agents.map(({ agentId, ...figures }) => [
        names.get(agentId) ?? agentId,
        ...cells(figures),
      ]);
      const heads = ["agent", "completed", "failed", "queued", "worked", "tokens", "cost"];
      const isOne = flags.agent !== undefined;
      print(table([heads, ...rows, ...(isOne ? [] : [["all", ...cells(insights.total)]])]));
      if (insights.reasons.length > 0) {
        print(
          `\nFailures:\n${table(insights.reasons.map(({ reason, count }) => [`${count}`, reason || "others"]))}`,
        );
      }
    });
}

function cells({ ended, queued, worked, inputTokens, outputTokens, costs }: InsightFigures): string[] {
  return [
    String(ended.completed),
    String(ended.failed + ended.rejected + ended.lost),
    medianOf(queued),
    medianOf(worked),
    String(inputTokens + outputTokens),
    costs.map(({ amount, currency }) => `${amount} ${currency}`).join(" + ") || NOTHING,
  ];
}

/** In seconds, or in minutes where it is long. */
function medianOf(spread: Spread | null): string {
  if (spread === null) return NOTHING;
  const seconds = spread.median / 1000;
  return seconds < 120 ? `${Number(seconds.toPrecision(2))} s` : `${Math.round(seconds / 60)} min`;
}

function days(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= MAX_DAYS) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_DAYS}.`);
}
