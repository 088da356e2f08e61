import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ADDRESS_FILE } from "@mission-control/protocol/settings";
import type { Logger } from "./logger.ts";

/**
 * Says in the data folder where this server listens, for the commands on the same machine, until it is closed. Where
 * that cannot be written, as on a full disk, the commands need `--url`, and the server runs all the same.
 * @param url as a browser on this machine opens it
 */
export function publishAddress(folder: string, url: string, logger: Logger): { close(): void } {
  const file = join(folder, ADDRESS_FILE);
  const draft = `${file}.draft`;
  try {
    writeFileSync(draft, `${url}\n`, { mode: 0o600 });
    renameSync(draft, file);
  } catch (error) {
    logger.warn({ err: error }, "where the server listens could not be written to the data folder");
    rmSync(draft, { force: true });
  }
  return { close: () => rmSync(file, { force: true }) };
}
