import type { LogEvent, PermissionPolicy } from "@mission-control/protocol";

/** How often each rule of a policy has answered. */
export interface RuleUses {
  tools: ReadonlyMap<string, number>;
  commands: ReadonlyMap<string, number>;
  denied: number;
}

/** Counts which rules answered, from the events of an agent's questions. */
export function countUses(events: readonly Pick<LogEvent, "data">[]): RuleUses {
  const tools = new Map<string, number>();
  const commands = new Map<string, number>();
  let denied = 0;
  for (const { data } of events) {
    if (data.by !== "policy" || typeof data.matched !== "object" || data.matched === null) continue;
    if (Array.isArray(data.matched)) continue;
    const { command, tool, otherwise } = data.matched;
    if (typeof command === "string") commands.set(command, (commands.get(command) ?? 0) + 1);
    else if (typeof tool === "string") tools.set(tool, (tools.get(tool) ?? 0) + 1);
    else if (otherwise === "deny") denied += 1;
  }
  return { tools, commands, denied };
}

/** Whether a policy leaves everything to the operator. */
export function asksAlways(policy: PermissionPolicy | undefined): boolean {
  return (
    !policy ||
    (policy.otherwise === "ask" && policy.allowTools.length === 0 && policy.allowCommands.length === 0)
  );
}

/** The rules somebody wrote, one a line, without those that stand there twice. */
export function readRules(written: string): string[] {
  const lines = written.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))];
}

/** What runs whatever it is given: allowed by its name alone, it allows everything. */
const RUNS_ANYTHING: ReadonlySet<string> = new Set([
  "bash",
  "bun",
  "cmd",
  "command",
  "deno",
  "doas",
  "env",
  "eval",
  "exec",
  "fish",
  "ksh",
  "nice",
  "node",
  "nohup",
  "npx",
  "perl",
  "php",
  "pnpx",
  "powershell",
  "pwsh",
  "python",
  "python3",
  "ruby",
  "sh",
  "ssh",
  "sudo",
  "su",
  "timeout",
  "uvx",
  "watch",
  "xargs",
  "zsh",
]);

/** The first of the commands that would allow everything; undefined where none does. */
export function tooWide(commands: readonly string[]): string | undefined {
  return commands.find((command) => {
    const program = command.replace(/^.*[\\/]/, "");
    return !/\s/.test(command) && RUNS_ANYTHING.has(program);
  });
}
