import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { LIMITS, type Limit } from "./limits/limits.ts";

/** How a callback was answered. */
const CALLBACK_RESULTS = [
  "stored",
  "duplicate",
  "unauthorized",
  "invalid",
  "too_large",
  "too_slow",
  "unsupported_type",
  "not_found",
  "conflict",
  "limited",
  "unavailable",
  "no_room",
  "failed",
] as const;
export type CallbackResult = (typeof CALLBACK_RESULTS)[number];

/** What became of handing a dispatch over. */
const DISPATCH_OUTCOMES = ["accepted", "rejected", "unreachable", "unknown", "unsent", "lost"] as const;
export type DispatchResult = (typeof DISPATCH_OUTCOMES)[number];

/** What came of a try to deliver to a webhook. */
const WEBHOOK_RESULTS = ["delivered", "failed"] as const;
export type WebhookResult = (typeof WEBHOOK_RESULTS)[number];

/** How events come from the other nodes, where NATS is to bring them. */
export interface RelayState {
  isConnected: boolean;
  /** Whether this node publishes the log. */
  isPublishing: boolean;
  /** Whether this node follows the log by NATS; else it reads it from the database. */
  isByNats: boolean;
  gapReads: number;
}

/** What a store counts. */
export type CommitMetrics = Pick<Metrics, "commit" | "commitRefused" | "eventsCommitted">;

/** Commits that are taken note of before histograms are made of them: one by one, each would cost more than its callback's rules. */
const COMMITS_AT_ONCE = 1024;

/**
 * What the server counts about itself. Hot paths only add to plain numbers; the Prometheus text is made from
 * them when it is asked for.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #callbacks = zeroes(CALLBACK_RESULTS);
  readonly #dispatches = zeroes(DISPATCH_OUTCOMES);
  readonly #webhooks = zeroes(WEBHOOK_RESULTS);
  readonly #limited = zeroes(LIMITS);
  readonly #commits: Histogram;
  readonly #commitGroups: Histogram;
  /** Those that the histograms do not have yet. */
  #newCommits: { seconds: number; groupSize: number }[] = [];
  readonly #requests: Counter<"method" | "route" | "status">;
  #events = 0;
  #commitsRefused = 0;
  #streamReaders = 0;
  #streamConnections = 0;
  #streamDeliveries = 0;
  #streamCutOffs = 0;

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 100 });
    this.#labelled(
      "mission_control_callbacks_total",
      "Callbacks by how they were answered.",
      "result",
      this.#callbacks,
    );
    this.#labelled(
      "mission_control_dispatches_total",
      "Hand-overs to agents by outcome.",
      "outcome",
      this.#dispatches,
    );
    this.#labelled(
      "mission_control_webhook_tries_total",
      "Tries to deliver to webhooks by what came of them.",
      "result",
      this.#webhooks,
    );
    this.#labelled(
      "mission_control_limited_total",
      "What was refused or ended because it was over a limit.",
      "limit",
      this.#limited,
    );
    this.#counter("mission_control_events_committed_total", "Events written to the log.", () => this.#events);
    this.#counter(
      "mission_control_commits_refused_total",
      "Commits that PostgreSQL refused, as another node had changed what they were planned on; each was made anew.",
      () => this.#commitsRefused,
    );
    this.#counter(
      "mission_control_stream_connections_total",
      "Event streams opened.",
      () => this.#streamConnections,
    );
    this.#counter(
      "mission_control_stream_deliveries_total",
      "Events handed to event streams.",
      () => this.#streamDeliveries,
    );
    this.#counter(
      "mission_control_stream_cut_offs_total",
      "Event streams cut off because they could not keep up.",
      () => this.#streamCutOffs,
    );
    const readers = () => this.#streamReaders;
    new Gauge({
      name: "mission_control_stream_readers",
      help: "Event streams open now.",
      registers,
      collect() {
        this.set(readers());
      },
    });
    this.#commits = new Histogram({
      name: "mission_control_commit_duration_seconds",
      help: "Time one durable commit took.",
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
      collect: () => this.#observeCommits(),
    });
    this.#commitGroups = new Histogram({
      name: "mission_control_commit_group_size",
      help: "Pieces of work that shared one commit.",
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
      registers,
      collect: () => this.#observeCommits(),
    });
    this.#requests = new Counter({
      name: "mission_control_http_requests_total",
      help: "HTTP requests but callbacks and event streams, by route and status.",
      labelNames: ["method", "route", "status"],
      registers,
    });
  }

  /** Media type of {@link text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, in the Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  callback(result: CallbackResult): void {
    this.#callbacks[result]++;
  }

  limited(limit: Limit): void {
    this.#limited[limit]++;
  }

  dispatch(outcome: DispatchResult): void {
    this.#dispatches[outcome]++;
  }

  webhookTried(result: WebhookResult): void {
    this.#webhooks[result]++;
  }

  /** Shows how many bytes artifacts take, as long as that can be said. */
  showArtifactBytes(total: () => Promise<number>): void {
    new Gauge({
      name: "mission_control_artifact_bytes",
      help: "Bytes that artifacts take, and are to take that come in.",
      registers: [this.#registry],
      async collect() {
        this.set(await total().catch(() => Number.NaN));
      },
    });
  }

  /** Shows how events come from the other nodes. */
  showRelay(state: () => RelayState): void {
    const gauge = (name: string, help: string, value: () => boolean) =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(value() ? 1 : 0);
        },
      });
    gauge("mission_control_nats_connected", "Whether NATS can be used.", () => state().isConnected);
    gauge(
      "mission_control_nats_publishing",
      "Whether this node publishes the log by NATS; it reads it from PostgreSQL.",
      () => state().isPublishing,
    );
    gauge(
      "mission_control_nats_following",
      "Whether this node follows the log by NATS; 0 while it reads it from PostgreSQL.",
      () => state().isByNats,
    );
    this.#counter(
      "mission_control_nats_gap_reads_total",
      "How often events were missing in what NATS brought, and were read from PostgreSQL.",
      () => state().gapReads,
    );
  }

  eventsCommitted(count: number): void {
    this.#events += count;
  }

  /** @param groupSize how many pieces of work shared the commit */
  commit(seconds: number, groupSize: number): void {
    this.#newCommits.push({ seconds, groupSize });
    if (this.#newCommits.length >= COMMITS_AT_ONCE) this.#observeCommits();
  }

  commitRefused(): void {
    this.#commitsRefused++;
  }

  streamOpened(): void {
    this.#streamReaders++;
    this.#streamConnections++;
  }

  streamClosed(): void {
    this.#streamReaders--;
  }

  /** @param events how many events, summed over all streams that got them */
  streamDelivered(events: number): void {
    this.#streamDeliveries += events;
  }

  streamCutOff(): void {
    this.#streamCutOffs++;
  }

  /** @param route the route's pattern, never the address itself: labels must stay few */
  httpRequest(method: string, route: string, status: number): void {
    this.#requests.inc({ method, route, status });
  }

  #observeCommits(): void {
    for (const { seconds, groupSize } of this.#newCommits) {
      this.#commits.observe(seconds);
      this.#commitGroups.observe(groupSize);
    }
    this.#newCommits = [];
  }

  #counter(name: string, help: string, value: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  }

  #labelled(name: string, help: string, label: string, values: Record<string, number>): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [key, value] of Object.entries(values)) this.inc({ [label]: key }, value);
      },
    });
  }
}

function zeroes<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}
