import type { Command } from "commander";
import { type ServerFlags, serverAccess, withServerFlags } from "../client/server-access.ts";
import { CommandError } from "../terminal/command-error.ts";
import { print, printJson } from "../terminal/output.ts";
import { CHECKS, type Check, type CheckContext } from "./doctor-checks.ts";

const MARKS: Readonly<Record<Check["result"], string>> = { ok: "ok  ", failed: "FAIL", skipped: "--  " };

export function configure(command: Command): void {
  withServerFlags(command)
    .option("--json", "print the checks as JSON")
    .addHelpText(
      "after",
      `
Checks the data folder, the server, the token, the clock, the public URL, NATS where it is set, and the gateways.
Exit code 0: all is well, 1: something is not.

Examples:
  mission-control doctor
  mission-control doctor --url https://mc.example.com --token "$TOKEN" --json`,
    )
    .action(async (flags: ServerFlags & { json?: boolean }) => {
      const context: CheckContext = serverAccess(flags);
      const checks: Check[] = [];
      for (const check of CHECKS) checks.push(...(await check(context)));
      const failed = checks.filter(({ result }) => result === "failed");
      if (flags.json) printJson({ ok: failed.length === 0, checks });
      else for (const check of checks) print(lineOf(check));
      if (failed.length > 0) {
        throw new CommandError(`${failed.length} of ${checks.length} checks failed.`);
      }
    });
}

function lineOf({ result, name, detail, advice }: Check): string {
  return `${MARKS[result]}  ${name}: ${detail}${advice === undefined ? "" : `\n      ${advice}`}`;
}
