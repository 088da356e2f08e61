import { alternate, type Bench, type Table } from "../bench.ts";
import { LoadProcess } from "../load/channel.ts";
import type { WebhookCalls } from "../load/webhook-process.ts";
import { watchCpu } from "../measure/process.ts";
import { count, medianOf, ms, percent, withSpread } from "../measure/statistics.ts";
import type { MissionControl } from "../subjects/mission-control.ts";

const READERS = 100;

interface Case {
  name: string;
  endpoints: number;
  types: string[];
}

/** What webhooks cost the streams: a steady flow of events with endpoints and without, of one build. */
export const outbound: Table = {
  name: "outbound",
  title: "1,000 events a second, with webhooks and without",
  async measure(bench: Bench) {
    const many = bench.size(100, 5);
    const perSecond = bench.size(1000, 50);
    const cases: Case[] = [
      { name: "no endpoint", endpoints: 0, types: [] },
      { name: "1 endpoint that gets all", endpoints: 1, types: ["activity"] },
      { name: `${many} endpoints that get none`, endpoints: many, types: ["gateway"] },
      { name: `${many} endpoints that get all`, endpoints: many, types: ["activity"] },
    ];
    const receiver = bench.keep(
      new LoadProcess<WebhookCalls>(new URL("../load/webhook-process.ts", import.meta.url)),
    );
    const { url } = await receiver.call("start", undefined as never);
    const [build] = bench.builds;
    if (!build) throw new Error("There is no build to measure.");
    const found = await alternate(bench.runs, cases, async ({ endpoints, types }) => {
      const server = await bench.server(build, { env: { MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS: "true" } });
      for (let index = 0; index < endpoints; index++) await addEndpoint(server, url, types);
      const connections = bench.size(32, 4);
      const targets = await server.targets(connections);
      const senders = await bench.senders(server, { connections, targets });
      const readers = await bench.readers(server, { count: bench.size(READERS, 5) });
      const warmUp = await senders.send({ perSecond: perSecond / 10, count: perSecond / 10 });
      await readers.waitFor(warmUp.sent);
      await readers.reset();
      await receiver.call("takeCount", undefined as never);
      const cpu = watchCpu(server.pid);
      const report = await senders.send({ perSecond, count: perSecond * bench.size(5, 1) });
      const seen = await readers.waitFor(warmUp.sent + report.sent);
      const seconds = (seen.finishedAt - report.startedAt) / 1e6;
      const delivered = (await receiver.call("takeCount", undefined as never)) / seconds;
      const share = cpu();
      await readers.close();
      await senders.close();
      await bench.end(server);
      return { share, delivered, held: report.sent / seconds, p50: seen.p50, p99: seen.p99 };
    });
    const rows = [...found].map(([name, runs]) => [
      name,
      count(medianOf(runs, (run) => run.held)),
      ms(medianOf(runs, (run) => run.p50)),
      withSpread(
        runs.map((run) => run.p99),
        ms,
      ),
      count(medianOf(runs, (run) => run.delivered)),
      percent(medianOf(runs, (run) => run.share)),
    ]);
    return {
      columns: ["", "events/s held", "p50 at a reader", "p99", "webhooks/s delivered meanwhile", "CPU"],
      rows,
      notes: [
        `${count(READERS)} streams are open. What an endpoint is not sent at once waits in the log, and comes later: deliveries give way to callbacks and streams.`,
      ],
    };
  },
};

async function addEndpoint({ rest }: MissionControl, url: string, types: string[]): Promise<void> {
  await rest.ask("POST", "/api/webhooks/endpoints", JSON.stringify({ url, types }));
}
