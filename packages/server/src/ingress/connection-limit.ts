import type { Socket } from "node:net";
import { PROBLEM_TYPE } from "@mission-control/protocol";
import type { ClientAddresses } from "../client-address.ts";
import type { AddressCount } from "../limits/address-limit.ts";
import type { Metrics } from "../metrics.ts";
import { problemBody } from "../problem.ts";
import { lastingListener } from "./take-over.ts";

const RETRY_AFTER_SECONDS = 5;
/** How long a refused client has to read why, in milliseconds, and how many may be doing so; the others are cut off. */
const LINGER_MS = 1000;
const MAX_LINGERING = 100;

const BODY = problemBody(429, "This address has too many connections open; close some, or try again.");
const REFUSAL = [
  "HTTP/1.1 429 Too Many Requests",
  `Content-Type: ${PROBLEM_TYPE}`,
  `Content-Length: ${Buffer.byteLength(BODY)}`,
  `Retry-After: ${RETRY_AFTER_SECONDS}`,
  "Connection: close",
  "",
  BODY,
].join("\r\n");

/** How many connections each client address may have. A trusted proxy's are its clients', and are not counted. */
export class ConnectionLimit {
  readonly #addresses: ClientAddresses;
  readonly #count: AddressCount;
  readonly #metrics: Pick<Metrics, "limited">;
  readonly #keys = new Map<Socket, string>();
  /** One for all connections, on each until it closes, whoever has it by then. */
  readonly #onClose: (this: Socket) => void;
  #lingering = 0;

  constructor(addresses: ClientAddresses, count: AddressCount, metrics: Pick<Metrics, "limited">) {
    this.#addresses = addresses;
    this.#count = count;
    this.#metrics = metrics;
    const leave = (socket: Socket) => this.#leave(socket);
    this.#onClose = lastingListener(function onClose(this: Socket) {
      leave(this);
    });
  }

  /** Counts a new connection until it closes; false when it was refused, in words, and is nobody's any more. */
  admit(socket: Socket): boolean {
    const peer = socket.remoteAddress;
    if (peer === undefined || this.#addresses.isProxy(peer)) return true;
    const address = this.#addresses.of({ socket, headers: {} });
    if (this.#count.isFull(address)) {
      this.#metrics.limited("connections_per_address");
      this.#refuse(socket);
      return false;
    }
    const key = this.#count.enter(address);
    if (key !== null) {
      this.#keys.set(socket, key);
      socket.on("close", this.#onClose);
    }
    return true;
  }

  #leave(socket: Socket): void {
    const key = this.#keys.get(socket);
    this.#keys.delete(socket);
    if (key !== undefined) this.#count.leave(key);
  }

  #refuse(socket: Socket): void {
    if (this.#lingering >= MAX_LINGERING) {
      socket.destroy();
      return;
    }
    this.#lingering++;
    const limit = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket
      .on("error", () => socket.destroy())
      .once("close", () => {
        clearTimeout(limit);
        this.#lingering--;
      })
      .end(REFUSAL);
    // What the client sends is read and dropped: unread, it would reset the connection, and the answer with it.
    socket.resume();
  }
}
