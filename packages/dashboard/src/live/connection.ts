import { createParser } from "eventsource-parser";
import { sessionHeaders } from "../api/session-key.ts";
import { reconnectDelay } from "./backoff.ts";
import type { LiveStatus } from "./status.ts";

/** The server sends a comment at least this often. */
const HEARTBEAT_MS = 15_000;
/** Without a byte for this long the connection is dead, whatever the browser thinks. */
export const DEAD_AFTER_MS = 2 * HEARTBEAT_MS;
const DEFAULT_RETRY_MS = 2_000;
const WATCH_INTERVAL_MS = 1_000;
/** Name of the event that tells a position cannot be resumed (docs/contract.md, section 5). */
const RESET = "reset";
/** Reasons a connection ended that are no errors of the network. */
const SIGNED_OUT = "signed out";
const CLOSED = "the server closed the connection";

/** One event as it came: its position, and its JSON, not parsed here. */
export interface Frame {
  id: number;
  json: string;
}

/** What the connection needs from where it runs: a page, a worker, or a test. */
export interface Surroundings {
  /** @param path from `/api` on */
  fetch: (path: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds that only ever grow, whatever is done to the computer's clock (`performance.now`). */
  now(): number;
  /** The computer's clock, in milliseconds since 1970: it also counts the time the computer slept. */
  wallClock(): number;
  random(): number;
  isOnline(): boolean;
}

/** What a connection tells. Called in stream order. */
export interface ConnectionListener {
  onFrames(frames: Frame[]): void;
  /** The position could not be resumed; the stream goes on after `newest`. */
  onReset(newest: number): void;
  onStatus(status: LiveStatus): void;
}

/**
 * One connection to `GET /api/events` that keeps itself alive: it resumes after its last id, waits longer after
 * each failure, and believes only bytes. Reads the stream with `fetch`, since `EventSource` hides heartbeats.
 */
export class LiveConnection {
  readonly #around: Surroundings;
  readonly #listener: ConnectionListener;
  readonly #key: () => string | null;
  #position: number;
  #retryBase = DEFAULT_RETRY_MS;
  #attempt = 0;
  #lastByteAt: number | null = null;
  #begunAt = 0;
  #hasBytes = false;
  /** The last connection that carried bytes ended before the server's time to wait was over. */
  #wasBrief = false;
  /** The last sign of life of the current connection, by both clocks. */
  #lastSign = { now: 0, wallClock: 0 };
  #current: AbortController | null = null;
  #wake: (() => void) | null = null;
  #closed = false;
  /** Events up to here happened before the current connection; how many of them it brought; whether some lack. */
  #target = 0;
  #caughtUp = 0;
  #behind = false;

  /**
   * @param start.position the last event already known; the stream starts after it
   * @param start.key the session's key, asked for at each try
   */
  constructor(
    around: Surroundings,
    listener: ConnectionListener,
    start: { position: number; key: () => string | null },
  ) {
    this.#around = around;
    this.#listener = listener;
    this.#position = start.position;
    this.#key = start.key;
  }

  get position(): number {
    return this.#position;
  }

  /** Connects, and keeps connecting, until {@link close}. */
  async run(): Promise<void> {
    this.#listener.onStatus({ phase: "connecting" });
    while (!this.#closed) {
      const failure = await this.#connectOnce();
      if (this.#closed) return;
      if (failure === SIGNED_OUT) {
        this.#listener.onStatus({ phase: "signed_out" });
        await this.#sleep(null);
        continue;
      }
      // A connection that carried bytes and then died is tried again at once; only a second failure waits.
      const delay =
        this.#attempt === 0 ? 0 : reconnectDelay(this.#attempt, this.#retryBase, this.#around.random);
      this.#attempt += 1;
      this.#announceWaiting(failure, delay);
      await this.#sleep(delay);
    }
  }

  /** Tries again now instead of waiting: the network came back, or somebody asked. */
  retryNow(): void {
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#current?.abort();
    this.#wake?.();
  }

  /** One connection from opening to its end; returns why it ended. */
  async #connectOnce(): Promise<string> {
    const controller = new AbortController();
    this.#current = controller;
    this.#begunAt = this.#around.now();
    this.#hasBytes = false;
    this.#sawSign();
    let dead = false;
    const watch = setInterval(() => {
      if (this.#silentFor() < DEAD_AFTER_MS) return;
      dead = true;
      controller.abort();
    }, WATCH_INTERVAL_MS);
    try {
      // What the log holds by now was missed and is caught up first; the very first connection missed nothing.
      this.#target = this.#lastByteAt === null ? this.#position : await this.#newest(controller.signal);
      const headers = { accept: "text/event-stream", "last-event-id": String(this.#position) };
      const response = await this.#get("/api/events", headers, controller.signal);
      if (!response.body) throw new Error("The answer has no body.");
      await this.#read(response.body);
      return CLOSED;
    } catch (error) {
      if (dead) return `no byte for ${DEAD_AFTER_MS / 1000} s`;
      return error instanceof Error ? error.message : String(error);
    } finally {
      clearInterval(watch);
      controller.abort();
      if (this.#hasBytes) this.#wasBrief = !this.#hasLasted();
    }
  }

  #hasLasted(): boolean {
    return this.#around.now() - this.#begunAt >= this.#retryBase;
  }

  #sawSign(): void {
    this.#lastSign = { now: this.#around.now(), wallClock: this.#around.wallClock() };
  }

  /**
   * Milliseconds without a sign of life. The longer of two: the computer's clock may be set back, and the steady one
   * stands still in some browsers while the computer sleeps.
   */
  #silentFor(): number {
    const { now, wallClock } = this.#around;
    return Math.max(now() - this.#lastSign.now, wallClock() - this.#lastSign.wallClock);
  }

  async #get(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const response = await this.#around.fetch(path, {
      headers: { ...headers, ...sessionHeaders(this.#key()) },
      credentials: "same-origin",
      cache: "no-store",
      signal,
    });
    if (response.status === 401) throw new Error(SIGNED_OUT);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response;
  }

  /** The end of the log, as the server sees it now. */
  async #newest(signal: AbortSignal): Promise<number> {
    const response = await this.#get("/api/events/history?limit=1", { accept: "application/json" }, signal);
    const page = (await response.json()) as { items: { id: number }[] };
    return page.items[0]?.id ?? 0;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let frames: Frame[] = [];
    const deliver = () => {
      if (frames.length > 0) this.#listener.onFrames(frames);
      frames = [];
    };
    const parser = createParser({
      onEvent: ({ event, id, data }) => {
        if (event === RESET) {
          deliver();
          this.#reset(data);
          return;
        }
        const position = Number(id);
        if (!Number.isSafeInteger(position) || position <= this.#position) return;
        this.#position = position;
        if (position <= this.#target) this.#caughtUp += 1;
        frames.push({ id: position, json: data });
      },
      onRetry: (milliseconds) => {
        this.#retryBase = milliseconds;
      },
    });
    this.#caughtUp = 0;
    this.#behind = true;
    this.#announceProgress();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#lastByteAt = this.#around.now();
      this.#sawSign();
      this.#hasBytes = true;
      // One that is cut off again and again as soon as it is there, by a proxy say, is no reason to hurry.
      if (!this.#wasBrief || this.#hasLasted()) this.#attempt = 0;
      parser.feed(decoder.decode(value, { stream: true }));
      deliver();
      this.#announceProgress();
    }
  }

  /** Says how far catching up is, until it is done. */
  #announceProgress(): void {
    if (!this.#behind) return;
    const remaining = Math.max(0, this.#target - this.#position);
    this.#behind = remaining > 0;
    this.#listener.onStatus(
      this.#behind
        ? { phase: "catching_up", received: this.#caughtUp, remaining }
        : { phase: "live", since: this.#around.now(), caughtUp: this.#caughtUp },
    );
  }

  #reset(data: string): void {
    const { newest } = JSON.parse(data) as { newest: number };
    this.#position = newest;
    this.#target = newest;
    this.#listener.onReset(newest);
  }

  #announceWaiting(reason: string, delay: number): void {
    const waiting = {
      attempt: this.#attempt,
      retryAt: this.#around.now() + delay,
      staleSince: this.#lastByteAt,
    };
    this.#listener.onStatus(
      this.#around.isOnline()
        ? { phase: "reconnecting", ...waiting, reason }
        : { phase: "offline", ...waiting },
    );
  }

  /** Waits `delay` milliseconds, or, for null, until somebody wakes it. */
  #sleep(delay: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = delay === null ? undefined : setTimeout(() => this.#wake?.(), delay);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}
