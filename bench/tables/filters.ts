import { alternate, type Bench, type Table } from "../bench.ts";
import { watchCpu } from "../measure/process.ts";
import { median, medianOf, ms, percent, withSpread } from "../measure/statistics.ts";

/** Readers that each want another task: an event must cost one delivery, not a look at every reader. */
export const filters: Table = {
  name: "filters",
  title: "1,000 readers, each with another `taskId` filter, 1,000 events a second",
  async measure(bench: Bench) {
    const taskCount = bench.size(1000, 20);
    const perSecond = bench.size(1000, 100);
    const rows: string[][] = [];
    for (const build of bench.builds) {
      const server = await bench.server(build);
      const targets = await server.targets(taskCount);
      const own = {
        count: taskCount,
        paths: targets.map(({ taskId }) => server.streamPath(taskId)),
        mustHold: targets.map(({ taskId }) => `"taskId":"${taskId}"`),
      };
      const cases = [
        { name: "no reader", readers: undefined },
        { name: "1 reader of all tasks", readers: { count: 1 } },
        { name: `${taskCount} readers, each of its own task`, readers: own },
      ];
      const seconds = bench.size(4, 1);
      const found = await alternate(bench.runs, cases, async ({ readers: wanted }) => {
        const senders = await bench.senders(server, { connections: bench.size(32, 4), targets });
        const readers = wanted && (await bench.readers(server, wanted));
        const cpu = watchCpu(server.pid);
        const report = await senders.send({ perSecond, count: perSecond * seconds });
        const seen = await readers?.waitFor(wanted === own ? report.sentTo : report.sent);
        const share = cpu();
        await readers?.close();
        await senders.close();
        return { share, seen };
      });
      const base = medianOf(found.get(cases[0]?.name ?? ""), (run) => run.share);
      for (const [name, runs] of found) {
        const shares = runs.map((run) => run.share);
        const seen = runs.flatMap((run) => run.seen ?? []);
        rows.push([
          build.label,
          name,
          withSpread(shares, percent),
          percent(median(shares) - base),
          ...(seen.length > 0
            ? [ms(medianOf(seen, (s) => s.p50)), ms(medianOf(seen, (s) => s.p99))]
            : ["", ""]),
        ]);
      }
    }
    return {
      columns: ["", "readers", "server CPU", "over no reader", "p50", "p99"],
      rows,
      notes: [`Every reader got its own task's events alone, each once, in order.`],
    };
  },
};
