import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventFilter } from "@mission-control/protocol";
import { ClientAddresses } from "../../src/client-address.ts";
import { ConnectionLimit } from "../../src/ingress/connection-limit.ts";
import { FastLane } from "../../src/ingress/fast-lane.ts";
import { AddressCount, AddressLimit } from "../../src/limits/address-limit.ts";
import type { Limit } from "../../src/limits/limits.ts";
import type { Store } from "../../src/store/store.ts";
import { Hub } from "../../src/stream/hub.ts";
import { StreamEndpoint, type StreamEndpointOptions } from "../../src/stream/stream-endpoint.ts";
import { StreamReader } from "./stream-reader.ts";
import { openTestStore } from "./test-store.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export interface StreamLimits {
  streams?: number;
  connections?: number;
  filters?: number;
  trustedProxies?: string[];
  /** The store as the server sees it. */
  seenAs?: (store: Store) => Store;
}

/** The event stream on a real socket over a real store. */
export class StreamServer {
  readonly store: Store;
  readonly hub: Hub;
  /** The server's end of every connection there ever was. */
  readonly sockets: Socket[] = [];
  readonly counted = { opened: 0, closed: 0, delivered: 0, cutOff: 0 };
  readonly limited: Limit[] = [];
  /** Closed with the server. */
  readonly clients: { close(): void }[] = [];
  /** Who sent a request. */
  authorize: StreamEndpointOptions["authorize"] = async ({ headers }) => {
    if (headers.authorization === "wrong") return null;
    return headers.cookie === undefined ? {} : { sessionId: headers.cookie };
  };
  readonly #folder: string;
  readonly stream: StreamEndpoint;
  /** Whether a session, which a reader's cookie names, goes on. */
  sessionLasts: (id: string) => Promise<boolean> = async () => true;
  readonly #server;
  readonly #readers = new Set<StreamReader>();

  static async open(limits: StreamLimits = {}): Promise<StreamServer> {
    const folder = mkdtempSync(join(tmpdir(), "mission-control-stream-"));
    const opened = openTestStore({ folder });
    const store = limits.seenAs?.(opened) ?? opened;
    const counted = { opened: 0, closed: 0, delivered: 0, cutOff: 0 };
    const metrics = {
      streamOpened: () => void counted.opened++,
      streamClosed: () => void counted.closed++,
      streamDelivered: (events: number) => {
        counted.delivered += events;
      },
      streamCutOff: () => void counted.cutOff++,
    };
    const maxFilters = limits.filters ?? 1000;
    const hub = await Hub.open({ log: store, logger: silent, metrics, maxFilters });
    const server = new StreamServer(folder, store, hub, counted, limits);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", 1024, resolve));
    return server;
  }

  private constructor(
    folder: string,
    store: Store,
    hub: Hub,
    counted: StreamServer["counted"],
    limits: StreamLimits,
  ) {
    this.#folder = folder;
    this.store = store;
    this.hub = hub;
    this.counted = counted;
    const addresses = new ClientAddresses(limits.trustedProxies);
    const metrics = { limited: (limit: Limit) => void this.limited.push(limit) };
    const count = (limit: number | undefined) => new AddressCount(new AddressLimit(limit, 1));
    this.stream = new StreamEndpoint({
      hub,
      authorize: (request) => this.authorize(request),
      sessionLasts: (id) => this.sessionLasts(id),
      addresses,
      perAddress: count(limits.streams),
      metrics,
      logger: silent,
      refused: () => 0,
    });
    this.#server = createServer(this.stream.handle);
    const lane = new FastLane({
      basePath: "",
      allowedHosts: { allows: () => true },
      callbacks: { take: () => Promise.reject(new Error("no callbacks here")) },
      addresses,
      connections: new ConnectionLimit(addresses, count(limits.connections), metrics),
      prepareStream: (socket, request) => this.stream.prepare(socket, request),
    });
    lane.attach(this.#server);
    this.#server.prependListener("connection", (socket: Socket) => this.sockets.push(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async reader(options: Parameters<typeof StreamReader.open>[1] = {}): Promise<StreamReader> {
    const reader = await StreamReader.open(this.port, options);
    this.#readers.add(reader);
    return reader;
  }

  /** What a reader with this filter must have seen after a position. */
  async expected(filter: EventFilter, after = 0): Promise<number[]> {
    const { newest } = await this.store.range();
    const ids: number[] = [];
    for (let before: number | null = null; ; ) {
      const page = await this.store.history(before, {}, 500);
      for (const { id, taskId, agentId, type } of page.items) {
        if (filter.taskId !== undefined && filter.taskId !== taskId) continue;
        if (filter.agentId !== undefined && filter.agentId !== agentId) continue;
        if (filter.types !== undefined && !filter.types.includes(type)) continue;
        if (id > after && id <= newest) ids.push(id);
      }
      if (page.nextCursor === null) return ids.reverse();
      before = Number(page.nextCursor);
    }
  }

  async close(): Promise<void> {
    this.hub.close();
    this.stream.close();
    for (const client of [...this.#readers, ...this.clients]) client.close();
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.store.close();
    rmSync(this.#folder, { recursive: true });
  }
}
