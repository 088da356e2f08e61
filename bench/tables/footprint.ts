import { execFileSync } from "node:child_process";
import { cpSync, globSync, statSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, Table } from "../bench.ts";
import { settledMemory } from "../measure/process.ts";
import { median, megabytes, ms, withSpread } from "../measure/statistics.ts";
import { freePort, launch } from "../subjects/launch.ts";
import type { Build } from "../subjects/mission-control.ts";

/** What the server takes while it does nothing, on disk, and until its page is there. */
export const footprint: Table = {
  name: "footprint",
  title: "Idle memory, installed size, first page",
  async measure(bench: Bench) {
    const rows: string[][] = [];
    for (const build of bench.builds) {
      const idle: { resident: number; proportional: number }[] = [];
      const pages: number[] = [];
      for (let run = 0; run < Math.min(bench.runs, 3); run++) {
        const server = await bench.server(build);
        idle.push(await settledMemory(server.pid, bench.size(5000, 100)));
        await bench.end(server);
        pages.push(await npmStart(build));
      }
      const resident = idle.map((one) => one.resident);
      const proportional = idle.map((one) => one.proportional);
      // The registry is asked for every package: too slow for a check.
      const size = bench.small ? undefined : await installedSize(build);
      rows.push([
        build.label,
        withSpread(resident, megabytes),
        megabytes(median(proportional)),
        size ? `${megabytes(size.total)} (Node.js ${megabytes(size.node)})` : "",
        withSpread(pages, ms),
      ]);
    }
    return {
      columns: ["", "idle memory (RSS)", "idle memory (PSS)", "installed size", "`npm start` to the page"],
      rows,
      notes: [
        "Idle: an empty data folder, when memory no longer moves. Installed: `npm install --omit=dev` of a clean copy, the built packages and the Node.js binary. The page: built before; the time includes npm and the check of what is out of date.",
      ],
    };
  },
};

/** Milliseconds from `npm start` to an answer of the page. */
async function npmStart(build: Build): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "bench-page-"));
  const port = await freePort();
  const running = await launch({
    command: "npm",
    args: ["start"],
    cwd: build.root,
    env: { PORT: String(port), MISSION_CONTROL_DATA_DIR: folder },
    readyUrl: `http://127.0.0.1:${port}/`,
  });
  await running.stop();
  await rm(folder, { recursive: true, force: true });
  return running.readyAfter;
}

/** Bytes of a production install: packages without test dependencies, what is built, and the runtime. */
async function installedSize(build: Build): Promise<{ total: number; node: number }> {
  const folder = await mkdtemp(join(tmpdir(), "bench-install-"));
  try {
    const kept = globSync(
      [
        "package.json",
        "package-lock.json",
        ".npmrc",
        "packages/*/package.json",
        "packages/*/dist",
        "packages/*/bin",
        "bench/package.json",
      ],
      { cwd: build.root },
    );
    for (const path of kept) cpSync(join(build.root, path), join(folder, path), { recursive: true });
    // Not `npm ci`: it refuses a lock file written where a mirror lacks the packages of other platforms.
    execFileSync("npm", ["install", "--omit=dev", "--ignore-scripts"], { cwd: folder, stdio: "pipe" });
    const node = statSync(await realpath(process.execPath)).size;
    return { total: sizeOf(folder) + node, node };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sizeOf(folder: string): number {
  return Number(execFileSync("du", ["-sb", folder], { encoding: "utf8" }).split("\t")[0]);
}
