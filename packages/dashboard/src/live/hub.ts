import { type Frame, LiveConnection, type Surroundings } from "./connection.ts";
import type { HubMessage } from "./messages.ts";
import type { LiveStatus } from "./status.ts";

/** Recent events kept for tabs that attach a moment after their snapshot was taken. */
const BACKLOG_FRAMES = 4_096;
/** While events come faster than this, they go to the tabs in groups: nobody sees more than a frame anyway. */
const GROUP_MS = 16;

/** A tab as the hub sees it. */
export interface Tab {
  post(message: HubMessage): void;
}

/**
 * Holds the one connection of a browser and hands its events to every attached tab. The first event after a quiet
 * moment is passed on at once; a flood goes out in groups.
 */
export class LiveHub {
  readonly #around: Surroundings;
  readonly #tabs = new Set<Tab>();
  #connection: LiveConnection | null = null;
  #status: LiveStatus = { phase: "connecting" };
  /** Proves the session, with the cookie: a worker cannot read what the page has stored. */
  #key: string | null = null;
  #backlog: Frame[] = [];
  /** Position before the first event of the backlog. */
  #backlogStart = 0;
  #group: Frame[] = [];
  #groupTimer: ReturnType<typeof setTimeout> | undefined;
  #lastPostAt = Number.NEGATIVE_INFINITY;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Starts sending a tab every event after a position. A tab may attach again after a new snapshot. */
  attach(tab: Tab, after: number, key: string | null): void {
    // A new log-in: what the old key was refused is worth another try.
    if (key !== this.#key) this.retryNow(key);
    this.#flush();
    this.#tabs.add(tab);
    if (!this.#connection) this.#connect(after);
    tab.post(this.#statusNow());
    const position = this.#connection?.position ?? after;
    if (after >= position) return;
    if (after < this.#backlogStart) {
      tab.post({ kind: "reset", newest: position });
      return;
    }
    post(
      [tab],
      this.#backlog.filter(({ id }) => id > after),
    );
  }

  /** The connection ends with its last tab. */
  detach(tab: Tab): void {
    this.#tabs.delete(tab);
    if (this.#tabs.size === 0) this.close();
  }

  /** @param key the session's, where it may be a new one */
  retryNow(key: string | null = this.#key): void {
    this.#key = key;
    this.#connection?.retryNow();
  }

  close(): void {
    clearTimeout(this.#groupTimer);
    this.#groupTimer = undefined;
    this.#group = [];
    this.#connection?.close();
    this.#connection = null;
    this.#status = { phase: "connecting" };
  }

  #connect(after: number): void {
    this.#backlog = [];
    this.#backlogStart = after;
    const connection: LiveConnection = new LiveConnection(
      this.#around,
      {
        onFrames: (frames) => this.#take(frames),
        onReset: (newest) => this.#reset(newest),
        onStatus: (status) => this.#announce(status),
      },
      { position: after, key: () => this.#key },
    );
    this.#connection = connection;
    void connection.run();
  }

  #take(frames: Frame[]): void {
    this.#backlog.push(...frames);
    if (this.#backlog.length > 2 * BACKLOG_FRAMES) {
      const dropped = this.#backlog.length - BACKLOG_FRAMES;
      this.#backlogStart = this.#backlog[dropped - 1]?.id ?? this.#backlogStart;
      this.#backlog = this.#backlog.slice(dropped);
    }
    this.#group.push(...frames);
    if (this.#groupTimer !== undefined) return;
    const wait = this.#lastPostAt + GROUP_MS - this.#around.now();
    if (wait <= 0) this.#flush();
    else this.#groupTimer = setTimeout(() => this.#flush(), wait);
  }

  #flush(): void {
    clearTimeout(this.#groupTimer);
    this.#groupTimer = undefined;
    if (this.#group.length === 0) return;
    post(this.#tabs, this.#group);
    this.#group = [];
    this.#lastPostAt = this.#around.now();
  }

  #reset(newest: number): void {
    this.#flush();
    this.#backlog = [];
    this.#backlogStart = newest;
    for (const tab of this.#tabs) tab.post({ kind: "reset", newest });
  }

  #announce(status: LiveStatus): void {
    this.#flush();
    this.#status = status;
    for (const tab of this.#tabs) tab.post(this.#statusNow());
  }

  #statusNow(): HubMessage {
    return { kind: "status", status: this.#status, at: this.#around.now() };
  }
}

function post(tabs: Iterable<Tab>, frames: readonly Frame[]): void {
  const last = frames.at(-1);
  if (!last) return;
  const json = `[${frames.map((frame) => frame.json).join(",")}]`;
  for (const tab of tabs) tab.post({ kind: "events", json, lastId: last.id });
}
