import type { Bench, Table } from "../bench.ts";
import { memory } from "../measure/process.ts";
import { count, median, medianOf, megabytes, ms, ratio, withSpread } from "../measure/statistics.ts";
import type { MissionControl } from "../subjects/mission-control.ts";

const LIVE_READERS = 100;
const LIVE_PER_SECOND = 50;

/** How fast a reader that was away gets the whole log, and what the readers that stayed notice of it. */
export const replay: Table = {
  name: "replay",
  title: "Replay of the log",
  async measure(bench: Bench) {
    const events = bench.size(1_000_000, 5000);
    const rows: string[][] = [];
    for (const build of bench.builds) {
      const data = await bench.seed(build, { events, tasks: bench.size(100_000, 500) });
      const env = { MISSION_CONTROL_RETENTION_EVENTS: String(events * 10) };
      const server = await bench.server(build, { data, env });
      for (const readers of bench.small ? [1, 3] : [1, 100]) {
        const runs = readers === 1 ? bench.runs : Math.min(bench.runs, 2);
        const found = [];
        for (let run = 0; run < runs; run++) found.push(await replayTo(bench, server, readers));
        const live = found.map((one) => one.liveP99 / one.idleP99);
        rows.push([
          build.label,
          String(readers),
          count(found[0]?.events ?? 0),
          withSpread(
            found.map((one) => one.perSecond),
            count,
          ),
          `${medianOf(found, (one) => one.seconds).toFixed(1)} s`,
          ms(medianOf(found, (one) => one.idleP99)),
          ms(medianOf(found, (one) => one.liveP99)),
          ratio(median(live)),
          megabytes(medianOf(found, (one) => one.grown)),
        ]);
      }
    }
    const columns = ["", "readers", "events each", "events/s, all readers", "time"];
    return {
      columns: [...columns, "live p99, idle", "live p99 meanwhile", "× idle", "server memory grown"],
      rows,
      notes: [
        `From \`Last-Event-ID: 0\`, unfiltered; every id is checked to be the one before plus one. Meanwhile ${LIVE_READERS} other readers get ${LIVE_PER_SECOND} live events a second.`,
      ],
    };
  },
};

async function replayTo(bench: Bench, server: MissionControl, count: number) {
  const connections = 4;
  const senders = await bench.senders(server, { connections, targets: await server.targets(connections) });
  const live = await bench.readers(server, { count: bench.size(LIVE_READERS, 5) });
  const idle = await senders.send({ perSecond: LIVE_PER_SECOND, count: LIVE_PER_SECOND * bench.size(4, 1) });
  const idleP99 = (await live.waitFor(idle.sent)).p99;
  await live.reset();
  const before = memory(server.pid).resident;
  const events = await server.lastEventId();
  let over = false;
  let sent = idle.sent;
  const sending = (async () => {
    while (!over)
      sent += (await senders.send({ perSecond: LIVE_PER_SECOND, count: LIVE_PER_SECOND / 5 })).sent;
  })();
  const replayed = await bench.readers(server, {
    count,
    paths: ["/api/events"],
    lastEventId: "0",
    contiguous: true,
    atOnce: true,
  });
  try {
    const report = await replayed.waitFor(events, 600_000, true);
    const seconds = (report.finishedAt - replayed.startedAt) / 1e6;
    over = true;
    await sending;
    const { p99: liveP99 } = await live.waitFor(sent);
    const grown = memory(server.pid).resident - before;
    return { events, seconds, perSecond: (events * count) / seconds, idleP99, liveP99, grown };
  } finally {
    over = true;
    await replayed.close();
    await live.close();
    await senders.close();
  }
}
