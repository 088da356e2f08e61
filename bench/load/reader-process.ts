import { monotonicMicros } from "../measure/clock.ts";
import { Histogram } from "../measure/histogram.ts";
import { serve } from "./channel.ts";
import { Reader } from "./reader.ts";
import { Transcript } from "./transcript.ts";

/** Connections being opened at the same time, unless all are to come at once. */
const OPENING_AT_ONCE = 200;

export interface OpenReaders {
  port: number;
  count: number;
  /** Paths of the streams, dealt out in turn. */
  paths: string[];
  headers: Record<string, string>;
  lastEventId?: string | undefined;
  /** Text every event of the path of the same place must hold. Given, each reader keeps its own transcript. */
  mustHold?: string[];
  /** Every id must be the one before plus one. */
  contiguous?: boolean;
  /** All connections at the same moment, as after a restart of the server. */
  atOnce?: boolean;
  /** This many of the readers stop reading once they are open. */
  stuck?: number;
}

export interface ReaderReport {
  readers: number;
  /** Events all readers received together since they were opened. */
  deliveries: number;
  /** When the last reader had everything, in microseconds of the monotonic clock. */
  finishedAt: number;
  /** Milliseconds from sending a callback to its event at a reader, since the last `reset`. */
  p50: number;
  p99: number;
  max: number;
  /** How many deliveries the latencies are made of. */
  samples: number;
  reconnects: number;
  resets: number;
}

const latency = new Histogram();
let readers: Reader[] = [];
let stuck: Reader[] = [];
let resets = 0;
let failure: Error | undefined;
let wake: (() => void) | undefined;
let opened = 0;

export interface ExpectedEvents {
  /** One number for all readers, or one for each path. */
  events: number | number[];
  timeoutMs: number;
  /** More may come meanwhile. */
  orMore?: boolean;
}

/** The farm's calls; each fails when any reader saw anything wrong before. */
const calls = {
  /** Opens the streams; answers once the server has answered all with its headers. */
  async open(options: OpenReaders): Promise<{ startedAt: number; openedAt: number }> {
    closeAll();
    const { contiguous } = options;
    const shared = options.mustHold ? undefined : new Transcript({ contiguous });
    const startedAt = monotonicMicros();
    for (let index = 0; index < options.count; index++) {
      const place = index % options.paths.length;
      const transcript = shared ?? new Transcript({ contiguous, mustHold: options.mustHold?.[place] });
      const { port, headers, lastEventId } = options;
      const watch = { onOpen, onEvents, onReset, onFailure: fail };
      const reader = new Reader(
        { port, headers, lastEventId, path: options.paths[place] as string },
        transcript,
        latency,
        watch,
      );
      readers.push(reader);
      reader.open();
      if (!options.atOnce) await until(() => readers.length - opened < OPENING_AT_ONCE);
    }
    await until(() => opened >= options.count);
    stuck = readers.slice(0, options.stuck ?? 0);
    for (const reader of stuck) reader.stopReading();
    return { startedAt, openedAt: monotonicMicros() };
  },

  /** Waits until every reader that reads has received its number of events since it was opened, and no more. */
  async waitFor({ events, timeoutMs, orMore }: ExpectedEvents): Promise<ReaderReport> {
    const expected = (index: number) =>
      typeof events === "number" ? events : (events[index % events.length] ?? 0);
    const waiting = readers
      .map((reader, index) => ({ reader, events: expected(index) }))
      .filter(({ reader }) => !stuck.includes(reader));
    let complete = 0;
    const isComplete = () => {
      for (; complete < waiting.length; complete++) {
        const { reader, events } = waiting[complete] as (typeof waiting)[0];
        if (reader.received < events) return false;
      }
      return true;
    };
    await until(isComplete, timeoutMs, () => {
      const behind = waiting.filter(({ reader, events }) => reader.received < events);
      const first = behind[0] as (typeof waiting)[0];
      return `${behind.length} of ${waiting.length} readers lack events: one has ${first.reader.received} of ${first.events}.`;
    });
    const over = orMore ? undefined : waiting.find(({ reader, events }) => reader.received > events);
    if (over) throw new Error(`A reader got ${over.reader.received} events where ${over.events} were sent.`);
    return report();
  },

  /** Begins a new period of measuring latency. */
  reset(): void {
    check();
    latency.reset();
  },

  report(): ReaderReport {
    check();
    return report();
  },

  /** Lets the readers that stopped reading go on. */
  resumeStuck(): void {
    check();
    for (const reader of stuck) reader.resume();
    stuck = [];
  },

  close(): void {
    closeAll();
  },
};
export type ReaderCalls = typeof calls;

function report(): ReaderReport {
  return {
    readers: readers.length,
    deliveries: readers.reduce((sum, reader) => sum + reader.received, 0),
    finishedAt: monotonicMicros(),
    p50: latency.percentile(0.5),
    p99: latency.percentile(0.99),
    max: latency.percentile(1),
    samples: latency.count,
    reconnects: readers.reduce((sum, reader) => sum + reader.reconnects, 0),
    resets,
  };
}

function closeAll(): void {
  for (const reader of readers) reader.close();
  readers = [];
  stuck = [];
  opened = 0;
  resets = 0;
  failure = undefined;
  latency.reset();
}

function onOpen(): void {
  opened += 1;
  wake?.();
}

function onEvents(): void {
  wake?.();
}

function onReset(): void {
  resets += 1;
}

function fail(error: Error): void {
  failure ??= error;
  wake?.();
}

function check(): void {
  if (failure) throw failure;
}

/** Waits until `isTrue`, asked again whenever a reader opened or received something. */
async function until(isTrue: () => boolean, timeoutMs = 60_000, onTimeout?: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      wake = () => {
        if (failure) reject(failure);
        else if (isTrue()) resolve();
      };
      timer = setTimeout(
        () => reject(new Error(onTimeout?.() ?? "The streams did not open in time.")),
        timeoutMs,
      );
      wake();
    });
  } finally {
    wake = undefined;
    clearTimeout(timer);
  }
}

serve(calls);
