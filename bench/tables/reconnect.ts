import { alternate, type Bench, type Table } from "../bench.ts";
import { cpuSeconds } from "../measure/process.ts";
import { count, median, medianOf, withSpread } from "../measure/statistics.ts";

/** All readers coming back at the same moment, as after a restart of the server or of a proxy. */
export const reconnect: Table = {
  name: "reconnect",
  title: "All readers reconnecting at once, 1,000 events back",
  async measure(bench: Bench) {
    const readerCount = bench.size(5000, 50);
    const missed = bench.size(1000, 100);
    const rows: string[][] = [];
    const servers = [];
    for (const build of bench.builds) servers.push(await bench.server(build));
    const found = await alternate(bench.runs, servers, async (server) => {
      const connections = 16;
      const senders = await bench.senders(server, {
        connections,
        targets: await server.targets(connections),
      });
      const lastEventId = String(await server.lastEventId());
      await senders.send({ count: missed });
      const cpuBefore = cpuSeconds(server.pid);
      const readers = await bench.readers(server, { count: readerCount, lastEventId, atOnce: true });
      const caughtUp = await readers.waitFor(missed);
      const cpu = cpuSeconds(server.pid) - cpuBefore;
      const live = await senders.send({ perSecond: 20, count: 10 });
      await readers.waitFor(missed + live.sent);
      await readers.close();
      await senders.close();
      const since = (end: number) => (end - readers.startedAt) / 1e6;
      return { opened: since(readers.openedAt), live: since(caughtUp.finishedAt), cpu };
    });
    const seconds = (value: number) => `${value.toFixed(2)} s`;
    for (const [name, runs] of found) {
      const live = runs.map((run) => run.live);
      rows.push([
        name,
        seconds(medianOf(runs, (run) => run.opened)),
        withSpread(live, seconds),
        seconds(medianOf(runs, (run) => run.cpu)),
        count((readerCount * missed) / median(live)),
      ]);
    }
    return {
      columns: ["", "all open after", "all live after", "server CPU time", "events/s"],
      rows,
      notes: [
        `${count(readerCount)} connections opened at the same moment, each with an id ${count(missed)} events back; live means that it has every event it missed. Events sent afterwards reach all of them, with none missing between.`,
      ],
    };
  },
};
