import pg from "pg";
import { alternate, type Bench, type Table } from "../bench.ts";
import { cpuSeconds, cpuSecondsOfFamily } from "../measure/process.ts";
import { count, median, medianOf, ms, percent, ratio, withSpread } from "../measure/statistics.ts";
import { startNats } from "../subjects/nats.ts";
import { startPostgres } from "../subjects/postgres.ts";
import type { Subject } from "../subjects/subject.ts";

const NODES = [1, 2, 3, 4];
const CONNECTIONS = 64;
const READERS = 2000;
/** Events a second while there are so many readers. */
const EVENTS_TO_READERS = 50;

/** What takes callbacks together: one server, or several on one database. Started anew for each run. */
interface Fleet {
  name: string;
  start(): Promise<Subject[]>;
  /** CPU time of PostgreSQL and of NATS so far, in seconds; 0 where there is none, or it is in the server. */
  databaseCpu: () => number;
  natsCpu: () => number;
}

/** The servers of a fleet that runs. */
interface Running extends Fleet {
  nodes: readonly Subject[];
}

/**
 * How many durable callbacks a second several servers on one PostgreSQL answer together, how soon readers see them, and
 * what that costs, with each server reading the log from PostgreSQL and with NATS bringing it.
 */
export const nodes: Table = {
  name: "nodes",
  title: "Several servers on one PostgreSQL, with and without NATS",
  document: "docs/scaling.md",
  async measure(bench: Bench) {
    const { fleets, notes } = await fleetsOf(bench);
    const found = await alternate(bench.runs, fleets, async (fleet) => {
      const running: Running = { ...fleet, nodes: await fleet.start() };
      const run = {
        ...(await flooded(bench, running)),
        ...(await idle(bench, running)),
        ...(await crowded(bench, running)),
      };
      for (const node of running.nodes) await bench.end(node);
      return run;
    });
    const reference = medianOf(found.get("R"), ({ perSecond }) => perSecond);
    const rows = [...found].map(([name, runs]) => {
      const perSecond = runs.map((run) => run.perSecond);
      const load = ({ servers, database, nats }: Cpu) => [servers, database, nats].map(percent).join(" · ");
      const middle = (cpuOf: (run: (typeof runs)[number]) => Cpu): Cpu => ({
        servers: medianOf(runs, (run) => cpuOf(run).servers),
        database: medianOf(runs, (run) => cpuOf(run).database),
        nats: medianOf(runs, (run) => cpuOf(run).nats),
      });
      return [
        name,
        withSpread(perSecond, count),
        ratio(median(perSecond) / reference),
        ms(medianOf(runs, ({ p50 }) => p50)),
        ms(medianOf(runs, ({ p99 }) => p99)),
        load(middle(({ cpu }) => cpu)),
        withSpread(
          runs.map(({ seenP50 }) => seenP50),
          ms,
        ),
        withSpread(
          runs.map(({ seenP99 }) => seenP99),
          ms,
        ),
        ms(medianOf(runs, ({ crowdP50 }) => crowdP50)),
        ms(medianOf(runs, ({ crowdP99 }) => crowdP99)),
        load(middle(({ crowdCpu }) => crowdCpu)),
      ];
    });
    return {
      columns: [
        "",
        "callbacks/s",
        "× R",
        "p50 answer",
        "p99 answer",
        "CPU: servers · PostgreSQL · NATS",
        "event at a reader p50",
        "p99",
        `at ${count(READERS)} readers p50`,
        "p99",
        "CPU: servers · PostgreSQL · NATS",
      ],
      rows,
      notes: [
        `Callbacks: ${CONNECTIONS} kept connections in all, spread over the servers, one request in flight each, after a quarter as many to each server. An event at a reader: of 80 callbacks a second to the first server, at a stream of the last. At ${count(READERS)} readers: streams spread over the servers, ${EVENTS_TO_READERS} callbacks a second to the first; every reader has every event, or the run fails. 1 core = 100 %, all servers together. PostgreSQL and NATS (its stream in a file) on the same machine, by loopback, \`fsync\` of PostgreSQL on. R stores nothing.`,
        ...notes,
      ],
    };
  },
};

async function fleetsOf(bench: Bench): Promise<{ fleets: Fleet[]; notes: string[] }> {
  const [build] = bench.builds;
  if (!build) throw new Error("There is no build to measure.");
  const none = () => 0;
  const fleets: Fleet[] = [...bench.starters(["R"])].map(([name, start]) => ({
    name: name === build.label ? "one, SQLite" : name,
    start: async () => [await start()],
    databaseCpu: none,
    natsCpu: none,
  }));
  const database = await startPostgres();
  bench.keep({ close: () => database.discard() });
  const nats = await startNats();
  if (nats) bench.keep({ close: () => nats.discard() });
  const databaseCpu = () => cpuSecondsOfFamily(database.pid);
  let schemas = 0;
  const start = async (size: number, environment: Record<string, string>) => {
    const schema = `nodes_${++schemas}`;
    const client = new pg.Client(database.url());
    await client.connect();
    await client.query(`CREATE SCHEMA ${schema}`);
    await client.end();
    const env = { DATABASE_URL: database.url(schema), ...environment };
    const servers: Subject[] = [];
    for (let node = 0; node < size; node++) servers.push(await bench.server(build, { env }));
    return servers;
  };
  for (const size of bench.small ? [2] : NODES) {
    fleets.push({
      name: `${size}, PostgreSQL`,
      start: () => start(size, {}),
      databaseCpu,
      natsCpu: none,
    });
    if (!nats) continue;
    fleets.push({
      name: `${size}, PostgreSQL and NATS`,
      start: async () => {
        const servers = await start(size, { NATS_URL: nats.url });
        await followNats(servers);
        return servers;
      },
      databaseCpu,
      natsCpu: () => cpuSeconds(nats.pid),
    });
  }
  return { fleets, notes: nats ? [] : ["NATS is not measured: nats-server is not here."] };
}

/** Waits until one server publishes and all others follow by NATS. */
async function followNats(servers: readonly Subject[]): Promise<void> {
  // There has to be an event that NATS can bring.
  await servers[0]?.targets(1);
  const waysOf = async ({ port, streamHeaders: headers }: Subject) => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
    return /^mission_control_nats_(publishing|following) 1$/m.exec(text)?.[1];
  };
  for (;;) {
    const ways = await Promise.all(servers.map(waysOf));
    if (ways.every((way) => way !== undefined)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** CPU that was used, in cores. */
interface Cpu {
  servers: number;
  database: number;
  nats: number;
}

/** Measures the CPU between the call and the call of the answer. */
function watchCpu({ nodes, databaseCpu, natsCpu }: Running): (seconds: number) => Cpu {
  const now = () => ({
    servers: nodes.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    database: databaseCpu(),
    nats: natsCpu(),
  });
  const before = now();
  return (seconds) => {
    const after = now();
    return {
      servers: (after.servers - before.servers) / seconds,
      database: (after.database - before.database) / seconds,
      nats: (after.nats - before.nats) / seconds,
    };
  };
}

/** As many callbacks as they take. */
async function flooded(bench: Bench, fleet: Running) {
  const { nodes } = fleet;
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
  const callbacks = bench.size(12_000, 200);
  // Each run has new processes, whose code is not compiled yet: each is warmed up as one alone is.
  if (!bench.small) await send((callbacks / 4) * nodes.length);
  const cpuSince = watchCpu(fleet);
  const reports = await send(callbacks);
  const begun = Math.min(...reports.map(({ startedAt }) => startedAt));
  const seconds = (Math.max(...reports.map(({ finishedAt }) => finishedAt)) - begun) / 1e6;
  for (const one of senders) await one.close();
  return {
    perSecond: reports.reduce((sum, { sent }) => sum + sent, 0) / seconds,
    p50: median(reports.map(({ p50 }) => p50)),
    p99: Math.max(...reports.map(({ p99 }) => p99)),
    cpu: cpuSince(seconds),
  };
}

/** Few callbacks at the first, seen at the last. */
async function idle(bench: Bench, { nodes }: Running) {
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

/** A steady flow of events to many readers, a share of them at each server. */
async function crowded(bench: Bench, fleet: Running) {
  const { nodes } = fleet;
  const share = Math.ceil(bench.size(READERS, 20) / nodes.length);
  const farms = await Promise.all(nodes.map((node) => bench.readers(node, { count: share })));
  const [first] = nodes as [Subject];
  const senders = await bench.senders(first, { connections: 1, targets: await first.targets(1) });
  const seen = (events: number) => Promise.all(farms.map((farm) => farm.waitFor(events)));
  const warmUp = await senders.send({ perSecond: EVENTS_TO_READERS, count: bench.size(50, 5) });
  await seen(warmUp.sent);
  for (const farm of farms) await farm.reset();
  const cpuSince = watchCpu(fleet);
  const begun = performance.now();
  const callbacks = bench.size(8 * EVENTS_TO_READERS, 20);
  await senders.send({ perSecond: EVENTS_TO_READERS, count: callbacks });
  const reports = await seen(warmUp.sent + callbacks);
  const crowdCpu = cpuSince((performance.now() - begun) / 1000);
  for (const farm of farms) await farm.close();
  await senders.close();
  return {
    crowdP50: median(reports.map(({ p50 }) => p50)),
    crowdP99: Math.max(...reports.map(({ p99 }) => p99)),
    crowdCpu,
  };
}
