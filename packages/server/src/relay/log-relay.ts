import { once } from "node:events";
import { abortable, pause } from "../abortable.ts";
import { LeasedWork } from "../leased-work.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { LogPublishers, RelayedLog } from "../store/relayed-log.ts";
import type { Store } from "../store/store.ts";
import { Following, type Way } from "./following.ts";
import { LogConsumer } from "./log-consumer.ts";
import { publishLog } from "./log-publisher.ts";
import { parseNatsUrl } from "./nats-address.ts";
import { NatsConnection } from "./nats-connection.ts";

/** After a failure, until the next try, in milliseconds. */
const AGAIN_MS = 1000;
/** What publishes for so long works. */
const LASTING_MS = 10_000;

/** What is logged when something does not work, and when it does again. */
const UNDERTAKINGS = {
  connect: {
    fails: "NATS cannot be used for now: the log is read from PostgreSQL",
    works: "NATS can be used again",
  },
  publish: {
    fails: "the log cannot be published by NATS for now: each server reads it from PostgreSQL",
    works: "the log is published by NATS again",
  },
};
type Undertaking = keyof typeof UNDERTAKINGS;

export interface LogRelayOptions {
  /** `NATS_URL`. */
  url: string;
  /** How many servers of NATS keep the stream. */
  replicas: number;
  /** Tells the streams of several Mission Controls on one NATS apart: letters, digits and `_`. */
  id: string;
  /** What these nodes, and nobody else, seal messages with. */
  key: Uint8Array;
  log: RelayedLog;
  publishers: LogPublishers;
  store: Pick<Store, "lease">;
  metrics: Pick<Metrics, "showRelay">;
  logger: Logger;
}

/**
 * Carries the log of a store that several nodes share from node to node by NATS JetStream: one of them, under a lease,
 * reads it from the database and publishes it, the others take what it published. Each reads for itself while NATS is
 * away, or does not bring what there is.
 */
export class LogRelay {
  readonly #options: LogRelayOptions;
  readonly #stream: string;
  readonly #servers: string;
  readonly #following: Following;
  readonly #consumer: LogConsumer;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #isConnected = false;
  #isPublishing = false;
  /** Whether it was followed by NATS, and then was not. */
  #hasLeft = false;
  /** What was logged last of why something does not work; absent while it does. */
  readonly #troubles = new Map<Undertaking, string>();

  constructor(options: LogRelayOptions) {
    this.#options = options;
    const { id, key, log, logger, metrics, publishers, url } = options;
    this.#stream = `MISSION_CONTROL_${id}`;
    this.#servers = parseNatsUrl(url).servers.join();
    this.#following = new Following({
      log,
      changed: (way, reason) => this.#changed(way, reason),
      stalled: (pauseMs) => this.#consumer.restart(pauseMs),
    });
    this.#consumer = new LogConsumer({
      log,
      following: this.#following,
      stream: this.#stream,
      key,
      failed: (error) => logger.debug({ err: error }, "the stream of the log could not be read"),
      foreign: () =>
        logger.error(
          { nats: this.#servers, stream: this.#stream },
          "another log than this database's is in the stream, and is left out: give a copy of a database a NATS, or an account there, of its own",
        ),
      againMs: AGAIN_MS,
    });
    metrics.showRelay(() => ({
      isConnected: this.#isConnected,
      isPublishing: this.#isPublishing,
      isByNats: this.#following.way === "nats",
      gapReads: this.#consumer.gapReads,
    }));
    publishers.listen((session) => this.#consumer.trust(session));
    log.broughtBy(this.#following);
    this.#running = this.#run();
  }

  /** Reads the log from the database from now on. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#options.log.broughtBy(null);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#use(await this.#connect());
      } catch (error) {
        this.#failed("connect", error);
      }
      await pause(AGAIN_MS, signal);
    }
  }

  /** @throws what `NatsConnection.open` throws; the signal's reason */
  async #connect(): Promise<NatsConnection> {
    const opening = NatsConnection.open(parseNatsUrl(this.#options.url));
    try {
      return await abortable(opening, this.#stop.signal);
    } catch (error) {
      opening.then((connection) => connection.close()).catch(() => {});
      throw error;
    }
  }

  /** Publishes or consumes for as long as the connection lasts. @throws Error why it is over, but when it is closed here */
  async #use(connection: NatsConnection): Promise<void> {
    const { id, key, log, publishers, replicas, store } = this.#options;
    const over = new AbortController();
    const close = () => over.abort();
    this.#stop.signal.addEventListener("abort", close, { once: true });
    void connection.closed.then((error) => over.abort(error ?? new Error("the connection ended")));
    this.#isConnected = true;
    this.#worked("connect");
    let stopConsuming = this.#consume(connection);
    const publishing = new LeasedWork({
      store,
      name: "relay",
      work: async (_, signal) => {
        await stopConsuming();
        this.#following.leave("this node publishes it");
        this.#isPublishing = true;
        const subject = `mission-control.${id}.log`;
        let lasting: NodeJS.Timeout | undefined;
        const began = () => {
          lasting = setTimeout(() => this.#worked("publish"), LASTING_MS);
        };
        try {
          const target = { connection, stream: this.#stream, subject, replicas, key };
          await publishLog({ log, publishers, ...target, began }, signal);
        } finally {
          clearTimeout(lasting);
          this.#isPublishing = false;
          if (!over.signal.aborted) stopConsuming = this.#consume(connection);
        }
      },
      failed: (error) => this.#failed("publish", error),
      pauseMs: AGAIN_MS,
    });
    if (this.#stop.signal.aborted) close();
    else await once(over.signal, "abort");
    this.#stop.signal.removeEventListener("abort", close);
    this.#isConnected = false;
    this.#following.leave("the connection to NATS ended");
    // Whatever waits for an answer is rejected by this.
    await connection.close();
    await publishing.close();
    await stopConsuming();
    if (!this.#stop.signal.aborted) throw over.signal.reason;
  }

  /** Begins to read the stream. @returns how to stop */
  #consume(connection: NatsConnection): () => Promise<void> {
    const stop = new AbortController();
    const done = this.#consumer.run(connection, stop.signal);
    return async () => {
      stop.abort();
      await done;
    };
  }

  /** Logged once for each reason: it is tried every second. */
  #failed(what: Undertaking, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#stop.signal.aborted || reason === this.#troubles.get(what)) return;
    this.#troubles.set(what, reason);
    this.#options.logger.warn({ nats: this.#servers, reason }, UNDERTAKINGS[what].fails);
  }

  #worked(what: Undertaking): void {
    if (this.#troubles.delete(what)) {
      this.#options.logger.warn({ nats: this.#servers }, UNDERTAKINGS[what].works);
    }
  }

  #changed(way: Way, reason: string): void {
    const [source, level] =
      way === "nats"
        ? (["NATS", this.#hasLeft ? "warn" : "info"] as const)
        : (["PostgreSQL", "warn"] as const);
    if (way === "postgresql") this.#hasLeft = true;
    this.#options.logger[level]({ nats: this.#servers, reason }, `the log is followed by ${source} now`);
  }
}
