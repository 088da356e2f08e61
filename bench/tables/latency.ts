import { alternate, type Bench, type Table } from "../bench.ts";
import { medianOf, ms, withSpread } from "../measure/statistics.ts";

/** The time from sending a callback to its event at a reader, when nothing else happens. */
export const latency: Table = {
  name: "latency",
  title: "Callback sent → its event at a reader, idle",
  async measure(bench: Bench) {
    const subjects = await bench.subjects(["R", "nchan"]);
    const callbacks = bench.size(400, 20);
    const found = await alternate(bench.runs, subjects, async (subject) => {
      const readers = await bench.readers(subject, { count: 1 });
      const senders = await bench.senders(subject, { connections: 1, targets: await subject.targets(1) });
      const warmUp = await senders.send({ perSecond: 100, count: bench.size(100, 10) });
      await readers.waitFor(warmUp.sent);
      await readers.reset();
      const report = await senders.send({ perSecond: 80, count: callbacks });
      const seen = await readers.waitFor(warmUp.sent + callbacks);
      await readers.close();
      await senders.close();
      return { ...seen, answer: report.p50 };
    });
    const reference = found.get("R");
    const rows = [...found].map(([name, runs]) => {
      const over = (figure: (run: (typeof runs)[0]) => number) =>
        ms(medianOf(runs, figure) - medianOf(reference, figure));
      const p50 = runs.map((run) => run.p50);
      const p99 = runs.map((run) => run.p99);
      return [
        name,
        withSpread(p50, ms),
        over((run) => run.p50),
        withSpread(p99, ms),
        over((run) => run.p99),
        ms(medianOf(runs, (run) => run.answer)),
      ];
    });
    return {
      columns: ["", "p50", "p50 over R", "p99", "p99 over R", "p50 of the answer"],
      rows,
      notes: ["One connection, one reader, 80 callbacks a second. nchan verifies and stores nothing."],
    };
  },
};
