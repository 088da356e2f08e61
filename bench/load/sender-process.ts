import { createHmac, randomUUID } from "node:crypto";
import { monotonicMicros } from "../measure/clock.ts";
import { Histogram } from "../measure/histogram.ts";
import { CallbackConnection } from "./callback-connection.ts";
import { serve } from "./channel.ts";
import { stampMessage } from "./message.ts";

/** Who a callback speaks for. */
export interface Target {
  taskId: string;
  agentId: string;
}

export interface OpenSenders {
  port: number;
  path: string;
  connections: number;
  /** The shared callback secret; absent: the requests are not signed. */
  secret?: string | undefined;
  /** Dealt out over the connections, so that each one's callbacks stay in order. At least one a connection. */
  targets: Target[];
  /** Bytes of text added to every callback. */
  padding?: number;
}

export type SendPlan =
  /** As fast as the answers come: `count` in all, made and signed before the clock starts. */
  | { count: number }
  /** As fast as the answers come, made and signed on the way, for this long. */
  | { milliseconds: number }
  /** This many a second, whether or not answers come in time, `count` in all. */
  | { perSecond: number; count: number };

export interface SendReport {
  sent: number;
  /** The same for each target, in their order. */
  sentTo: number[];
  /** First byte sent and last answer received, in microseconds of the monotonic clock. */
  startedAt: number;
  finishedAt: number;
  /** Milliseconds from sending to the answer. */
  p50: number;
  p99: number;
  max: number;
}

interface Lane {
  connection: CallbackConnection;
  targets: Target[];
  turn: number;
  ready: string[];
}

const answers = new Histogram();
const run = randomUUID().slice(0, 8);
const sequences = new Map<Target, number>();
let options: OpenSenders;
let lanes: Lane[] = [];
let made = 0;
let reported: number[] = [];

const calls = {
  /** Opens the keep-alive connections. */
  async open(opening: OpenSenders): Promise<void> {
    closeAll();
    options = opening;
    reported = [];
    for (let index = 0; index < opening.connections; index++) {
      const targets = opening.targets.filter((_, place) => place % opening.connections === index);
      if (targets.length === 0) throw new Error("There are fewer targets than connections.");
      lanes.push({ connection: new CallbackConnection(opening.port), targets, turn: 0, ready: [] });
    }
    await Promise.all(lanes.map((lane) => lane.connection.opened));
  },

  /** Sends by the plan; answers when the last callback was answered. Any answer but 2xx fails it. */
  async send(plan: SendPlan): Promise<SendReport> {
    answers.reset();
    if ("perSecond" in plan) return sendPaced(plan.perSecond, plan.count);
    if ("count" in plan) return sendPrepared(plan.count);
    return sendFor(plan.milliseconds);
  },

  close(): void {
    closeAll();
  },
};
export type SenderCalls = typeof calls;

function closeAll(): void {
  for (const lane of lanes) lane.connection.close();
  lanes = [];
}

async function sendPrepared(count: number): Promise<SendReport> {
  for (let index = 0; index < count; index++) {
    const lane = lanes[index % lanes.length] as Lane;
    lane.ready.push(nextRequest(lane, 0));
  }
  return measured(async () => {
    const sent = lanes.map(async (lane) => {
      const { ready } = lane;
      for (const request of ready) await exchange(lane, request, monotonicMicros());
      lane.ready = [];
      return ready.length;
    });
    return sum(await Promise.all(sent));
  });
}

async function sendFor(milliseconds: number): Promise<SendReport> {
  const end = monotonicMicros() + milliseconds * 1000;
  return measured(async () => {
    const sent = lanes.map(async (lane) => {
      let count = 0;
      for (let now = monotonicMicros(); now < end; now = monotonicMicros(), count++) {
        await exchange(lane, nextRequest(lane, now), now);
      }
      return count;
    });
    return sum(await Promise.all(sent));
  });
}

/** A callback that finds no free connection waits, and its time counts from when it was due. */
async function sendPaced(perSecond: number, count: number): Promise<SendReport> {
  const idle = [...lanes];
  const overdue: number[] = [];
  const running = new Set<Promise<void>>();
  const start = (lane: Lane, dueAt: number): void => {
    const exchanged = exchange(lane, nextRequest(lane, dueAt), dueAt).then(() => {
      running.delete(exchanged);
      const next = overdue.shift();
      if (next === undefined) idle.push(lane);
      else start(lane, next);
    });
    running.add(exchanged);
  };
  return measured(async (startedAt) => {
    for (let begun = 0; begun < count; ) {
      const due = Math.min(count, Math.floor(((monotonicMicros() - startedAt) * perSecond) / 1e6) + 1);
      for (; begun < due; begun++) {
        const lane = idle.shift();
        if (lane) start(lane, monotonicMicros());
        else overdue.push(monotonicMicros());
      }
      const nextIn = startedAt / 1000 + (begun * 1000) / perSecond - monotonicMicros() / 1000;
      await Promise.race([pause(Math.max(nextIn, 0)), rejection(running)]);
    }
    while (running.size > 0) await Promise.all(running);
    return count;
  });
}

async function measured(work: (startedAt: number) => Promise<number>): Promise<SendReport> {
  const startedAt = monotonicMicros();
  const sent = await work(startedAt);
  const totals = options.targets.map((target) => sequences.get(target) ?? 0);
  const sentTo = totals.map((total, place) => total - (reported[place] ?? 0));
  reported = totals;
  return {
    sent,
    sentTo,
    startedAt,
    finishedAt: monotonicMicros(),
    p50: answers.percentile(0.5),
    p99: answers.percentile(0.99),
    max: answers.percentile(1),
  };
}

async function exchange(lane: Lane, request: string, sentAt: number): Promise<void> {
  await lane.connection.exchange(request);
  answers.record(monotonicMicros() - sentAt);
}

/** A signed request for the lane's next target, as the bytes that go over the wire. */
function nextRequest(lane: Lane, sentAt: number): string {
  const target = lane.targets[lane.turn++ % lane.targets.length] as Target;
  const sequence = (sequences.get(target) ?? 0) + 1;
  sequences.set(target, sequence);
  const body = JSON.stringify({
    id: `${run}-${++made}`,
    ...target,
    type: "progress",
    message: stampMessage({ sender: `${run}-${target.taskId}`, sequence, sentAt }),
    progress: 0.5,
    ...(options.padding ? { data: { padding: "x".repeat(options.padding) } } : {}),
    timestamp: new Date().toISOString(),
  });
  const signature = options.secret
    ? `X-Signature-SHA256: sha256=${createHmac("sha256", options.secret).update(body).digest("hex")}\r\n`
    : "";
  return (
    `POST ${options.path} HTTP/1.1\r\nHost: 127.0.0.1:${options.port}\r\nContent-Type: application/json\r\n` +
    `${signature}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

/** Settles only when one of the running exchanges fails. */
function rejection(running: Set<Promise<void>>): Promise<void> {
  return new Promise((_, reject) => {
    for (const exchanged of running) exchanged.catch(reject);
  });
}

serve(calls);
