import {
  eventTypeSchema,
  noticeKindSchema,
  type QuietHours,
  type WebhookEndpointView,
  webhookFormatSchema,
} from "@mission-control/protocol";
import { type Command, InvalidArgumentError } from "commander";
import { findAgent } from "../client/agents-lookup.ts";
import type { ApiClient } from "../client/api-client.ts";
import { collect } from "../terminal/collect.ts";
import { wrongUse } from "../terminal/command-error.ts";

/** What an endpoint is to be like; `false` takes away what there was. */
export interface FieldFlags {
  types?: string[] | false;
  agent?: string[] | false;
  tag?: string[] | false;
  notices?: string[] | false;
  description?: string | false;
  format?: string;
  quiet?: Pick<QuietHours, "from" | "to"> | false;
  timeZone?: string;
  digest?: number | false;
  passes?: string[] | false;
  answers?: boolean | string[];
}

/** Adds the options that say what an endpoint is to be like. */
export function withFields(command: Command): Command {
  return command
    .option(
      "--types <types>",
      `only these types, comma-separated: ${eventTypeSchema.options.join(", ")}`,
      types,
    )
    .option(
      "--agent <name>",
      "only events of this agent, by name or id; several times: of any of them",
      collect,
    )
    .option("--tag <tag>", "only events of tasks with this tag; several times: with any of them", collect)
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
    );
}

/** Adds the options that take away what an endpoint has. */
export function withoutFields(command: Command): Command {
  return command
    .option("--no-types", "events of all types")
    .option("--no-agent", "events of all agents")
    .option("--no-tag", "events of all tasks")
    .option("--no-notices", "what its format tells where nothing is chosen")
    .option("--no-description", "no description")
    .option("--no-quiet", "no quiet hours")
    .option("--no-digest", "no digest")
    .option("--no-passes", "nothing passes quiet hours and digest")
    .option("--no-answers", "no buttons");
}

/**
 * What the flags come to, for the call that adds or edits an endpoint; null for what is to go.
 * @param current the endpoint that is edited
 * @throws CommandError
 */
export async function fieldsOf(
  client: ApiClient,
  flags: FieldFlags,
  current?: WebhookEndpointView,
): Promise<Record<string, unknown>> {
  const { answers, agent, format } = flags;
  const ids = agent
    ? await Promise.all(agent.map(async (name) => (await findAgent(client, name)).id))
    : agent;
  const asked =
    answers === undefined || answers === false ? answers : Array.isArray(answers) ? { users: answers } : {};
  return {
    types: orNull(flags.types),
    agentIds: orNull(ids),
    tags: orNull(flags.tag),
    notices: orNull(flags.notices),
    description: orNull(flags.description),
    format,
    quiet: quietOf(flags, current?.quiet),
    digestMinutes: orNull(flags.digest),
    passes: orNull(flags.passes),
    answers: orNull(asked),
  };
}

/** From the environment, as others on this machine can see what stands on a command line. */
export function slackTokens(): { botToken?: string; appToken?: string } {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = process.env;
  return { ...(botToken ? { botToken } : {}), ...(appToken ? { appToken } : {}) };
}

function orNull<Value>(value: Value | false | undefined): Value | null | undefined {
  return value === false ? null : value;
}

/** Quiet hours keep their time zone, and a time zone that is given alone the hours. */
function quietOf(
  { quiet, timeZone }: FieldFlags,
  current: QuietHours | undefined,
): QuietHours | null | undefined {
  const zone = timeZone ?? current?.timeZone ?? localTimeZone();
  if (quiet) return { ...quiet, timeZone: zone };
  if (timeZone === undefined) return quiet === false ? null : undefined;
  if (quiet === false || !current) throw wrongUse("--time-zone is for quiet hours: give --quiet, too.");
  return { ...current, timeZone };
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

/** @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}
