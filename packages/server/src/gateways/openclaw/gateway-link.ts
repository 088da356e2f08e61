import { setTimeout as wait } from "node:timers/promises";
import type { GatewayState } from "@mission-control/protocol";
import { abortable } from "../../abortable.ts";
import type { Logger } from "../../logger.ts";
import { type Backoff, fullJitter } from "../backoff.ts";
import { connectToGateway } from "./connecting.ts";
import type { ConnectionOptions, GatewayConnection } from "./gateway-connection.ts";
import { ConnectError } from "./gateway-errors.ts";

const BACKOFF: Backoff = { firstMs: 500, longestMs: 30_000 };
/** A connection that held for so long ends a row of failures; in milliseconds. */
const STABLE_MS = 10_000;
/** Somebody who waits for the connection shortens a pause between tries to this; in milliseconds. */
const URGENT_MS = 1000;

export interface LinkOptions extends ConnectionOptions {
  /** Mission Control's id of the gateway, for the log. */
  gatewayId: string;
  logger: Logger;
  backoff?: Backoff;
  random?: () => number;
  /** The state, or what the connection says of itself, changed. */
  onChange(): void;
}

/** Keeps one connection to a gateway: connects, and connects again after waits that grow, until it is closed. */
export class GatewayLink {
  state: GatewayState = "disconnected";
  /** Why it is not connected, or what does not work though it is, in words; null when all is well. */
  lastError: string | null = null;
  #connection: GatewayConnection | null = null;
  readonly #options: LinkOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #connected = Promise.withResolvers<GatewayConnection>();
  #urgent = new AbortController();
  /** How many wait for the connection urgently. */
  #urgentWaits = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#connected.promise.catch(() => {});
  }

  /** The connection, while there is one. */
  get connection(): GatewayConnection | null {
    return this.#connection;
  }

  /** Begins to connect; a second call changes nothing. */
  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * The connection as soon as there is one. With `urgent`, no pause between tries is longer than a moment.
   * @throws the signal's reason when it is aborted, or an error when the link is closed
   */
  async connected(signal: AbortSignal, { urgent = false } = {}): Promise<GatewayConnection> {
    this.#stop.signal.throwIfAborted();
    if (this.#connection) return this.#connection;
    if (urgent) {
      this.#urgentWaits += 1;
      this.#urgent.abort();
    }
    try {
      return await abortable(this.#connected.promise, signal);
    } finally {
      if (urgent) this.#urgentWaits -= 1;
    }
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("The gateway's connection is being closed."));
    this.#connected.reject(this.#stop.signal.reason);
    await this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { backoff = BACKOFF, random = Math.random, logger, gatewayId } = this.#options;
    for (let failures = 0; !signal.aborted; failures++) {
      let askedMs = 0;
      try {
        // A failed try stays visible until one succeeds.
        if (this.lastError === null) this.#become("connecting", null);
        const { connection, limitation } = await connectToGateway(this.#options, signal);
        const since = performance.now();
        this.#use(connection, limitation);
        await new Promise((resolve) => connection.ended.addEventListener("abort", resolve, { once: true }));
        this.#unuse();
        if (performance.now() - since > STABLE_MS) failures = 0;
        this.#become("disconnected", (connection.ended.reason as Error).message);
      } catch (error) {
        if (signal.aborted) break;
        const reason = error instanceof Error ? error.message : String(error);
        if (error instanceof ConnectError) askedMs = error.retryAfterMs ?? 0;
        const unapproved = error instanceof ConnectError && error.code === "pairing_required";
        if (reason !== this.lastError) logger.warn({ gatewayId, reason }, "gateway not connected");
        this.#become(unapproved ? "pairing_required" : "disconnected", reason);
      }
      await this.#pause(askedMs + fullJitter(backoff, failures, random));
    }
  }

  #use(connection: GatewayConnection, limitation: string | null): void {
    this.#connection = connection;
    const { logger, gatewayId } = this.#options;
    logger.info({ gatewayId, ...connection.hello }, "gateway connected");
    if (limitation) logger.warn({ gatewayId, limitation }, "gateway connected with a limitation");
    this.#become("connected", limitation);
    this.#connected.resolve(connection);
  }

  #unuse(): void {
    this.#connection = null;
    this.#connected = Promise.withResolvers();
    this.#connected.promise.catch(() => {});
  }

  #become(state: GatewayState, lastError: string | null): void {
    if (state === this.state && lastError === this.lastError) return;
    this.state = state;
    this.lastError = lastError;
    this.#options.onChange();
  }

  /** Waits; not longer than a moment while somebody waits urgently. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stop;
    const shortest = wait(Math.min(ms, URGENT_MS), undefined, { signal }).catch(() => {});
    if (ms > URGENT_MS && this.#urgentWaits === 0) {
      this.#urgent = new AbortController();
      await wait(ms, undefined, { signal: AbortSignal.any([signal, this.#urgent.signal]) }).catch(() => {});
    }
    await shortest;
  }
}
