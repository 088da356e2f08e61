import type { SettingsSources } from "@mission-control/protocol/settings";
import type { App } from "@mission-control/server";
import { loadServer } from "./server-package.ts";
import { sayWhy } from "./start-failure.ts";

/** A stop has ten seconds (docs/contract.md, section 7); what has not ended by then is left to the next start. */
const STOP_TIMEOUT_MS = 9500;

/**
 * Starts the server in this process, with the settings that flags, the environment and the data folder give.
 * @throws SettingsError, or CommandError that says what to do, also where the server is not installed
 */
export async function startServer(sources: SettingsSources): Promise<App> {
  const { readSettings, startApp, logTo } = await loadServer();
  const settings = readSettings(sources);
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
