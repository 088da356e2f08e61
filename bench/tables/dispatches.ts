import type { Bench, Table } from "../bench.ts";
import type { AgentCalls } from "../load/agent-process.ts";
import { LoadProcess } from "../load/channel.ts";
import { cpuSeconds } from "../measure/process.ts";
import { count, medianOf, ms, percent, withSpread } from "../measure/statistics.ts";
import { atOnce, type MissionControl } from "../subjects/mission-control.ts";

const REQUESTS_AT_ONCE = 16;

/** A long queue worked off by agents that finish at once: dispatch → accepted → complete → the next one. */
export const dispatches: Table = {
  name: "dispatches",
  title: "Dispatches to HTTP agents",
  async measure(bench: Bench) {
    const agentCount = bench.size(64, 4);
    const queue = bench.size(10_000, 40);
    const rows: string[][] = [];
    for (const build of bench.builds) {
      const runs = [];
      for (let run = 0; run < Math.min(bench.runs, 3); run++) {
        const server = await bench.server(build);
        const process = new LoadProcess<AgentCalls>(new URL("../load/agent-process.ts", import.meta.url));
        try {
          runs.push(await workOff(server, process, agentCount, queue));
        } finally {
          await process.close();
          await bench.end(server);
        }
      }
      rows.push([
        build.label,
        withSpread(
          runs.map((run) => run.queuedPerSecond),
          count,
        ),
        withSpread(
          runs.map((run) => run.dispatchedPerSecond),
          count,
        ),
        percent(medianOf(runs, (run) => run.cpu)),
        ms(medianOf(runs, (run) => run.cpuMsEach)),
      ]);
    }
    const columns = ["", "queued/s", "dispatched and completed/s", "server CPU meanwhile", "CPU time each"];
    return {
      columns,
      rows,
      notes: [
        `${agentCount} agents with one slot each, ${count(queue)} tasks. Queued: two REST calls each (create, dispatch) over ${REQUESTS_AT_ONCE} connections. Then the agents complete whatever reaches them; each dispatch is four durable steps (sending, accepted, completed, and the next one's start) and two HTTP exchanges. Every dispatch arrived once and every task ended \`completed\`.`,
      ],
    };
  },
};

async function workOff(
  server: MissionControl,
  process: LoadProcess<AgentCalls>,
  agentCount: number,
  queue: number,
) {
  const { url } = await process.call("start", { port: server.port, secret: server.secret });
  const agents: string[] = [];
  for (let index = 0; index < agentCount; index++) {
    const agent = { name: `Agent ${index}`, concurrency: 1, endpoint: { kind: "http", url } };
    agents.push((await server.post<{ id: string }>("/api/agents", agent)).id);
  }
  const queuedFrom = performance.now();
  await atOnce(queue, REQUESTS_AT_ONCE, async (index) => {
    const task = await server.post<{ id: string }>("/api/tasks", { title: `Queued task ${index}` });
    await server.post(`/api/tasks/${task.id}/dispatch`, { agentId: agents[index % agentCount] });
  });
  const queuedPerSecond = queue / ((performance.now() - queuedFrom) / 1000);
  const cpuBefore = cpuSeconds(server.pid);
  const { completed, milliseconds } = await process.call("release", { count: queue });
  const cpu = cpuSeconds(server.pid) - cpuBefore;
  const arrived = await process.call("accepted", undefined as never);
  if (arrived !== queue || completed !== queue) {
    throw new Error(
      `${arrived} dispatches arrived and ${completed} were completed where ${queue} were queued.`,
    );
  }
  const open = await server.get<{ items: unknown[] }>("/api/tasks?status=in_progress&limit=1");
  if (open.items.length > 0) throw new Error("A task is still in progress after all were completed.");
  return {
    queuedPerSecond,
    dispatchedPerSecond: queue / (milliseconds / 1000),
    cpu: cpu / (milliseconds / 1000),
    cpuMsEach: (cpu * 1000) / queue,
  };
}
