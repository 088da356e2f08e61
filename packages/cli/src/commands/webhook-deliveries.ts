import {
  type DeliveryView,
  deliveryDetailSchema,
  deliveryPageSchema,
  deliverySchema,
  deliveryStateSchema,
} from "@mission-control/protocol";
import { type Command, InvalidArgumentError } from "commander";
import type { ApiClient } from "../client/api-client.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { ENDPOINT_ARGUMENT, findEndpoint } from "../client/webhooks-lookup.ts";
import { print, printJson, table } from "../terminal/output.ts";
import { wholeNumber } from "./webhook-fields.ts";

interface DeliveriesFlags extends ServerFlags {
  endpoint?: string;
  state?: string;
  limit: number;
  json?: boolean;
}

/** The commands about deliveries, below those about webhooks. */
export function configureDeliveries(command: Command): void {
  withServerFlags(command.command("deliveries"))
    .description("List deliveries, newest first; or show one with what is sent and what was answered")
    .argument("[id]", "a delivery's id")
    .option("--endpoint <endpoint>", ENDPOINT_ARGUMENT)
    .option("--state <state>", `only those: ${deliveryStateSchema.options.join(", ")}`, state)
    .option("--limit <number>", "so many at most", wholeNumber, 50)
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

async function printDelivery(client: ApiClient, id: string, { json }: DeliveriesFlags): Promise<void> {
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

function state(text: string): string {
  if (deliveryStateSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError(`It must be ${deliveryStateSchema.options.join(", ")}.`);
}
