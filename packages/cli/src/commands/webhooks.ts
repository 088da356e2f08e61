import { deliverySchema, webhookEndpointSchema, webhookSecretSchema } from "@mission-control/protocol";
import type { Command } from "commander";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { ENDPOINT_ARGUMENT, ENDPOINTS, findEndpoint, listEndpoints } from "../client/webhooks-lookup.ts";
import { CommandError, refuseEmptyEdit, wrongUse } from "../terminal/command-error.ts";
import { print, printJson, table } from "../terminal/output.ts";
import { configureDeliveries } from "./webhook-deliveries.ts";
import {
  type FieldFlags,
  fieldsOf,
  slackTokens,
  wholeNumber,
  withFields,
  withoutFields,
} from "./webhook-fields.ts";

interface WebhookFlags extends ServerFlags {
  json?: boolean;
}

interface EditFlags extends WebhookFlags, FieldFlags {
  to?: string;
  tokens?: boolean;
}

export function configure(command: Command): void {
  configureEndpoints(command);
  configureEdit(command);
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
          items.map((endpoint) => {
            const { id, url, status, behind, waiting } = endpoint;
            const { description = "", statusReason = "", answersError = "" } = endpoint;
            return [
              id,
              status,
              `${behind} behind`,
              `${waiting} waiting`,
              description,
              url,
              statusReason,
              answersError,
            ];
          }),
        ),
      );
    });

  withFields(withServerFlags(command.command("add")))
    .description("Deliver events to a URL from now on; the signing secret is printed this once")
    .argument("<url>", "where they are sent to")
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
    .action(async (url: string, flags: WebhookFlags & FieldFlags) => {
      const client = connect(flags);
      const tokens = flags.format === "slack_app" ? slackTokens() : {};
      const fields = { url, ...(await fieldsOf(client, flags)), ...tokens };
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
    .description("Send an endpoint a test message; exit 0 when it was delivered")
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
        print(`Delivered to ${url} in ${made?.durationMs} ms${status}.`);
      }
      if (tested.state !== "delivered") throw new CommandError(made?.error ?? "It was not delivered.");
    });
}

function configureEdit(command: Command): void {
  const edit = withServerFlags(command.command("edit"))
    .description("Change what an endpoint gets, when and where: what is not given stays as it is")
    .argument("<endpoint>", ENDPOINT_ARGUMENT)
    .option("--to <url>", "where events are sent to from now on; what waits is tried there at once");
  withoutFields(withFields(edit))
    .option("--tokens", "give an app of Slack the tokens that are in the environment now")
    .option("--json", "print the endpoint as JSON")
    .addHelpText(
      "after",
      `
Examples:
  mission-control webhooks edit "Our chat" --to https://example.com/other-hook
  mission-control webhooks edit "Our chat" --types complete,error --agent builder --agent tester --no-tag
  mission-control webhooks edit Ann --quiet 20:00-08:00 --no-digest --answers U0123456789

It keeps its secret and its place in the log: webhooks rotate, on, off and replay change those.`,
    )
    .action(async (named: string, flags: EditFlags) => {
      const client = connect(flags);
      const current = await findEndpoint(client, named);
      const tokens = flags.tokens || flags.format === "slack_app" ? slackTokens() : {};
      if (flags.tokens && Object.keys(tokens).length === 0) {
        throw wrongUse("--tokens takes them from SLACK_BOT_TOKEN and SLACK_APP_TOKEN, and neither is set.");
      }
      const fields = { url: flags.to, ...(await fieldsOf(client, flags, current)), ...tokens };
      refuseEmptyEdit(fields, "--types or --no-types");
      // What is asked for rests on the endpoint as it was read, such as the time zone of its quiet hours.
      const edited = await client.patch(`${ENDPOINTS}/${current.id}`, fields, webhookEndpointSchema, {
        "If-Match": `"${current.updatedAt}"`,
      });
      if (flags.json) return printJson(edited);
      print(`${edited.url} (${edited.id}) is changed.`);
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
