import { isHealthy } from "../answer.ts";
import { Circuit } from "../circuit.ts";
import { Sender, type TransportOptions } from "../sender.ts";
import { sleep, timeoutSignal } from "../timers.ts";
import { flushSpool } from "./flush.ts";
import type { Spool } from "./spool.ts";

/** What the redelivery of a spool needs. */
export interface RedeliveryOptions {
  spool: Spool;
  transport: TransportOptions;
  /** The circuits of those that report now, by their server's address: closed when that answers again. */
  circuits: ReadonlyMap<string, Circuit>;
  sharedSecret?: ((url: string) => string | undefined) | undefined;
  /** The mean time between two looks, in milliseconds. */
  intervalMs?: number | undefined;
  onWarning: (message: string) => void;
}

const DEFAULT_INTERVAL_MS = 10_000;
const PROBE_TIMEOUT_MS = 5000;

/**
 * Delivers what waits in a spool, in the background: at intervals, and at once when its server answers again. So the
 * end of an attempt arrives although nothing more is reported, be it this process that gave it up or an earlier one.
 */
export class Redelivery {
  readonly #options: RedeliveryOptions;
  readonly #sender: Sender;
  readonly #stop = new AbortController();
  /** Until when a server asked to be left alone, by its address. */
  readonly #notBefore = new Map<string, number>();
  #loop: Promise<void> | undefined;
  #looking: Promise<boolean> | undefined;
  /** Whether the last look found a server away. */
  #away = false;
  readonly #warned = new Set<string>();

  constructor(options: RedeliveryOptions) {
    this.#options = options;
    // One try each, and on no circuit: each server is tried once a look, which is patience enough.
    const circuit = new Circuit({ threshold: Number.POSITIVE_INFINITY });
    this.#sender = new Sender({ ...options.transport, circuit }, []);
  }

  /**
   * Begins to look, at once or after an interval, and goes on while something waits. The timer keeps no process alive.
   * @param options.always whether to go on when nothing waits, too
   */
  start(options: { delayed?: boolean; always?: boolean } = {}): void {
    this.#loop ??= this.#run(options).finally(() => {
      this.#loop = undefined;
    });
  }

  /** Looks now. */
  wake(): void {
    if (!this.#stop.signal.aborted) void this.#look();
  }

  /** To be called with every sign of life of the server: costs nothing unless somebody waited for one. */
  serverSeen(): void {
    for (const circuit of this.#options.circuits.values()) if (circuit.isFailing) circuit.answered();
    if (!this.#away) return;
    this.#away = false;
    this.wake();
  }

  /** Looks no more; waits for a delivery under way unless `signal` is aborted. */
  async close(signal?: AbortSignal): Promise<void> {
    const abort = () => this.#stop.abort();
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    await this.#looking;
    abort();
    await this.#loop;
    signal?.removeEventListener("abort", abort);
  }

  async #run({ delayed = false, always = false }): Promise<void> {
    if (delayed) await this.#rest();
    while (!this.#stop.signal.aborted) {
      const waits = await this.#look();
      if (!waits && !always) return;
      await this.#rest();
    }
  }

  async #rest(): Promise<void> {
    const { intervalMs = DEFAULT_INTERVAL_MS, transport } = this.#options;
    const random = transport.random ?? Math.random;
    await sleep(intervalMs * (0.5 + random()), this.#stop.signal, { ref: false }).catch(() => {});
  }

  /** One look at a time. */
  #look(): Promise<boolean> {
    this.#looking ??= this.#deliver().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Never rejects. @returns whether something still waits */
  async #deliver(): Promise<boolean> {
    const { spool, sharedSecret, circuits, onWarning } = this.#options;
    try {
      const now = this.#sender.clock.now();
      const leave = (address: string) =>
        now < (this.#notBefore.get(address) ?? 0) ? "it asked for patience." : undefined;
      const options = { sender: this.#sender, sharedSecret, leave, signal: this.#stop.signal };
      const { refused, broken, waiting, down, answered } = await flushSpool(spool, options);
      for (const message of [...refused, ...broken]) onWarning(message);
      this.#away = down.size > 0;
      for (const [address, { retryAfter }] of down) {
        if (retryAfter !== undefined) this.#notBefore.set(address, this.#sender.clock.now() + retryAfter);
      }
      for (const [address, circuit] of circuits) {
        if (!circuit.isFailing || down.has(address)) continue;
        if (answered.has(address) || (await this.#isUp(address))) circuit.answered();
      }
      return waiting.length > 0;
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      this.#warnOnce(`What waits in the spool could not be delivered: ${words}`);
      return true;
    }
  }

  /** Whether a server is there again for those who wait for it with nothing in the spool that could be tried. */
  async #isUp(address: string): Promise<boolean> {
    const signal = AbortSignal.any([this.#stop.signal, timeoutSignal(PROBE_TIMEOUT_MS)]);
    try {
      const { fetch: request = fetch } = this.#options.transport;
      const response = await request(`${address}/healthz`, { redirect: "manual", signal });
      return await isHealthy(response);
    } catch {
      return false;
    }
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.onWarning(message);
  }
}
