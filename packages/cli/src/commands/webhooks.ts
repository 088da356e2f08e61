import {
  type DeliveryView,
  deliveryDetailSchema,
  deliveryPageSchema,
  deliverySchema,
  deliveryStateSchema,
  eventTypeSchema,
  noticeKindSchema,
  type WebhookEndpointView,
  webhookEndpointSchema,
  webhookFormatSchema,
  webhookSecretSchema,
} from "@mission-control/protocol";
import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { findAgent } from "../client/agents-lookup.ts";
import type { ApiClient } from "../client/api-client.ts";
import { findByName } from "../client/by-name.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { CommandError } from "../terminal/command-error.ts";
import { print, printJson, table } from "../terminal/output.ts";

const ENDPOINTS = "/api/webhooks/endpoints";
const endpointListSchema = z.object({ items: z.array(webhookEndpointSchema) });

interface WebhookFlags extends ServerFlags {
  json?: boolean;
}

interface AddFlags extends WebhookFlags {
  types?: string[];
  agent?: string;
  tag?: string;
  notices?: string[];
  description?: string;
  format?: string;
  answers?: boolean | string[];
  quiet?: { from: string; to: string };
  timeZone?: string;
  digest?: number;
  passes?: string[];
}

interface DeliveriesFlags extends WebhookFlags {
  endpoint?: string;
  state?: string;
  limit: number;
}

export function configure(command: Command): void {
  configureEndpoints(command);
  configureChanges(command);
  configureDeliveries(command);
}

function configureEndpoints(command: Command): void {
  withServerFlags(command.command("list", { isDefault: true }))
    .description("List the endpoints that events are delivered to, and how they do")
    .option("--json", "print the endpoints as JSON")
    .action(async (flags: WebhookFlags) => {
      const items = await listEndpoints(connect(flags));
      if (flags.json) return printJson(items);
      if (items.length === 0) return print("No webhooks yet: add one with mission-control webhooks add.");
      print(
        table(
          items.map(({ id, url, status, behind, waiting, statusReason = "", answersError = "" }) => {
            return [id, status, `${behind} behind`, `${waiting} waiting`, url, statusReason, answersError];
          }),
        ),
      );
    });

  withServerFlags(command.command("add"))
    .description("Deliver events to a URL from now on; the signing secret is printed this once")
    .argument("<url>", "where they are sent to")
    .option(
      "--types <types>",
      `only these types, comma-separated: ${eventTypeSchema.options.join(", ")}`,
      types,
    )
    .option("--agent <name>", "only events of this agent, by name or id")
    .option("--tag <tag>", "only events of tasks with this tag")
    .option(
      "--notices <kinds>",
      `only what people want to know, comma-separated: ${noticeKindSchema.options.join(", ")}`,
      notices,
    )
    .option("--description <text>", "what it is for")
    .option("--format <format>", `how an event is written: ${webhookFormatSchema.options.join(", ")}`, format)
    .option("--quiet <from-to>", "hold back what comes between these times, such as 22:00-07:00", quietHours)
    .option("--time-zone <name>", "of those times, such as Europe/Berlin (default that of this machine)")
    .option("--digest <minutes>", "tell in one message what comes within so many minutes", wholeNumber)
    .option("--passes <kinds>", "kinds that are told at once all the same, comma-separated", notices)
    .option(
      "--answers [users]",
      "put buttons under questions and results, for all who see them or these users' ids, comma-separated",
      list,
    )
    .option("--json", "print the endpoint as JSON")
    .addHelpText(
      "after",
      `
Examples:
  mission-control webhooks add https://example.com/hook
  mission-control webhooks add https://example.com/hook --types complete,error --tag nightly --format cloudevents
  mission-control webhooks add https://ntfy.sh/your-topic --format ntfy --notices question,failure
  mission-control webhooks add mailto:you@example.com --format email --digest 60 --passes question
  mission-control webhooks add https://ntfy.sh/your-topic --format ntfy --quiet 22:00-07:00 --time-zone Europe/Berlin
  mission-control webhooks add "https://api.telegram.org/bot123:TOKEN/sendMessage?chat_id=456" --format telegram --answers
  mission-control webhooks add "https://slack.com/api/chat.postMessage?channel=C0123456789" --format slack_app --answers

An app of Slack has its tokens in the environment: SLACK_BOT_TOKEN and, for answers, SLACK_APP_TOKEN.`,
    )
    .action(async (url: string, given: AddFlags) => {
      const { types, agent, tag, notices, description, format, answers, ...others } = given;
      const { quiet, timeZone = localTimeZone(), digest: digestMinutes, passes, ...flags } = others;
      const client = connect(flags);
      const agentId = agent === undefined ? undefined : (await findAgent(client, agent)).id;
      const asked =
        answers === undefined ? {} : { answers: Array.isArray(answers) ? { users: answers } : {} };
      const tokens = format === "slack_app" ? slackTokens() : {};
      const rules = { ...(quiet ? { quiet: { ...quiet, timeZone } } : {}), digestMinutes, passes };
      const fields = {
        url,
        types,
        agentId,
        tag,
        notices,
        description,
        format,
        ...rules,
        ...asked,
        ...tokens,
      };
      const added = await client.post(ENDPOINTS, fields, webhookSecretSchema);
      if (flags.json) return printJson(added);
      print(`${added.url} is ${added.id}.`);
      print(`Its secret, shown this once: ${added.secret}`);
    });

  withServerFlags(command.command("rm"))
    .description("Remove an endpoint with its deliveries")
    .argument("<endpoint>", ENDPOINT_ARGUMENT)
    .action(async (named: string, flags: ServerFlags) => {
      const client = connect(flags);
      const { id, url } = await findEndpoint(client, named);
      await client.delete(`${ENDPOINTS}/${id}`);
      print(`${url} (${id}) is removed.`);
    });

  withServerFlags(command.command("test"))
    .description("Send an endpoint a test message; exit 0 when it was taken")
    .argument("<endpoint>", ENDPOINT_ARGUMENT)
    .option("--json", "print the delivery as JSON")
    .action(async (named: string, flags: WebhookFlags) => {
      const client = connect(flags);
      const { id, url } = await findEndpoint(client, named);
      const tested = await client.post(`${ENDPOINTS}/${id}/test`, {}, deliverySchema);
      const [made] = tested.tries;
      if (flags.json) printJson(tested);
      else if (made?.error === undefined) {
        const status = made?.status === undefined ? "" : ` (HTTP ${made.status})`;
        print(`${url} took it in ${made?.durationMs} ms${status}.`);
      }
      if (tested.state !== "delivered") throw new CommandError(made?.error ?? "It was not delivered.");
    });
}

function configureChanges(command: Command): void {
  for (const [name, enabled, description] of [
    ["on", true, "Switch an endpoint on: it goes on where it stopped"],
    ["off", false, "Switch an endpoint off"],
  ] as const) {
    withServerFlags(command.command(name))
      .description(description)
      .argument("<endpoint>", ENDPOINT_ARGUMENT)
      .action(async (named: string, flags: ServerFlags) => {
        const client = connect(flags);
        const { id } = await findEndpoint(client, named);
        const { url, status } = await client.patch(`${ENDPOINTS}/${id}`, { enabled }, webhookEndpointSchema);
        print(`${url} (${id}) is ${status}.`);
      });
  }

  withServerFlags(command.command("rotate"))
    .description("Give an endpoint a new secret, printed this once; for a while both sign")
    .argument("<endpoint>", ENDPOINT_ARGUMENT)
    .option("--overlap <seconds>", "for so long (default a day)", wholeNumber)
    .action(async (named: string, { overlap, ...flags }: ServerFlags & { overlap?: number }) => {
      const client = connect(flags);
      const { id } = await findEndpoint(client, named);
      const body = overlap === undefined ? {} : { overlapSeconds: overlap };
      const rotated = await client.post(`${ENDPOINTS}/${id}/rotate`, body, webhookSecretSchema);
      print(`Its new secret, shown this once: ${rotated.secret}`);
      print(`The one before it signs too until ${rotated.previousSecretUntil}.`);
    });

  withServerFlags(command.command("replay"))
    .description("Deliver again all events since one, or since a time, each under the id it had")
    .argument("<endpoint>", ENDPOINT_ARGUMENT)
    .requiredOption("--since <id or time>", "an event's id, or a time such as 2026-11-23T10:00:00Z")
    .action(async (named: string, { since, ...flags }: ServerFlags & { since: string }) => {
      const client = connect(flags);
      const { id, url } = await findEndpoint(client, named);
      const body = { since: /^\d+$/.test(since) ? Number(since) : since };
      await client.post(`${ENDPOINTS}/${id}/replay`, body, webhookEndpointSchema);
      print(`${url} gets them again from ${since} on.`);
    });
}

function configureDeliveries(command: Command): void {
  withServerFlags(command.command("deliveries"))
    .description("List deliveries, newest first; or show one with what is sent and what was answered")
    .argument("[id]", "a delivery's id")
    .option("--endpoint <endpoint>", ENDPOINT_ARGUMENT)
    .option("--state <state>", `only those: ${deliveryStateSchema.options.join(", ")}`, state)
    .option("--limit <number>", "so many at most (default 50)", wholeNumber, 50)
    .option("--json", "print them as JSON")
    .addHelpText(
      "after",
      `
Examples:
  mission-control webhooks deliveries --state failed
  mission-control webhooks deliveries webhook_01KB….42 --json | jq .tries`,
    )
    .action(async (id: string | undefined, flags: DeliveriesFlags) => {
      const client = connect(flags);
      if (id !== undefined) return printDelivery(client, id, flags);
      const query = new URLSearchParams({ limit: String(flags.limit) });
      if (flags.endpoint !== undefined) {
        query.set("endpointId", (await findEndpoint(client, flags.endpoint)).id);
      }
      if (flags.state !== undefined) query.set("state", flags.state);
      const { items } = await client.get(`/api/webhooks/deliveries?${query}`, deliveryPageSchema);
      if (flags.json) return printJson(items);
      if (items.length === 0) return print("No deliveries.");
      print(table(items.map(rowOf)));
    });

  withServerFlags(command.command("resend"))
    .description("Try a delivery again at once, under the id it has")
    .argument("<id>", "the delivery's id")
    .action(async (id: string, flags: ServerFlags) => {
      await connect(flags).post(`/api/webhooks/deliveries/${id}/resend`, {}, deliverySchema);
      print(`${id} is tried again. What comes of it: mission-control webhooks deliveries ${id}`);
    });
}

const ENDPOINT_ARGUMENT = "the endpoint's id, description or URL";

async function printDelivery(client: ApiClient, id: string, { json }: WebhookFlags): Promise<void> {
  const delivery = await client.get(`/api/webhooks/deliveries/${id}`, deliveryDetailSchema);
  if (json) return printJson(delivery);
  print(table([rowOf(delivery)]));
  for (const { at, durationMs, status, error, response } of delivery.tries) {
    const told = [at, `${durationMs} ms`, status === undefined ? "" : `HTTP ${status}`, error ?? ""];
    print(`  ${told.filter((part) => part !== "").join("  ")}`);
    if (response !== undefined) print(`    ${response.replaceAll("\n", "\n    ")}`);
  }
  print(delivery.request.body ?? "Its event is not kept any more.");
}

function rowOf({ id, state, eventType, tryCount, updatedAt, nextTryAt, tries }: DeliveryView): string[] {
  const again = nextTryAt === undefined ? "" : `again at ${nextTryAt}`;
  return [updatedAt, state, eventType, `${tryCount} tries`, id, again, tries.at(-1)?.error ?? ""];
}

async function listEndpoints(client: ApiClient): Promise<WebhookEndpointView[]> {
  return (await client.get(ENDPOINTS, endpointListSchema)).items;
}

/** @throws CommandError that says which there are */
async function findEndpoint(client: ApiClient, named: string): Promise<WebhookEndpointView> {
  const all = await listEndpoints(client);
  const byUrl = all.filter(({ url }) => url === named);
  if (byUrl[0] && byUrl.length === 1) return byUrl[0];
  return findByName(
    "webhook",
    all.map((endpoint) => ({ ...endpoint, name: endpoint.description ?? endpoint.url })),
    named,
  );
}

/** From the environment, as others on this machine can see what stands on a command line. */
function slackTokens(): { botToken?: string; appToken?: string } {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = process.env;
  return { ...(botToken ? { botToken } : {}), ...(appToken ? { appToken } : {}) };
}

function localTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function quietHours(text: string): { from: string; to: string } {
  const [, from, to] = /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) {
    throw new InvalidArgumentError("It must be two times, such as 22:00-07:00.");
  }
  return { from, to };
}

function list(text: string): string[] {
  return text.split(",");
}

function types(list: string): string[] {
  const named = list.split(",");
  const wrong = named.find((type) => !eventTypeSchema.safeParse(type).success);
  if (wrong !== undefined) throw new InvalidArgumentError(`There is no type "${wrong}".`);
  return named;
}

function notices(list: string): string[] {
  const named = list.split(",");
  const wrong = named.find((kind) => !noticeKindSchema.safeParse(kind).success);
  if (wrong !== undefined) throw new InvalidArgumentError(`There is no kind of notice "${wrong}".`);
  return named;
}

function format(text: string): string {
  if (webhookFormatSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError(`It must be ${webhookFormatSchema.options.join(", ")}.`);
}

function state(text: string): string {
  if (deliveryStateSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError(`It must be ${deliveryStateSchema.options.join(", ")}.`);
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}
