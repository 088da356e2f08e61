import { CommandError } from "../terminal/command-error.ts";
import { version } from "../terminal/version.ts";

const NAME = "@mission-control/server";

/** What the server's package offers. */
export type ServerPackage = typeof import("@mission-control/server");

/**
 * Loads the server, a package of its own: a machine that only runs agents, or reports, does without it.
 * @throws CommandError that says what to install where it is missing
 */
export async function loadServer(): Promise<ServerPackage> {
  if (!isInstalled()) {
    throw new CommandError(
      `This command needs the server, which is not installed here: npm install ${NAME}@${version()}, in the folder or with the flags (such as -g) with which this one was installed.`,
    );
  }
  return import("@mission-control/server");
}

function isInstalled(): boolean {
  try {
    import.meta.resolve(NAME);
    return true;
  } catch {
    return false;
  }
}
