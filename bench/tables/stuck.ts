import { alternate, type Bench, type Table } from "../bench.ts";
import { memory } from "../measure/process.ts";
import { count, medianOf, megabytes, ms, withSpread } from "../measure/statistics.ts";

/** Bytes added to a callback, so that what is unsent to one reader soon is more than is kept for it. */
const PADDING = 4096;

/** What one reader that stops reading does to the others, and to the server's memory. */
export const stuck: Table = {
  name: "stuck",
  title: "One reader that stops reading",
  async measure(bench: Bench) {
    const readerCount = bench.size(1000, 20);
    const perSecond = bench.size(200, 100);
    const cases = [
      { name: "all read", stuck: 0 },
      { name: "one stops reading", stuck: 1 },
    ];
    const rows: string[][] = [];
    for (const build of bench.builds) {
      const server = await bench.server(build);
      const connections = bench.size(32, 4);
      const targets = await server.targets(connections);
      const found = await alternate(bench.runs, cases, async ({ stuck }) => {
        const senders = await bench.senders(server, { connections, targets, padding: PADDING });
        const readers = await bench.readers(server, { count: readerCount, stuck });
        const before = memory(server.pid).resident;
        const report = await senders.send({ perSecond, count: perSecond * bench.size(5, 1) });
        const others = await readers.waitFor(report.sent);
        const grown = memory(server.pid).resident - before;
        const burst = await senders.send({ milliseconds: bench.size(2000, 300) });
        await readers.waitFor(report.sent + burst.sent);
        const grownByBurst = memory(server.pid).resident - before;
        await readers.resumeStuck();
        const all = await readers.waitFor(report.sent + burst.sent);
        await readers.close();
        await senders.close();
        return { p50: others.p50, p99: others.p99, grown, grownByBurst, cutOff: all.reconnects };
      });
      for (const [name, runs] of found) {
        rows.push([
          build.label,
          name,
          ms(medianOf(runs, (run) => run.p50)),
          withSpread(
            runs.map((run) => run.p99),
            ms,
          ),
          megabytes(medianOf(runs, (run) => run.grown)),
          megabytes(medianOf(runs, (run) => run.grownByBurst)),
          runs.map((run) => run.cutOff).join(", "),
        ]);
      }
    }
    return {
      columns: [
        "",
        "",
        "p50 of the others",
        "p99 of the others",
        "memory grown",
        "… after the burst",
        "cut off, came back",
      ],
      rows,
      notes: [
        `${count(readerCount)} readers, ${perSecond} events a second, then a burst as fast as it goes. Afterwards the one that had stopped reads on, and must have every event as well: from what was kept for it, or after it was cut off and came back with its last id.`,
      ],
    };
  },
};
