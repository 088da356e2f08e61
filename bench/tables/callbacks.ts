import { alternate, type Bench, type Table } from "../bench.ts";
import { cpuSeconds } from "../measure/process.ts";
import { count, median, medianOf, ms, percent, ratio, withSpread } from "../measure/statistics.ts";

const CONNECTIONS = [1, 16, 64, 256];

/** How many durable callbacks a second the server answers, beside a reference that stores nothing. */
export const callbacks: Table = {
  name: "callbacks",
  title: "Durable callbacks accepted per second",
  async measure(bench: Bench) {
    const subjects = await bench.subjects(["R"]);
    const rows: string[][] = [];
    for (const connections of bench.small ? [1, 16] : CONNECTIONS) {
      const callbacks = bench.size(connections === 1 ? 3000 : 20_000, 200);
      const found = await alternate(bench.runs, subjects, async (subject) => {
        const senders = await bench.senders(subject, {
          connections,
          targets: await subject.targets(connections),
        });
        if (!bench.small) await senders.send({ count: callbacks / 10 });
        const cpuBefore = cpuSeconds(subject.pid);
        const report = await senders.send({ count: callbacks });
        const seconds = (report.finishedAt - report.startedAt) / 1e6;
        const cpu = (cpuSeconds(subject.pid) - cpuBefore) / seconds;
        await senders.close();
        const { p50, p99 } = report;
        return { perSecond: report.sent / seconds, p50, p99, cpu, cpuEach: (cpu * seconds) / report.sent };
      });
      const reference = medianOf(found.get("R"), (run) => run.perSecond);
      for (const [name, runs] of found) {
        const perSecond = runs.map((run) => run.perSecond);
        rows.push([
          String(connections),
          name,
          withSpread(perSecond, count),
          ratio(median(perSecond) / reference),
          ms(medianOf(runs, (run) => run.p50)),
          ms(medianOf(runs, (run) => run.p99)),
          percent(medianOf(runs, (run) => run.cpu)),
          `${Math.round(medianOf(runs, (run) => run.cpuEach) * 1e6)} µs`,
        ]);
      }
    }
    return {
      columns: [
        "connections",
        "",
        "callbacks/s",
        "× R",
        "p50 answer",
        "p99 answer",
        "CPU (1 core = 100 %)",
        "CPU time each",
      ],
      rows,
      notes: [
        "Keep-alive connections, one request in flight each, a task each; requests signed before the clock starts. An answer means: on disk (SQLite, WAL, `synchronous=FULL`). R stores nothing.",
      ],
    };
  },
};
