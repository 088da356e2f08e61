import type { Bench, Table } from "../bench.ts";
import { count, median, medianOf, ms, ratio, withSpread } from "../measure/statistics.ts";
import type { MissionControl } from "../subjects/mission-control.ts";

const PER_SECOND = 200;
const CONNECTIONS = 16;
const LIMIT_MS = 120_000;

/** Callbacks while the oldest tenth of the log is being removed. */
export const retention: Table = {
  name: "retention",
  title: "Retention pruning while callbacks arrive",
  async measure(bench: Bench) {
    const events = bench.size(1_000_000, 5000);
    const surplus = bench.size(100_000, 500);
    const rows: string[][] = [];
    for (const build of bench.builds) {
      const data = await bench.seed(build, { events, tasks: bench.size(100_000, 500) });
      const runs = [];
      for (let run = 0; run < Math.min(bench.runs, 3); run++) {
        const idle = await send(bench, await bench.server(build, { data, env: keep(events * 10) }));
        const pruning = await send(
          bench,
          await bench.server(build, { data, env: keep(events - surplus) }),
          surplus,
        );
        runs.push({ idle, pruning });
      }
      rows.push([
        build.label,
        count(surplus),
        `${medianOf(runs, (run) => run.pruning.seconds).toFixed(1)} s`,
        ms(medianOf(runs, (run) => run.idle.p50)),
        ms(medianOf(runs, (run) => run.pruning.p50)),
        withSpread(
          runs.map((run) => run.idle.p99),
          ms,
        ),
        withSpread(
          runs.map((run) => run.pruning.p99),
          ms,
        ),
        ratio(medianOf(runs, (run) => run.pruning.p99 / run.idle.p99)),
      ]);
    }
    const columns = [
      "",
      "events pruned",
      "within",
      "p50, idle",
      "p50, pruning",
      "p99, idle",
      "p99, pruning",
      "× idle",
    ];
    return {
      columns,
      rows,
      notes: [
        `${PER_SECOND} callbacks a second over ${CONNECTIONS} connections, time to the durable answer, on a log of ${count(events)} events; idle is the same without anything to prune.`,
      ],
    };
  },
};

const keep = (events: number) => ({ MISSION_CONTROL_RETENTION_EVENTS: String(events) });

/** Sends until `surplus` events are gone from the log, or for a few seconds when there are none to go. */
async function send(bench: Bench, server: MissionControl, surplus = 0) {
  const senders = await bench.senders(server, {
    connections: CONNECTIONS,
    targets: await server.targets(CONNECTIONS),
  });
  const startedAt = performance.now();
  const p50: number[] = [];
  const p99: number[] = [];
  try {
    do {
      const report = await senders.send({ perSecond: PER_SECOND, count: PER_SECOND * bench.size(5, 1) });
      p50.push(report.p50);
      p99.push(report.p99);
      if (performance.now() - startedAt > LIMIT_MS)
        throw new Error("The surplus of the log was not pruned in time.");
    } while (!(await isPruned(server, surplus)));
    return { p50: median(p50), p99: Math.max(...p99), seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    await senders.close();
    await bench.end(server);
  }
}

/** Whether the log has no event up to this position any more. */
async function isPruned(server: MissionControl, position: number): Promise<boolean> {
  const page = await server.get<{ items: unknown[] }>(`/api/events/history?before=${position + 1}&limit=1`);
  return page.items.length === 0;
}
