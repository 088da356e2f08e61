import { createdAgentSchema, type Endpoint, type PermissionPolicy } from "@mission-control/protocol";
import { type Command, InvalidArgumentError } from "commander";
import { findAgent, listAgents } from "../client/agents-lookup.ts";
import type { ApiClient } from "../client/api-client.ts";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { collect } from "../terminal/collect.ts";
import { CommandError, wrongUse } from "../terminal/command-error.ts";
import { print, printJson, table } from "../terminal/output.ts";

interface AddFlags extends ServerFlags {
  endpoint?: string;
  openclaw?: string;
  gateway?: string;
  capability?: string[];
  concurrency?: number;
  allowTool?: string[];
  allowCommand?: string[];
  denyOthers?: boolean;
  json?: boolean;
}

const NONE = `No agents yet. mission-control agents detect finds those on this machine and says how to run each; one that is
reached by its URL, or behind a gateway, is added with mission-control agents add.`;

export function configure(command: Command): void {
  withServerFlags(command.command("list", { isDefault: true }))
    .description("List agents and what they are doing")
    .option("--json", "print the agents as JSON")
    .action(async (flags: ServerFlags & { json?: boolean }) => {
      const items = await listAgents(connect(flags));
      if (flags.json) return printJson(items);
      if (items.length === 0) return print(NONE);
      const rows = items.map(({ name, status, running, queued, id, statusReason = "" }) => {
        return [name, status, `${running} running`, `${queued} queued`, id, statusReason];
      });
      print(table(rows));
    });

  withServerFlags(command.command("add"))
    .description("Register an agent; an HTTP agent's secret is printed this once")
    .argument("<name>", "the agent's name")
    .option("--endpoint <url>", "the URL of an HTTP agent")
    .option("--openclaw <agentId>", "the agent's id on an OpenClaw Gateway, such as main")
    .option("--gateway <id>", "with --openclaw: which gateway (default: the first)")
    .option("--capability <word>", "what it can do; may be given several times", collect)
    .option("--concurrency <number>", "how many tasks it takes at a time (default 1)", concurrency)
    .option("--allow-tool <name>", "a tool that it need not ask you for; may be given several times", collect)
    .option(
      "--allow-command <words>",
      "how a command begins that it need not ask you for; may be given several times",
      collect,
    )
    .option("--deny-others", "deny what it asks for beside those, instead of asking you")
    .option("--json", "print the agent as JSON")
    .addHelpText(
      "after",
      `
Examples:
  mission-control agents add builder --endpoint http://127.0.0.1:5000 --capability code
  mission-control agents add main --openclaw main`,
    )
    .action(async (name: string, flags: AddFlags) => {
      const fields = {
        name,
        capabilities: flags.capability,
        concurrency: flags.concurrency,
        endpoint: endpointOf(flags),
        permissions: policyOf(flags),
      };
      const client = connect(flags);
      await refuseTaken(client, name);
      const agent = await client.post("/api/agents", fields, createdAgentSchema);
      if (flags.json) return printJson(agent);
      print(`${agent.name} is ${agent.id}.`);
      if (agent.secret) print(`Its secret, shown this once: ${agent.secret}`);
    });

  withServerFlags(command.command("rm"))
    .description("Remove an agent that has no work")
    .argument("<name>", "the agent's name or id")
    .action(async (name: string, flags: ServerFlags) => {
      const client = connect(flags);
      const agent = await findAgent(client, name);
      await client.delete(`/api/agents/${agent.id}`);
      print(`${agent.name} (${agent.id}) is removed.`);
    });

  command
    .command("detect")
    .description("Find the agents on this machine, and say how to connect each")
    .option("--json", "print them as JSON")
    .action(detect);
}

/** The runner is a larger part: loaded when it is asked for. */
async function detect(flags: { json?: boolean }): Promise<void> {
  const { detectAgents, formatDetected } = await import("@mission-control/runner");
  const found = await detectAgents();
  if (flags.json) printJson(found);
  else print(formatDetected(found));
}

/** Two agents of one name could both be told apart by their ids alone, and the first's secret is good for itself only. */
async function refuseTaken(client: ApiClient, name: string): Promise<void> {
  const taken = (await listAgents(client)).find((agent) => agent.name === name);
  if (!taken) return;
  throw new CommandError(
    `There is an agent "${name}" already, ${taken.id}: choose another name, or remove that one first with mission-control agents rm ${taken.id}`,
  );
}

/** Which requests are answered without the operator; undefined where all are asked. */
function policyOf({ allowTool, allowCommand, denyOthers }: AddFlags): Partial<PermissionPolicy> | undefined {
  if (!allowTool && !allowCommand && !denyOthers) return undefined;
  return {
    allowTools: allowTool ?? [],
    allowCommands: allowCommand ?? [],
    otherwise: denyOthers ? "deny" : "ask",
  };
}

function endpointOf({ endpoint, openclaw, gateway }: AddFlags): Endpoint {
  if ((endpoint === undefined) === (openclaw === undefined)) {
    throw wrongUse("Say how the agent is reached: either --endpoint or --openclaw.");
  }
  if (endpoint !== undefined) return { kind: "http", url: endpoint };
  return {
    kind: "openclaw",
    agentId: openclaw ?? "",
    ...(gateway === undefined ? {} : { gatewayId: gateway }),
  };
}

function concurrency(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw new InvalidArgumentError("It must be a whole number from 1 to 1000.");
}
