import type { Command } from "commander";
import { loadServer } from "../server/server-package.ts";
import { sayWhyNotMoved } from "../server/start-failure.ts";
import { wrongUse } from "../terminal/command-error.ts";
import { notice, print, printJson, table } from "../terminal/output.ts";

interface Flags {
  from?: string;
  to?: string;
  json?: boolean;
}

/** Between two lines that say how far it has come, in milliseconds. */
const TELL_MS = 2000;

export function configure(command: Command): void {
  command
    .option("--from <place>", "data folder or postgres:// URL to move from (default: DATABASE_URL)")
    .option("--to <place>", "data folder or postgres:// URL to move into (default: DATABASE_URL)")
    .option("--json", "print what was moved as JSON")
    .addHelpText(
      "after",
      `
Copies everything — tasks, attempts, agents, gateways, sessions, events, receipts, keys — with the ids it has, from
the SQLite database of a data folder into PostgreSQL or back, and compares both afterwards, row by row. Stop every
server first: it is refused while one runs on either. What was moved from stays as it was. If it breaks off, the same
command goes on where it ended; until it is done, no server starts on what is not whole.

Examples:
  DATABASE_URL=postgres://user:password@db/mission mission-control migrate --from ~/.mission-control
  mission-control migrate --from postgres://user:password@db/mission --to /var/lib/mission-control`,
    )
    .action(async ({ from = process.env.DATABASE_URL, to = process.env.DATABASE_URL, json }: Flags) => {
      if (!from || !to || from === to) {
        throw wrongUse("Say where to move from and where to, with --from and --to.");
      }
      const { moveStore, storePlace } = await loadServer();
      const moved = await moveStore(storePlace(from), storePlace(to), progressPrinter()).catch(
        (error: unknown) => {
          throw sayWhyNotMoved(error);
        },
      );
      if (json) printJson({ parts: moved });
      else {
        print(table(moved.map(({ name, count, sha256 }) => [name, String(count), sha256.slice(0, 16)])));
        print("Moved, and the same in both: rows and SHA-256 of each part. Start servers on the new place.");
      }
    });
}

/** Says now and then how far it has come. */
function progressPrinter() {
  let told = performance.now();
  return (step: "copying" | "comparing", part: string, rows: number) => {
    if (performance.now() - told < TELL_MS) return;
    told = performance.now();
    notice(`${step} ${part}: ${rows}`);
  };
}
