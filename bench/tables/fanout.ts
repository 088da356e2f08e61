import { alternate, type Bench, type Table } from "../bench.ts";
import { cpuSeconds } from "../measure/process.ts";
import { count, median, medianOf, ms, percent, ratio, withSpread } from "../measure/statistics.ts";

/** How many events a second reach how many readers, as fast as it goes. */
export const fanout: Table = {
  name: "fanout",
  title: "Fan-out, as fast as it goes",
  async measure(bench: Bench) {
    const subjects = await bench.subjects(["R", "nchan"]);
    const rows: string[][] = [];
    for (const readerCount of bench.small ? [20] : [100, 1000, 5000]) {
      for (const connections of bench.small ? [8] : [8, 64]) {
        const found = await alternate(bench.runs, subjects, async (subject) => {
          const senders = await bench.senders(subject, {
            connections,
            targets: await subject.targets(connections),
          });
          const readers = await bench.readers(subject, { count: readerCount });
          const cpuBefore = cpuSeconds(subject.pid);
          const report = await senders.send({ milliseconds: bench.size(1500, 300) });
          const seen = await readers.waitFor(report.sent);
          const seconds = (seen.finishedAt - report.startedAt) / 1e6;
          const cpu = (cpuSeconds(subject.pid) - cpuBefore) / seconds;
          await readers.close();
          await senders.close();
          return {
            perSecond: seen.deliveries / seconds,
            cpu,
            cpuEach: (cpu * seconds) / seen.deliveries,
            p50: seen.p50,
            p99: seen.p99,
            lost: seen.reconnects,
          };
        });
        const rateOf = (name: string) => medianOf(found.get(name), (run) => run.perSecond);
        for (const [name, runs] of found) {
          const perSecond = runs.map((run) => run.perSecond);
          rows.push([
            count(readerCount),
            String(connections),
            name,
            withSpread(perSecond, count),
            ratio(median(perSecond) / rateOf("R")),
            ratio(median(perSecond) / rateOf("nchan")),
            ms(medianOf(runs, (run) => run.p50)),
            ms(medianOf(runs, (run) => run.p99)),
            percent(medianOf(runs, (run) => run.cpu)),
            `${(medianOf(runs, (run) => run.cpuEach) * 1e6).toFixed(2)} µs`,
            String(Math.max(...runs.map((run) => run.lost))),
          ]);
        }
      }
    }
    return {
      columns: [
        "readers",
        "senders",
        "",
        "deliveries/s",
        "× R",
        "× nchan",
        "p50",
        "p99",
        "CPU",
        "CPU time each",
        "cut off, came back",
      ],
      rows,
      notes: [
        "Senders keep one callback in flight each. The time ends when the last reader has the last event; every reader has every event, each once, in order, or the run fails.",
      ],
    };
  },
};
