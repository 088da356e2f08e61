import pg from "pg";
import { alternate, type Bench, type Table } from "../bench.ts";
import { cpuSeconds, cpuSecondsOfFamily } from "../measure/process.ts";
import { count, median, medianOf, ms, percent, ratio, withSpread } from "../measure/statistics.ts";
import { startPostgres } from "../subjects/postgres.ts";
import type { Subject } from "../subjects/subject.ts";

const NODES = [1, 2, 3];
const CONNECTIONS = 64;

/** What takes callbacks together: one server, or several on one database. */
interface Fleet {
  name: string;
  nodes: readonly Subject[];
  /** CPU time of the database so far, in seconds; 0 where it is in the server. */
  databaseCpu: () => number;
}

/** How many durable callbacks a second several servers on one PostgreSQL answer together, and how soon readers see them. */
export const nodes: Table = {
  name: "nodes",
  title: "Several servers on one PostgreSQL",
  document: "docs/scaling.md",
  async measure(bench: Bench) {
    const fleets = await startFleets(bench);
    const found = await alternate(bench.runs, fleets, async (fleet) => ({
      ...(await flooded(bench, fleet)),
      ...(await idle(bench, fleet)),
    }));
    const reference = medianOf(found.get("R"), ({ perSecond }) => perSecond);
    const rows = [...found].map(([name, runs]) => {
      const perSecond = runs.map((run) => run.perSecond);
      return [
        name,
        withSpread(perSecond, count),
        ratio(median(perSecond) / reference),
        ms(medianOf(runs, ({ p50 }) => p50)),
        ms(medianOf(runs, ({ p99 }) => p99)),
        percent(medianOf(runs, ({ cpu }) => cpu)),
        percent(medianOf(runs, ({ databaseCpu }) => databaseCpu)),
        withSpread(
          runs.map(({ seenP50 }) => seenP50),
          ms,
        ),
        withSpread(
          runs.map(({ seenP99 }) => seenP99),
          ms,
        ),
      ];
    });
    return {
      columns: [
        "",
        "callbacks/s",
        "× R",
        "p50 answer",
        "p99 answer",
        "CPU of the servers (1 core = 100 %)",
        "CPU of PostgreSQL",
        "event at a reader p50",
        "p99",
      ],
      rows,
      notes: [
        `${CONNECTIONS} kept connections in all, spread over the servers, one request in flight each. PostgreSQL on the same machine, by loopback, \`fsync\` on. An event at a reader: of 80 callbacks a second to the first server, at a stream of the last. R stores nothing.`,
      ],
    };
  },
};

async function startFleets(bench: Bench): Promise<Fleet[]> {
  const [build] = bench.builds;
  if (!build) throw new Error("There is no build to measure.");
  const alone = await bench.subjects(["R"]);
  const fleets: Fleet[] = alone.map((subject) => ({
    name: subject.name === build.label ? "one, SQLite" : subject.name,
    nodes: [subject],
    databaseCpu: () => 0,
  }));
  const database = await startPostgres();
  bench.keep({ close: () => database.discard() });
  for (const size of bench.small ? [2] : NODES) {
    const schema = `nodes_${size}`;
    const client = new pg.Client(database.url());
    await client.connect();
    await client.query(`CREATE SCHEMA ${schema}`);
    await client.end();
    const servers: Subject[] = [];
    for (let node = 0; node < size; node++) {
      servers.push(await bench.server(build, { env: { DATABASE_URL: database.url(schema) } }));
    }
    fleets.push({
      name: `${size}, PostgreSQL`,
      nodes: servers,
      databaseCpu: () => cpuSecondsOfFamily(database.pid),
    });
  }
  return fleets;
}

/** As many callbacks as they take. */
async function flooded(bench: Bench, { nodes, databaseCpu }: Fleet) {
  const targets = await (nodes[0] as Subject).targets(CONNECTIONS);
  const share = Math.floor(CONNECTIONS / nodes.length);
  const senders = await Promise.all(
    nodes.map((subject, index) => {
      const own = targets.slice(index * share, (index + 1) * share);
      return bench.senders(subject, { connections: share, targets: own });
    }),
  );
  const send = (callbacks: number) =>
    Promise.all(senders.map((one) => one.send({ count: Math.ceil(callbacks / nodes.length) })));
  const callbacks = bench.size(20_000, 200);
  if (!bench.small) await send(callbacks / 10);
  const cpuOf = () => nodes.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const before = { servers: cpuOf(), database: databaseCpu() };
  const reports = await send(callbacks);
  const begun = Math.min(...reports.map(({ startedAt }) => startedAt));
  const seconds = (Math.max(...reports.map(({ finishedAt }) => finishedAt)) - begun) / 1e6;
  for (const one of senders) await one.close();
  return {
    perSecond: reports.reduce((sum, { sent }) => sum + sent, 0) / seconds,
    p50: median(reports.map(({ p50 }) => p50)),
    p99: Math.max(...reports.map(({ p99 }) => p99)),
    cpu: (cpuOf() - before.servers) / seconds,
    databaseCpu: (databaseCpu() - before.database) / seconds,
  };
}

/** Few callbacks at the first, seen at the last. */
async function idle(bench: Bench, { nodes }: Fleet) {
  const [first, last] = [nodes[0] as Subject, nodes.at(-1) as Subject];
  const readers = await bench.readers(last, { count: 1 });
  const senders = await bench.senders(first, { connections: 1, targets: await first.targets(1) });
  const warmUp = await senders.send({ perSecond: 80, count: bench.size(80, 10) });
  await readers.waitFor(warmUp.sent);
  await readers.reset();
  const callbacks = bench.size(400, 20);
  await senders.send({ perSecond: 80, count: callbacks });
  const { p50: seenP50, p99: seenP99 } = await readers.waitFor(warmUp.sent + callbacks);
  await readers.close();
  await senders.close();
  return { seenP50, seenP99 };
}
