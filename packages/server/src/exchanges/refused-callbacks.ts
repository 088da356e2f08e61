import type { IncomingHttpHeaders } from "node:http";
import { networkOf } from "../client-address.ts";
import { RateLimit } from "../limits/rate-limit.ts";
import { newExchangeId } from "../store/exchanges.ts";
import type { ExchangeSink } from "./exchange-log.ts";
import { shownBody, shownHeaders } from "./shown.ts";

/** So many of an address, and of all together, are kept a second on average, after a burst of fifty times that. */
const KEPT_PER_SECOND = { ofAddress: 1, ofAll: 4 };
/** What was not kept is counted in one record, so long after the first of it; in milliseconds. */
const TALLY_MS = 10_000;
/** Reasons are the server's own words, with what it says of fields. In UTF-16 units. */
const MAX_REASON = 1000;
const MAX_URL = 1000;

/** A callback that was refused, as it came. */
export interface RefusedRequest {
  method: string;
  /** Request target: path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  /** Null where it was not read. */
  body: Uint8Array | null;
  address: string;
}

/** What is found out about one that is kept. */
export interface RefusalFindings {
  reason: string;
  what: string;
  /** Whether its signature is good; absent where nobody looked. */
  isVerified?: boolean;
  agentId?: string | undefined;
  taskId?: string | undefined;
  dispatchId?: string | undefined;
}

export interface RefusedCallbacksOptions {
  log: ExchangeSink;
  /** Whether the beginnings of bodies are kept: they may hold anybody's data. */
  keepsBodies: boolean;
  now: () => Date;
}

/**
 * Keeps callbacks that were refused, for the operator: few a second, whoever sends how many. What is too many is looked at
 * no further than to count it.
 */
export class RefusedCallbacks {
  readonly #options: RefusedCallbacksOptions;
  readonly #ofAddress = new RateLimit(KEPT_PER_SECOND.ofAddress);
  readonly #ofAll = new RateLimit(KEPT_PER_SECOND.ofAll);
  /** How many of each status were not kept, since that was last recorded. */
  readonly #notKept = new Map<number, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: RefusedCallbacksOptions) {
    this.#options = options;
  }

  /**
   * Keeps nothing of the request itself. @param find is called only for one that is kept, at once
   */
  refused(request: RefusedRequest, status: number, find: () => RefusalFindings): void {
    const { address } = request;
    // An address of its own first: one that sends many must not use up what others may have.
    if (this.#ofAddress.take(networkOf(address)) !== null || this.#ofAll.take("") !== null) {
      this.#count(status);
      return;
    }
    const { log, keepsBodies, now } = this.#options;
    const at = now();
    const { method, url, headers, body } = request;
    const { reason, ...found } = find();
    log.record({
      id: newExchangeId("refused", at),
      direction: "callback",
      at: at.toISOString(),
      result: "refused",
      status,
      tryCount: 1,
      address,
      reason: reason.slice(0, MAX_REASON),
      ...found,
      request: {
        method,
        url: url.slice(0, MAX_URL),
        headers: shownHeaders(headers),
        body: keepsBodies && body !== null ? shownBody(body) : null,
        ...(body === null ? {} : { bodyBytes: body.length }),
      },
      tries: [],
    });
  }

  /** Records how many were not kept since the last time. */
  close(): void {
    this.#recordCounts();
  }

  #count(status: number): void {
    this.#notKept.set(status, (this.#notKept.get(status) ?? 0) + 1);
    this.#timer ??= setTimeout(() => this.#recordCounts(), TALLY_MS).unref();
  }

  #recordCounts(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#notKept.size === 0) return;
    const counts = [...this.#notKept].sort(([, a], [, b]) => b - a);
    this.#notKept.clear();
    const at = this.#options.now();
    this.#options.log.record({
      id: newExchangeId("refused", at),
      direction: "callback",
      what: "callback",
      at: at.toISOString(),
      result: "refused",
      tryCount: 0,
      reason: `Counted and not kept: ${counts.map(([status, count]) => `${count} with HTTP ${status}`).join(", ")}.`,
      notKept: counts.reduce((sum, [, count]) => sum + count, 0),
      tries: [],
    });
  }
}
