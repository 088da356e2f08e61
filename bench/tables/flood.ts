import { alternate, type Bench, type Table } from "../bench.ts";
import { LoadProcess } from "../load/channel.ts";
import type { FloodCalls, FloodReport } from "../load/flood-process.ts";
import { watchCpu } from "../measure/process.ts";
import { count, median, medianOf, ms, percent, ratio, withSpread } from "../measure/statistics.ts";
import type { MissionControl } from "../subjects/mission-control.ts";

/** What one agent that sends as fast as it can does to another's callbacks. */
export const flood: Table = {
  name: "flood",
  title: "Another agent's callbacks while one floods",
  async measure(bench: Bench) {
    const connections = bench.size(64, 4);
    const perSecond = 50;
    const seconds = bench.size(8, 1);
    const cases = [
      { name: "idle", flood: undefined },
      { name: `one agent floods over ${connections} connections`, flood: "signed" },
      { name: `… with callbacks nobody signed`, flood: "unsigned" },
    ] as const;
    const rows: string[][] = [];
    for (const build of bench.builds) {
      const server = await bench.server(build, { limits: "standard" });
      const [victim, flooding] = await server.targets(2);
      if (!victim || !flooding) throw new Error("There are no targets.");
      const found = await alternate(bench.runs, cases, async ({ flood }) => {
        const senders = await bench.senders(server, { connections: 1, targets: [victim] });
        await senders.send({ perSecond, count: perSecond });
        const flooder = flood && (await startFlood(bench, server, connections, flooding, flood));
        const cpu = watchCpu(server.pid);
        const { p50, p99 } = await senders.send({ perSecond, count: perSecond * seconds });
        const share = cpu();
        const answers = (await flooder?.stop()) ?? {};
        await senders.close();
        return { p50, p99, share, answers };
      });
      const idle = medianOf(found.get("idle"), (run) => run.p50);
      for (const [name, runs] of found) {
        const p50 = runs.map((run) => run.p50);
        rows.push([
          build.label,
          name,
          withSpread(p50, ms),
          ratio(median(p50) / idle),
          ms(medianOf(runs, (run) => run.p99)),
          percent(medianOf(runs, (run) => run.share)),
          answersPerSecond(
            runs.map((run) => run.answers),
            seconds,
          ),
        ]);
      }
    }
    return {
      columns: [
        "",
        "",
        "p50 of the other's answers",
        "× idle",
        "p99",
        "server CPU",
        "the flood's answers a second",
      ],
      rows,
      notes: [
        `The other sends ${perSecond} callbacks a second over one connection, for ${seconds} s from the flood's first on. The flood sends the next callback as soon as the last was answered, whatever it was told to wait. The limits are the standard ones; the other tables are measured without the limit of a dispatch.`,
      ],
    };
  },
};

async function startFlood(
  bench: Bench,
  server: MissionControl,
  connections: number,
  target: { taskId: string; agentId: string },
  kind: "signed" | "unsigned",
): Promise<{ stop(): Promise<FloodReport> }> {
  const process = bench.keep(
    new LoadProcess<FloodCalls>(new URL("../load/flood-process.ts", import.meta.url)),
  );
  const { port, callbackPath: path } = server;
  const secret = kind === "signed" ? server.secret : undefined;
  await process.call("start", { port, path, connections, secret, target });
  return {
    stop: async () => {
      const report = await process.call("stop", undefined as never);
      await bench.end(process);
      return report;
    },
  };
}

/** Such as `200: 731, 429: 64`. */
function answersPerSecond(runs: readonly FloodReport[], seconds: number): string {
  const statuses = [...new Set(runs.flatMap((run) => Object.keys(run)))].sort();
  return statuses
    .map((status) => `${status}: ${count(medianOf(runs, (run) => (run[status] ?? 0) / seconds))}`)
    .join(", ");
}
