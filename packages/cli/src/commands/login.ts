import type { Command } from "commander";
import { z } from "zod";
import { connect, type ServerFlags, withServerFlags } from "../client/server-access.ts";
import { print, printJson } from "../terminal/output.ts";

const linkSchema = z.object({ url: z.string(), expiresAt: z.string() });

export function configure(command: Command): void {
  withServerFlags(command)
    .option("--json", "print the link as JSON")
    .addHelpText(
      "after",
      `
The link is good once, for ten minutes; the browser stays logged in for 30 days.

Examples:
  mission-control login
  mission-control login --url https://mc.example.com --token "$TOKEN"`,
    )
    .action(async (flags: ServerFlags & { json?: boolean }) => {
      const link = await connect(flags).post("/api/log-in-links", {}, linkSchema);
      if (flags.json) printJson(link);
      else print(`Log in once, within 10 minutes: ${link.url}`);
    });
}
