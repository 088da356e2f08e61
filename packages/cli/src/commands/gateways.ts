import {
  createGatewaySchema,
  type GatewayTest,
  type GatewayView,
  gatewaySchema,
  gatewayTestSchema,
} from "@mission-control/protocol";
import type { Command } from "commander";
import { z } from "zod";
import type { ApiClient } from "../client/api-client.ts";
import { findByName } from "../client/by-name.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { CommandError, wrongUse } from "../terminal/command-error.ts";
import { oneLine, print, printJson, table } from "../terminal/output.ts";

const gatewayListSchema = z.object({ items: z.array(gatewaySchema) });

interface GatewayFlags extends ServerFlags {
  gatewayToken?: string;
  name?: string;
  json?: boolean;
}

export function configure(command: Command): void {
  withServerFlags(command.command("list", { isDefault: true }))
    .description("List the gateways and the state of their connections")
    .option("--json", "print the gateways as JSON")
    .action(async (flags: GatewayFlags) => {
      const items = await listGateways(connect(flags));
      if (flags.json) return printJson(items);
      if (items.length === 0) return print("No gateways yet: add one with mission-control gateways add.");
      print(
        table(items.map(({ name, state, url, id, lastError }) => [name, state, url, id, lastError ?? ""])),
      );
    });

  withGatewayFlags(command.command("add"))
    .description("Connect an OpenClaw Gateway, and keep it connected")
    .option("--name <name>", "what it is called (default: its host)")
    .option("--json", "print the gateway as JSON")
    .action(async (url: string, flags: GatewayFlags) => {
      const gateway = await connect(flags).post("/api/gateways", fieldsOf(url, flags), gatewaySchema);
      if (flags.json) return printJson(gateway);
      print(`${gateway.name} is ${gateway.id}: ${gateway.state}. How it goes on: mission-control gateways`);
    });

  withServerFlags(command.command("rm"))
    .description("Disconnect a gateway that no agent uses")
    .argument("<name>", "the gateway's name or id")
    .action(async (name: string, flags: GatewayFlags) => {
      const client = connect(flags);
      const gateway = findByName("gateway", await listGateways(client), name);
      await client.delete(`/api/gateways/${gateway.id}`);
      print(`${gateway.name} (${gateway.id}) is removed.`);
    });

  withGatewayFlags(command.command("test"))
    .description("Try to connect to an OpenClaw Gateway, without keeping it; exit 0 when it works")
    .option("--json", "print what was found as JSON")
    .action(async (url: string, flags: GatewayFlags) => {
      const found = await connect(flags).post("/api/gateways/test", fieldsOf(url, flags), gatewayTestSchema);
      if (flags.json) printJson(found);
      else if (found.ok) print(foundText(found));
      if (!found.ok) throw new CommandError(`${found.state}: ${found.error ?? "no reason known"}`);
    });
}

function withGatewayFlags(command: Command): Command {
  return withServerFlags(command)
    .argument("<url>", "the gateway's address, such as ws://127.0.0.1:18789")
    .option("--gateway-token <token>", "the gateway's token [OPENCLAW_GATEWAY_TOKEN]")
    .addHelpText(
      "after",
      `
Examples:
  mission-control gateways ${command.name()} ws://127.0.0.1:18789
  OPENCLAW_GATEWAY_TOKEN=… mission-control gateways ${command.name()} wss://gateway.example.com`,
    );
}

function fieldsOf(url: string, { gatewayToken, name }: GatewayFlags): object {
  const token = gatewayToken ?? process.env.OPENCLAW_GATEWAY_TOKEN;
  const fields = createGatewaySchema.safeParse({ url, name, token: token || undefined });
  if (fields.success) return fields.data;
  const { path, message } = fields.error.issues[0] ?? { path: [], message: "not valid" };
  // An address may bear a password: it is not repeated.
  if (path[0] === "url") {
    throw wrongUse(
      "The gateway's address must be a ws:// or wss:// URL without credentials, query or fragment.",
    );
  }
  throw wrongUse(`The gateway's ${path.join(".")}: ${message}.`);
}

async function listGateways(client: ApiClient): Promise<GatewayView[]> {
  return (await client.get("/api/gateways", gatewayListSchema)).items;
}

function foundText({ version, elapsedMs, agents }: GatewayTest): string {
  const names = agents.map(({ id }) => oneLine(id)).join(", ") || "none";
  return `Connected in ${Math.round(elapsedMs)} ms (OpenClaw ${version ?? "of an unknown version"}). Agents there: ${names}.`;
}
