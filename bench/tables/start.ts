import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alternate, type Bench, type Table } from "../bench.ts";
import { memory } from "../measure/process.ts";
import { count, medianOf, megabytes, ms, withSpread } from "../measure/statistics.ts";

/** How soon after its start the server can take callbacks, on a new folder and on a full one. */
export const start: Table = {
  name: "start",
  title: "Ready after start",
  async measure(bench: Bench) {
    const size = { events: bench.size(1_000_000, 2000), tasks: bench.size(100_000, 200) };
    const rows: string[][] = [];
    const folders: string[] = [];
    const full = `${count(size.events)} events, ${count(size.tasks)} tasks`;
    try {
      const cases = [];
      for (const build of bench.builds) {
        const folder = await mkdtemp(join(tmpdir(), "bench-start-"));
        folders.push(folder);
        await cp(await bench.seed(build, size), folder, { recursive: true });
        cases.push(
          { name: `${build.label}, empty`, build, options: {} },
          { name: `${build.label}, ${full}`, build, options: { folder } },
        );
      }
      const found = await alternate(bench.runs, cases, async ({ build, options }) => {
        const server = await bench.server(build, options);
        const held = memory(server.pid).resident;
        await bench.end(server);
        return { readyAfter: server.readyAfter, held };
      });
      for (const [name, runs] of found) {
        const readyAfter = runs.map((run) => run.readyAfter);
        rows.push([name, withSpread(readyAfter, ms), megabytes(medianOf(runs, (run) => run.held))]);
      }
    } finally {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    }
    return {
      columns: ["data folder", "ready after", "memory then (RSS)"],
      rows,
      notes: [
        "From the start of the process (Node.js itself included) to the first answer of `/readyz`; the files are in the page cache.",
      ],
    };
  },
};
