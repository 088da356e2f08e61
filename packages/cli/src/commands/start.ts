import type { App } from "@mission-control/server";
import type { Command } from "commander";
import { type SettingsFlags, withSettingsFlags } from "../server/settings-flags.ts";
import { startServer, stop } from "../server/start-server.ts";
import { letYoungHeapGrow } from "../server/young-heap.ts";
import { print, printJson } from "../terminal/output.ts";
import { untilInterrupted } from "../terminal/until-interrupted.ts";

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
      // Once it is known, also where any port will do: a server that restarts is still where it was.
      let port = "";
      do {
        const app = await startServer({ flags: port ? { ...flags, port } : flags });
        port = new URL(app.url).port;
        letYoungHeapGrow();
        if (flags.json) printJson({ url: app.url, loginUrl: app.loginUrl });
        else print(greeting(app));
        const ended = AbortSignal.any([interrupted, app.putBack]);
        if (!ended.aborted) {
          await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
        }
        await stop(app);
      } while (!interrupted.aborted);
    });
}

function greeting({ url, loginUrl, tokenFile }: App): string {
  const token = tokenFile === null ? "the one it was started with" : `in ${tokenFile}`;
  return [
    `Mission Control is at ${url} — log in once, within 10 minutes: ${loginUrl}`,
    `A new link: ${ownCommand()} login. The token, which logs in too, is ${token}. Stop with Ctrl-C.`,
  ].join("\n");
}

/** How this command is called here: in a clone, where npm has started it, it is on no path. */
function ownCommand(): string {
  return process.env.npm_lifecycle_event === undefined ? "mission-control" : "npx mission-control";
}
