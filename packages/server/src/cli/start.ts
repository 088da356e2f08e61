import type { Command } from "commander";
import { type App, startApp } from "../app.ts";
import { readSettings } from "../settings.ts";
import { logTo } from "./log.ts";
import { print, printJson } from "./output.ts";
import { type SettingsFlags, withSettingsFlags } from "./settings-flags.ts";
import { sayWhy } from "./start-failure.ts";
import { untilInterrupted } from "./until-interrupted.ts";
import { letYoungHeapGrow } from "./young-heap.ts";

/** A stop has ten seconds (docs/contract.md, section 7); what has not ended by then is left to the next start. */
const STOP_TIMEOUT_MS = 9500;

export function configure(command: Command): void {
  withSettingsFlags(command)
    .option("--json", "print the address and the log-in link as JSON")
    .addHelpText(
      "after",
      `
Settings come from these flags, then the environment, then mission-control.json in the data folder.
The first start makes the server's keys in the data folder.

Examples:
  mission-control start
  mission-control start --port 8080 --public-url https://mc.example.com
  PORT=8080 MISSION_CONTROL_DATA_DIR=/var/lib/mission-control mission-control start`,
    )
    .action(async (flags: SettingsFlags & { json?: boolean }) => {
      const interrupted = untilInterrupted();
      const app = await start(flags);
      letYoungHeapGrow();
      if (flags.json) printJson({ url: app.url, loginUrl: app.loginUrl });
      else print(`Mission Control is at ${app.url} — log in once, within 10 minutes: ${app.loginUrl}`);
      if (!interrupted.aborted) {
        await new Promise((resolve) => interrupted.addEventListener("abort", resolve, { once: true }));
      }
      await stop(app);
    });
}

async function start(flags: SettingsFlags): Promise<App> {
  const settings = readSettings({ flags });
  return startApp(settings, logTo(settings.logLevel)).catch((error: unknown) => {
    throw sayWhy(error, settings);
  });
}

/** Closes what a command has started; a close that hangs does not keep the process. */
export async function stop(app: Pick<App, "close">): Promise<void> {
  const watchdog = setTimeout(() => {
    process.stderr.write("Stopping took too long; what was not finished is taken up at the next start.\n");
    process.exit(1);
  }, STOP_TIMEOUT_MS);
  await app.close();
  clearTimeout(watchdog);
}
