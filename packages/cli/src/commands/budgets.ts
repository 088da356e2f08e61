import {
  type BudgetLimit,
  type BudgetPeriod,
  type BudgetView,
  budgetAmountText,
  budgetLimitNumber,
  budgetPeriodSchema,
  budgetSchema,
} from "@mission-control/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { findAgent, listAgents } from "../client/agents-lookup.ts";
import type { ApiClient } from "../client/api-client.ts";
import { findByName } from "../client/by-name.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { refuseEmptyEdit, wrongUse } from "../terminal/command-error.ts";
import { print, printJson, table } from "../terminal/output.ts";

const budgetListSchema = z.object({ items: z.array(budgetSchema) });

const NONE = 'No budgets yet: set one with mission-control budgets add NAME --limit "20 USD" --per day.';
const MULTIPLES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6 };

interface FieldFlags extends ServerFlags {
  limit?: BudgetLimit;
  per?: BudgetPeriod;
  timeZone?: string;
  agent?: string;
  tag?: string;
  refuse?: boolean;
  json?: boolean;
}

interface EditFlags extends FieldFlags {
  name?: string;
  anyAgent?: boolean;
  anyTag?: boolean;
}

export function configure(command: Command): void {
  withServerFlags(command.command("list", { isDefault: true }))
    .description("List the budgets with what is spent of them")
    .option("--json", "print the budgets as JSON")
    .action(async (flags: ServerFlags & { json?: boolean }) => {
      const client = connect(flags);
      const items = await listBudgets(client);
      if (flags.json) return printJson(items);
      if (items.length === 0) return print(NONE);
      const names = new Map((await listAgents(client)).map(({ id, name }) => [id, name]));
      print(table(items.map((budget) => rowOf(budget, names))));
    });

  withFieldFlags(command.command("add"))
    .description("Set how much may be spent in a day or month")
    .argument("<name>", "what the budget is called")
    .addHelpText(
      "after",
      `
Without --agent and --tag it covers everything, and without --time-zone it begins anew by UTC. At 80 and 100 % an event tells of it, once in each day or month.

Examples:
  mission-control budgets add everything --limit "20 USD" --per day --time-zone Europe/Berlin
  mission-control budgets add docs --limit "5M tokens" --per month --tag docs --refuse`,
    )
    .action(async (name: string, flags: FieldFlags) => {
      const { limit, per } = flags;
      if (!limit || !per) throw wrongUse('Say how much and how often: --limit "20 USD" --per day.');
      const client = connect(flags);
      const fields = await fieldsOf(client, flags);
      const budget = await client.post("/api/budgets", { name, ...fields }, budgetSchema);
      if (flags.json) return printJson(budget);
      print(`${budget.name} is ${budget.id}: ${spentOf(budget)}.`);
    });

  withFieldFlags(command.command("edit"))
    .description("Change a budget; what no flag names stays as it is")
    .argument("<name>", "the budget's name or id")
    .option("--name <name>", "what it is to be called")
    .addOption(new Option("--any-agent", "let it cover all agents").conflicts("agent"))
    .addOption(new Option("--any-tag", "let it cover tasks whatever their tags").conflicts("tag"))
    .option("--no-refuse", "dispatch also while it is used up")
    .addHelpText(
      "after",
      '\nExample:\n  mission-control budgets edit everything --limit "30 USD" --no-refuse',
    )
    .action(async (name: string, flags: EditFlags) => {
      const client = connect(flags);
      const fields = {
        ...(await fieldsOf(client, flags)),
        name: flags.name,
        ...(flags.anyAgent ? { agentId: null } : {}),
        ...(flags.anyTag ? { tag: null } : {}),
      };
      refuseEmptyEdit(fields, "--limit or --no-refuse");
      const { id } = findByName("budget", await listBudgets(client), name);
      const budget = await client.patch(`/api/budgets/${id}`, fields, budgetSchema);
      if (flags.json) return printJson(budget);
      print(`${budget.name}: ${spentOf(budget)}.`);
    });

  withServerFlags(command.command("rm"))
    .description("Remove a budget")
    .argument("<name>", "the budget's name or id")
    .action(async (name: string, flags: ServerFlags) => {
      const client = connect(flags);
      const budget = findByName("budget", await listBudgets(client), name);
      await client.delete(`/api/budgets/${budget.id}`);
      print(`${budget.name} (${budget.id}) is removed.`);
    });
}

function withFieldFlags(command: Command): Command {
  return withServerFlags(command)
    .option("--limit <amount>", 'how much: "20 USD", or "500k tokens"', limit)
    .option("--per <period>", "day or month", period)
    .option("--time-zone <name>", "by whose clocks it begins anew, such as Europe/Berlin")
    .option("--agent <name>", "only what this agent uses, by name or id")
    .option("--tag <tag>", "only what is used for tasks with this tag")
    .option("--refuse", "dispatch nothing that it covers while it is used up")
    .option("--json", "print the budget as JSON");
}

async function fieldsOf(client: ApiClient, flags: FieldFlags): Promise<object> {
  return {
    limit: flags.limit,
    period: flags.per,
    timeZone: flags.timeZone,
    agentId: flags.agent === undefined ? undefined : (await findAgent(client, flags.agent)).id,
    tag: flags.tag,
    refuses: flags.refuse,
  };
}

async function listBudgets(client: ApiClient): Promise<BudgetView[]> {
  return (await client.get("/api/budgets", budgetListSchema)).items;
}

function rowOf(budget: BudgetView, names: ReadonlyMap<string, string>): string[] {
  const { name, agentId, tag, unknown, otherCosts, limit, refuses, id } = budget;
  const covered = [
    ...(agentId === undefined ? [] : [`agent ${names.get(agentId) ?? agentId}`]),
    ...(tag === undefined ? [] : [`tag ${tag}`]),
  ];
  const what = "tokens" in limit ? "tokens" : "cost";
  const notes = [
    ...(refuses ? ["refuses when used up"] : []),
    ...(unknown === 0 ? [] : [`${what} of ${unknown} unknown`]),
    ...otherCosts.map(({ amount, currency }) => `not counted: ${amount} ${currency}`),
  ];
  return [name, spentOf(budget), covered.join(", ") || "everything", id, notes.join("; ")];
}

/** Such as `16.40 USD of 20.00 USD a day (82 %)`. */
function spentOf({ spent, limit, period }: BudgetView): string {
  const most = budgetLimitNumber(limit);
  const share = Math.floor((spent / most) * 100);
  return `${budgetAmountText(spent, limit)} of ${budgetAmountText(most, limit)} a ${period} (${share} %)`;
}

function limit(words: string): BudgetLimit {
  const [, number = "", multiple = "", unit = ""] = /^([\d.]+)([kM]?)\s*(\S+)$/.exec(words.trim()) ?? [];
  const amount = Number(number) * (MULTIPLES[multiple] ?? Number.NaN);
  if (!(amount > 0) || unit === "") {
    throw new InvalidArgumentError(
      'It must be an amount with its currency, such as "20 USD", or "500k tokens".',
    );
  }
  return /^tokens?$/.test(unit) ? { tokens: Math.round(amount) } : { amount, currency: unit };
}

function period(word: string): BudgetPeriod {
  const { data } = budgetPeriodSchema.safeParse(word);
  if (data) return data;
  throw new InvalidArgumentError("It must be day or month.");
}
