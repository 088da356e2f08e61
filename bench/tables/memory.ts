import type { Bench, Table } from "../bench.ts";
import { settledMemory } from "../measure/process.ts";
import { count, kilobytes, median, megabytes, withSpread } from "../measure/statistics.ts";

/** What a reader that only waits costs the server. */
export const memoryPerReader: Table = {
  name: "memory",
  title: "Memory per idle reader",
  async measure(bench: Bench) {
    const readerCount = bench.size(5000, 50);
    const rows: string[][] = [];
    for (const [name, start] of bench.starters(["R", "nchan"])) {
      const before: number[] = [];
      const perReader: number[] = [];
      for (let run = 0; run < bench.runs; run++) {
        const subject = await start();
        const settleMs = bench.size(3000, 100);
        const empty = (await settledMemory(subject.pid, settleMs)).proportional;
        const readers = await bench.readers(subject, { count: readerCount });
        const full = (await settledMemory(subject.pid, settleMs)).proportional;
        before.push(empty);
        perReader.push((full - empty) / readerCount);
        await readers.close();
        await bench.end(subject);
      }
      rows.push([name, megabytes(median(before)), withSpread(perReader, kilobytes)]);
    }
    return {
      columns: ["", "before (PSS)", `per reader (of ${count(readerCount)})`],
      rows,
      notes: [
        "A fresh process each run, its proportional set size when it no longer moves; the kernel's socket buffers are not in it, for nobody.",
      ],
    };
  },
};
