import { LoadProcess } from "./load/channel.ts";
import type { OpenReaders, ReaderCalls } from "./load/reader-process.ts";
import type { OpenSenders, SenderCalls } from "./load/sender-process.ts";
import { type Build, MissionControl, type ServerOptions } from "./subjects/mission-control.ts";
import { startNchan } from "./subjects/nchan.ts";
import { startReference } from "./subjects/reference.ts";
import type { Subject } from "./subjects/subject.ts";

/** What a measurement found, ready to be printed. */
export interface Result {
  columns: string[];
  rows: string[][];
  /** Sentences under the table: how it was measured, and what a reader should know. */
  notes: string[];
}

/** One table of docs/performance.md, or of another document, and the command that makes it. */
export interface Table {
  name: string;
  title: string;
  /** Where it goes; default docs/performance.md. */
  document?: string;
  measure(bench: Bench): Promise<Result>;
}

export interface BenchOptions {
  /** Check correctness only, in seconds. */
  small: boolean;
  runs: number;
  /** The server's builds to measure: the working tree first. */
  builds: Build[];
  /** Whether nchan can run here. */
  hasNchan: boolean;
  /** A data folder with that many events and tasks, made by the build's own store, kept for the whole run. */
  seed(build: Build, size: SeedSize): Promise<string>;
}

export interface SeedSize {
  events: number;
  tasks: number;
}

type Starter = () => Promise<Subject>;

/** What a table measures with: it starts the things to be compared and the load, and ends all of it. */
export class Bench {
  readonly small: boolean;
  readonly runs: number;
  readonly builds: readonly Build[];
  readonly seed: BenchOptions["seed"];
  readonly #hasNchan: boolean;
  readonly #open = new Set<{ close(): Promise<void> }>();

  constructor(options: BenchOptions) {
    this.small = options.small;
    this.runs = options.runs;
    this.builds = options.builds;
    this.seed = options.seed;
    this.#hasNchan = options.hasNchan;
  }

  /** The full size of something, or the size that is enough to check that it works. */
  size(full: number, small: number): number {
    return this.small ? small : full;
  }

  /** How to start every build of the server, and the references asked for that exist here. */
  starters(references: readonly ("R" | "nchan")[]): Map<string, Starter> {
    const starters = new Map<string, Starter>();
    for (const build of this.builds) starters.set(build.label, () => this.server(build));
    if (references.includes("R")) starters.set("R", () => this.#keep(startReference()));
    if (references.includes("nchan") && this.#hasNchan) starters.set("nchan", () => this.#keep(startNchan()));
    return starters;
  }

  /** Starts all of {@link starters}. */
  async subjects(references: readonly ("R" | "nchan")[]): Promise<Subject[]> {
    const subjects: Subject[] = [];
    for (const start of this.starters(references).values()) subjects.push(await start());
    return subjects;
  }

  server(build: Build, options?: ServerOptions): Promise<MissionControl> {
    return this.#keep(MissionControl.start(build, options));
  }

  /** Opens streams of a subject in a process of their own. */
  async readers(subject: Subject, options: Partial<OpenReaders> & { count: number }) {
    const farm = new LoadProcess<ReaderCalls>(new URL("load/reader-process.ts", import.meta.url));
    this.keep(farm);
    const streams = { port: subject.port, paths: [subject.streamPath()], headers: subject.streamHeaders };
    const opened = await farm.call("open", { ...streams, ...options });
    return {
      pid: farm.pid,
      ...opened,
      waitFor: (events: number | number[], timeoutMs = 120_000, orMore = false) =>
        farm.call("waitFor", { events, timeoutMs, orMore }),
      reset: () => farm.call("reset", undefined as never),
      report: () => farm.call("report", undefined as never),
      resumeStuck: () => farm.call("resumeStuck", undefined as never),
      close: () => this.end(farm),
    };
  }

  /** Opens callback connections to a subject in a process of their own. */
  async senders(subject: Subject, options: Pick<OpenSenders, "connections" | "targets" | "padding">) {
    const process = new LoadProcess<SenderCalls>(new URL("load/sender-process.ts", import.meta.url));
    this.keep(process);
    const { port, callbackPath: path, secret } = subject;
    await process.call("open", { port, path, secret, ...options });
    return {
      send: (plan: Parameters<SenderCalls["send"]>[0]) => process.call("send", plan),
      close: () => this.end(process),
    };
  }

  /** Sees to it that something ends with this bench. */
  keep<T extends { close(): Promise<void> }>(resource: T): T {
    this.#open.add(resource);
    return resource;
  }

  /** Ends one thing before its time. */
  async end(resource: { close(): Promise<void> }): Promise<void> {
    this.#open.delete(resource);
    await resource.close();
  }

  /** Ends everything this bench started, the last first. */
  async close(): Promise<void> {
    for (const resource of [...this.#open].reverse()) await this.end(resource);
  }

  async #keep<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
    return this.keep(await starting);
  }
}

/**
 * Measures every subject `runs` times in turn, backwards every other time, so that whatever else the machine
 * does meets all of them.
 */
export async function alternate<S extends { name: string }, Run>(
  runs: number,
  subjects: readonly S[],
  measure: (subject: S) => Promise<Run>,
): Promise<Map<string, Run[]>> {
  const found = new Map<string, Run[]>(subjects.map(({ name }) => [name, []]));
  for (let run = 0; run < runs; run++) {
    const order = run % 2 === 0 ? subjects : [...subjects].reverse();
    for (const subject of order) found.get(subject.name)?.push(await measure(subject));
  }
  return found;
}
