import type { Bench, Table } from "../bench.ts";
import { count, medianOf, ms, ratio, withSpread } from "../measure/statistics.ts";
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
        `${medianOf(runs, (run) => run.pruning.seconds)} s`,
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

/** Sends, a second at a time, until `surplus` events are gone from the log; a few seconds when none are to go. */
async function send(bench: Bench, server: MissionControl, surplus = 0) {
  const senders = await bench.senders(server, {
    connections: CONNECTIONS,
    targets: await server.targets(CONNECTIONS),
  });
  const startedAt = performance.now();
  const seconds: { p50: number; p99: number }[] = [];
  try {
    do {
      seconds.push(await senders.send({ perSecond: PER_SECOND, count: PER_SECOND }));
      if (performance.now() - startedAt > LIMIT_MS)
        throw new Error("The surplus of the log was not pruned in time.");
    } while (seconds.length < bench.size(5, 1) || !(await isPruned(server, surplus)));
    return {
      p50: medianOf(seconds, ({ p50 }) => p50),
      p99: medianOf(seconds, ({ p99 }) => p99),
      seconds: seconds.length,
    };
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
