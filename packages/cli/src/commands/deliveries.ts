import {
  type ExchangePage,
  type ExchangeView,
  exchangeDetailSchema,
  exchangeDirectionSchema,
  exchangePageSchema,
  exchangeResultSchema,
} from "@mission-control/protocol";
import { type Command, InvalidArgumentError } from "commander";
import { findAgent } from "../client/agents-lookup.ts";
import type { ApiClient } from "../client/api-client.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { print, printJson, sizeOf, table, visible } from "../terminal/output.ts";

const EXCHANGES = "/api/exchanges";

interface DeliveriesFlags extends ServerFlags {
  direction?: string;
  result?: string;
  agent?: string;
  task?: string;
  attempt?: string;
  from?: string;
  until?: string;
  limit: number;
  json?: boolean;
}

export function configure(command: Command): void {
  withServerFlags(command)
    .argument("[id]", "show this one, with what was sent and what was answered")
    .option("--direction <direction>", `only those: ${exchangeDirectionSchema.options.join(", ")}`, direction)
    .option("--result <result>", `only those: ${exchangeResultSchema.options.join(", ")}`, result)
    .option("--agent <name>", "only those of this agent, by name or id")
    .option("--task <id>", "only those of this task")
    .option("--attempt <id>", "only those of this attempt, by the id of its dispatch")
    .option("--from <time>", "not before, such as 2026-11-23T10:00:00Z", time)
    .option("--until <time>", "before", time)
    .option("--limit <number>", "so many at most", wholeNumber, 50)
    .option("--json", "print them as JSON")
    .addHelpText(
      "after",
      `
What is sent to agents (dispatch), comes from them (callback) and goes to endpoints (webhook). Signatures, tokens and
secrets stand as ***. A delivery to an endpoint is sent again by mission-control webhooks resend; a dispatch never is:
dispatch its task again.

Examples:
  mission-control deliveries --result refused --direction callback
  mission-control deliveries --task task_01KB… --direction dispatch
  mission-control deliveries request_01KB… --json | jq .tries`,
    )
    .action(async (id: string | undefined, flags: DeliveriesFlags) => {
      const client = connect(flags);
      if (id !== undefined) return printOne(client, id, flags.json ?? false);
      const items = await list(client, flags);
      if (flags.json) return printJson(items);
      if (items.length === 0) return print("No deliveries.");
      print(table(items.map(rowOf)));
    });
}

/** As many as are asked for, however few of them a page brings. */
async function list(
  client: ApiClient,
  { agent, task, attempt, limit, ...flags }: DeliveriesFlags,
): Promise<ExchangeView[]> {
  const agentId = agent === undefined ? undefined : (await findAgent(client, agent)).id;
  const { direction, result, from, until } = flags;
  const query = new URLSearchParams({ limit: String(Math.min(limit, 500)) });
  const asked = { direction, result, agentId, taskId: task, dispatchId: attempt, from, until };
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, value);
  const items: ExchangeView[] = [];
  for (let isMore = true; isMore && items.length < limit; ) {
    const page: ExchangePage = await client.get(`${EXCHANGES}?${query}`, exchangePageSchema);
    items.push(...page.items);
    if (page.nextCursor !== null) query.set("cursor", page.nextCursor);
    isMore = page.nextCursor !== null;
  }
  return items.slice(0, limit);
}

function rowOf(exchange: ExchangeView): string[] {
  const { id, at, direction, what, result, status, durationMs, taskId = "", address, reason = "" } = exchange;
  return [
    at,
    direction,
    what,
    result,
    status === undefined ? "" : `HTTP ${status}`,
    durationMs === undefined ? "" : `${durationMs} ms`,
    id,
    taskId,
    address === undefined ? reason : `from ${address}: ${reason}`,
  ];
}

async function printOne(client: ApiClient, id: string, json: boolean): Promise<void> {
  const exchange = await client.get(`${EXCHANGES}/${encodeURIComponent(id)}`, exchangeDetailSchema);
  if (json) return printJson(exchange);
  const { request, tries, event } = exchange;
  print(table([rowOf(exchange)]));
  for (const { at, durationMs, status, error, response } of tries) {
    const told = [at, `${durationMs} ms`, status === undefined ? "" : `HTTP ${status}`, error ?? ""];
    print(`  ${told.filter((part) => part !== "").join("  ")}`);
    if (response !== undefined) print(`    ${visible(response).replaceAll("\n", "\n    ")}`);
  }
  if (event) return print(JSON.stringify(event, null, 2));
  if (!request) return;
  print(`${request.method} ${request.url}`);
  for (const [name, value] of Object.entries(request.headers)) print(`${name}: ${value}`);
  const { body, bodyBytes } = request;
  if (body === null) return print("Its body is not kept.");
  print(`\n${visible(body)}`);
  const kept = Buffer.byteLength(body);
  if (bodyBytes !== undefined && bodyBytes > kept) print(`… the first part of ${sizeOf(bodyBytes)}.`);
}

function direction(text: string): string {
  if (exchangeDirectionSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError(`It must be ${exchangeDirectionSchema.options.join(", ")}.`);
}

function result(text: string): string {
  if (exchangeResultSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError(`It must be ${exchangeResultSchema.options.join(", ")}.`);
}

function time(text: string): string {
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError("It must be a time such as 2026-11-23T10:00:00Z.");
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number of 1 or more.");
}
