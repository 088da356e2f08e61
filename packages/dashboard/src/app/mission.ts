import type { LogEvent, TaskSummary } from "@mission-control/protocol";
import type { QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/api-error.ts";
import { ApiClient } from "../api/client.ts";
import { sessionKey } from "../api/session-key.ts";
import { type FailedTry, FirstRead } from "../live/first-read.ts";
import { type LiveLink, openLink } from "../live/link.ts";
import type { HubMessage } from "../live/messages.ts";
import { byClock, type LiveStatus } from "../live/status.ts";
import { ClockOffset } from "../store/clock-offset.ts";
import { EventLog } from "../store/event-log.ts";
import { HeldActions } from "../store/held-actions.ts";
import { type HeldEvent, hold } from "../store/held-event.ts";
import { LatencyRecord } from "../store/latency.ts";
import { Notices } from "../store/notices.ts";
import { PendingActions } from "../store/pending-actions.ts";
import { TaskLoader } from "../store/task-loader.ts";
import { TaskStore } from "../store/task-store.ts";
import { FramePacer } from "./frame-pacer.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** More at once than this is not looked at one by one. */
const CALM_EVENTS = 3;

export interface TaskPage {
  items: TaskSummary[];
  nextCursor: string | null;
  lastEventId: number;
}

/**
 * New events, after they were applied to the stores: as the page holds them, and whole. The whole ones are for looking at
 * now; whoever keeps them keeps their bulk.
 */
export type BatchListener = (events: readonly HeldEvent[], whole: readonly LogEvent[]) => void;

/**
 * Everything one page knows of the server, kept current by the live connection, and the way to change it. Made once;
 * the parts of the page subscribe to it.
 */
export class Mission {
  readonly api: ApiClient;
  readonly queries: QueryClient;
  readonly pending = new PendingActions();
  /** Actions that wait before they are sent, to be taken back meanwhile. */
  readonly held = new HeldActions();
  readonly notices = new Notices(() => this.#pacer.request());
  readonly clock = new ClockOffset(LOOPBACK.has(location.hostname));
  readonly latency = new LatencyRecord(this.clock);
  readonly tasks: TaskStore;
  readonly loader: TaskLoader;
  log = new EventLog(0);
  status: LiveStatus = { phase: "connecting" };
  /** Whether the first snapshot is here. */
  ready = false;
  /** Why the first snapshot is not here yet, once reading it has failed. */
  startFailure: Error | null = null;
  /** Events come one by one, so that a movement can show where each came in. */
  calm = true;
  /** How much waits for a person; null while that is not known. */
  waiting: number | null = null;
  /** The session ended while the page was open. */
  signedOut = false;

  readonly #open: typeof openLink;
  readonly #pacer: FramePacer;
  readonly #batchListeners = new Set<BatchListener>();
  #link: LiveLink | null = null;
  #unpainted: number[] = [];
  readonly #firstRead = new FirstRead({
    now: () => performance.now(),
    random: Math.random,
    onFailure: (failed) => this.#firstReadFailed(failed),
    isFinal: (error) => error instanceof ApiError && error.status === 401,
  });

  /** @param open opens the way to the live connection */
  constructor(queries: QueryClient, open = openLink) {
    this.queries = queries;
    this.#open = open;
    this.#pacer = new FramePacer(() => this.#painted());
    this.api = new ApiClient({
      onAnswer: (date, sentAt, receivedAt) => this.clock.sawDateHeader(date, sentAt, receivedAt),
      onSignedOut: () => this.#setSignedOut(true),
    });
    this.loader = new TaskLoader({
      get: (id) => this.readTask(id),
      position: () => this.log.position,
      put: (task, asOf) => {
        this.tasks.put([task], asOf);
        this.#pacer.request();
      },
      forget: (id) => {
        this.tasks.forget(id);
        this.#pacer.request();
      },
      random: Math.random,
    });
    this.tasks = new TaskStore({
      eventsAfter: (position) => this.log.after(position),
      load: (id) => this.loader.load(id),
    });
  }

  /** Takes the first snapshot and follows the log from there on. */
  async start(): Promise<void> {
    addEventListener("pagehide", this.#onPageHide);
    addEventListener("pageshow", this.#onPageShow);
    const read = await this.#firstRead.run(async () => {
      const page = await this.loadTasks("sort=updatedAt&limit=100");
      this.log = new EventLog(page.lastEventId);
    });
    if (!read) return;
    void this.#readAgain();
    this.ready = true;
    this.#pacer.request();
    this.#link = this.#open((message) => this.#take(message));
    this.#attach();
  }

  stop(): void {
    this.#firstRead.close();
    this.loader.close();
    removeEventListener("pagehide", this.#onPageHide);
    removeEventListener("pageshow", this.#onPageShow);
    this.#link?.close();
    this.#link = null;
  }

  /** Calls after changes, at most once a frame. Returns how to stop that. */
  subscribe = (listener: () => void): (() => void) => this.#pacer.subscribe(listener);

  /** Grows with every call of the subscribers. */
  get version(): number {
    return this.#pacer.version;
  }

  /** Calls with every batch of new events as they come, painted or not. */
  onBatch(listener: BatchListener): () => void {
    this.#batchListeners.add(listener);
    return () => this.#batchListeners.delete(listener);
  }

  /** Something that subscribers show has changed. */
  changed(): void {
    this.#pacer.request();
  }

  retryNow(): void {
    this.#firstRead.retryNow();
    this.#link?.send({ kind: "retry", key: sessionKey() });
  }

  /** There is a session again. */
  signedIn(): void {
    this.#setSignedOut(false);
    this.retryNow();
    void this.queries.invalidateQueries();
  }

  /** A task as the server has it now. */
  readTask(id: string): Promise<TaskSummary> {
    return this.api.get(`/api/tasks/${encodeURIComponent(id)}`);
  }

  /** A page of the task list, taken into the store, unless the log it is of has ended meanwhile. */
  async loadTasks(query: string, signal?: AbortSignal): Promise<TaskPage> {
    const { log } = this;
    const page = await this.api.get<TaskPage>(`/api/tasks?${query}`, signal);
    if (this.log === log) this.tasks.put(page.items, page.lastEventId);
    this.#pacer.request();
    return page;
  }

  readonly #onPageHide = () => {
    this.held.flush();
    this.#link?.send({ kind: "detach" });
  };
  readonly #onPageShow = ({ persisted }: PageTransitionEvent) => {
    if (persisted) this.#attach();
  };

  #firstReadFailed(failed: FailedTry | null): void {
    this.startFailure = failed?.error ?? null;
    this.status = failed
      ? {
          phase: "reconnecting",
          attempt: failed.attempt,
          retryAt: failed.retryAt,
          staleSince: null,
          reason: failed.error.message,
        }
      : { phase: "connecting" };
    this.#pacer.request();
  }

  #attach(): void {
    this.#link?.send({ kind: "attach", after: this.log.position, key: sessionKey() });
  }

  #take(message: HubMessage): void {
    switch (message.kind) {
      case "events":
        this.#takeEvents(JSON.parse(message.json) as LogEvent[]);
        break;
      case "reset":
        void this.#restart(message.newest);
        break;
      case "status":
        this.status = byClock(message.status, performance.now() - message.at);
        if (message.status.phase === "signed_out") this.signedOut = true;
        // Another tab may have logged in.
        else if (message.status.phase === "live") this.signedOut = false;
        if (message.status.phase === "live") this.loader.retry();
        this.#pacer.request();
    }
  }

  #takeEvents(events: LogEvent[]): void {
    const fresh = this.log.append(events.map(hold));
    if (fresh.length === 0) return;
    this.calm = fresh.length <= CALM_EVENTS;
    this.tasks.apply(fresh);
    this.pending.confirm(fresh);
    const whole = events.slice(-fresh.length);
    for (const listener of this.#batchListeners) listener(fresh, whole);
    if (this.status.phase === "live") this.#measure(fresh);
    this.#pacer.request(fresh.length);
  }

  #measure(events: readonly HeldEvent[]): void {
    const now = Date.now();
    const visible = document.visibilityState === "visible";
    for (const { receivedAt } of events) {
      const storedAt = Date.parse(receivedAt);
      this.clock.sawEvent(storedAt, now);
      if (visible) this.#unpainted.push(storedAt);
    }
  }

  #painted(): void {
    const now = Date.now();
    for (const storedAt of this.#unpainted) this.latency.painted(storedAt, now);
    this.#unpainted = [];
  }

  /** The log cannot be continued: loads everything again, quietly, under what is shown. */
  async #restart(newest: number): Promise<void> {
    this.log = new EventLog(newest);
    this.tasks.restart();
    this.loader.restart();
    this.pending.restart();
    this.#pacer.request();
    await this.#readAgain();
    this.tasks.sweep();
    this.#pacer.request();
  }

  /**
   * Reads again what was asked for until now: no event brings what it lacks of the log as it stands at this moment. What has
   * no answer yet may be answered as of before.
   */
  async #readAgain(): Promise<void> {
    const asked = new Set(this.queries.getQueryCache().getAll());
    const unanswered = new Set([...asked].filter(({ state }) => state.data === undefined));
    await this.queries.invalidateQueries({ predicate: (query) => asked.has(query) });
    await this.queries.invalidateQueries({ predicate: (query) => unanswered.has(query) });
  }

  #setSignedOut(signedOut: boolean): void {
    if (this.signedOut === signedOut) return;
    this.signedOut = signedOut;
    this.#pacer.request();
  }
}
