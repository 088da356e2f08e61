import { alternate, type Bench, type Table } from "../bench.ts";
import { watchCpu } from "../measure/process.ts";
import { count, medianOf, ms, percent, withSpread } from "../measure/statistics.ts";

/** A steady flow to many readers: how late it comes and what it costs. */
export const steady: Table = {
  name: "steady",
  title: "200 events a second to many readers",
  async measure(bench: Bench) {
    const all = await bench.subjects(["R", "nchan"]);
    const perSecond = bench.size(200, 50);
    const rows: string[][] = [];
    for (const readerCount of bench.small ? [20] : [1000, 5000]) {
      const subjects = all.filter(
        ({ name }) => readerCount <= 1000 || bench.builds.some(({ label }) => label === name),
      );
      const found = await alternate(bench.runs, subjects, async (subject) => {
        const connections = bench.size(32, 4);
        const senders = await bench.senders(subject, {
          connections,
          targets: await subject.targets(connections),
        });
        const readers = await bench.readers(subject, { count: readerCount });
        const warmUp = await senders.send({ perSecond: perSecond / 10, count: perSecond / 10 });
        await readers.waitFor(warmUp.sent);
        await readers.reset();
        const cpu = watchCpu(subject.pid);
        const loadCpu = watchCpu(readers.pid);
        const report = await senders.send({ perSecond, count: perSecond * bench.size(3, 1) });
        const seen = await readers.waitFor(warmUp.sent + report.sent);
        const shares = { cpu: cpu(), loadCpu: loadCpu() };
        await readers.close();
        await senders.close();
        const held = report.sent / ((seen.finishedAt - report.startedAt) / 1e6);
        return { ...shares, held, p50: seen.p50, p99: seen.p99, lost: seen.reconnects };
      });
      for (const [name, runs] of found) {
        rows.push([
          count(readerCount),
          name,
          count(medianOf(runs, (run) => run.held)),
          ms(medianOf(runs, (run) => run.p50)),
          withSpread(
            runs.map((run) => run.p99),
            ms,
          ),
          percent(medianOf(runs, (run) => run.cpu)),
          percent(medianOf(runs, (run) => run.loadCpu)),
          String(Math.max(...runs.map((run) => run.lost))),
        ]);
      }
    }
    return {
      columns: [
        "readers",
        "",
        "events/s held",
        "p50",
        "p99",
        "CPU",
        "CPU of the readers' process",
        "cut off, came back",
      ],
      rows,
      notes: [
        `${perSecond} callbacks a second are sent whether or not answers come; a callback that finds no free connection counts from when it was due. Where fewer events a second were held, the queue grew and the latency says how long. What does not hold 1,000 readers is not tried with 5,000.`,
      ],
    };
  },
};
