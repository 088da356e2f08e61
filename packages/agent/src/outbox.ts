import { discardUpload } from "./artifact.ts";
import type { Message } from "./callback.ts";
import { anySignal } from "./clock.ts";
import { superseded } from "./coalesce.ts";
import { CallbackError } from "./errors.ts";
import { describe, type Sender } from "./sender.ts";
import { Segment } from "./spool/segment.ts";
import { Spool } from "./spool/spool.ts";
import type { Target } from "./target.ts";
import type { CallbackResponse } from "./wire.ts";

/** What became of a callback: stored, or left out because newer progress says more. */
export type ReportResult =
  | ({ outcome: "stored"; id: string } & CallbackResponse)
  | { outcome: "coalesced"; id: string };

/** What the outbox of one dispatch needs. */
export interface OutboxOptions {
  target: Target;
  taskId: string;
  sender: Sender;
  spool: Spool | undefined;
  /** Progress that may wait before some of it is left out. */
  maxPending: number;
  signal?: AbortSignal | undefined;
  onWarning: (message: string) => void;
}

interface Entry {
  message: Message;
  segment: Segment | undefined;
  queuedAt: number;
  signal: AbortSignal | undefined;
  resolve: (result: ReportResult) => void;
  reject: (error: Error) => void;
}

/** How often to look whether another process is done with earlier callbacks of the same dispatch, in ms. */
const PREDECESSOR_POLL_MS = 100;

/** The callbacks of one dispatch on their way: in order, one in flight, written down before they are sent. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #key: string;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #queue: Entry[] = [];
  /** So much progress may wait until it is looked at again what of it can be left out. */
  #mayWait: number;
  #segment: Segment | undefined;
  #draining: Promise<void> | undefined;
  readonly #warned = new Set<string>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#mayWait = options.maxPending;
    this.#key = Spool.key(options.target.url, options.taskId);
    this.#signal = anySignal(this.#stop.signal, options.signal) ?? this.#stop.signal;
  }

  /** Names this dispatch in the spool. */
  get key(): string {
    return this.#key;
  }

  /** Puts a callback at the end of the line. Rejects with {@link CallbackError}; never synchronously. */
  send(message: Message, signal?: AbortSignal): Promise<ReportResult> {
    if (this.#signal.aborted || signal?.aborted) {
      discardUpload(message);
      const reason = `The ${describe(message)} was not sent: its signal had been aborted already.`;
      return Promise.reject(new CallbackError("aborted", reason));
    }
    const sent = new Promise<ReportResult>((resolve, reject) => {
      const queuedAt = this.#options.sender.clock.now();
      const segment = this.#writeDown(message);
      this.#queue.push({ message, segment, queuedAt, signal, resolve, reject });
    });
    this.#coalesce();
    this.#start();
    return sent;
  }

  /** Resolves when nothing is on its way any more. */
  async idle(): Promise<void> {
    while (this.#draining) await this.#draining;
  }

  /** Stops at once. What was not delivered stays in the spool for the next run. */
  async abort(): Promise<void> {
    this.#stop.abort();
    await this.idle();
  }

  #writeDown(message: Message): Segment | undefined {
    const { spool, target, sender } = this.#options;
    if (!spool) return undefined;
    try {
      if (!this.#segment?.isOpen) this.#segment = spool.begin(this.#key, target, sender.clock.now());
      this.#segment.append(message);
      return this.#segment;
    } catch (error) {
      this.#warn(
        `A report could not be written to the spool, and is lost should it not arrive: ${words(error)}`,
      );
      return undefined;
    }
  }

  /** Leaves out progress that is superseded by what waits behind it. What cannot be left out is not looked at each time. */
  #coalesce(): void {
    const { maxPending } = this.#options;
    if (this.#queue.length === 1) this.#mayWait = maxPending;
    if (this.#queue.length - 1 <= this.#mayWait) return;
    const waiting = this.#queue.slice(1).filter(({ message }) => message.type === "progress");
    if (waiting.length <= this.#mayWait) return;
    const dropped = superseded(waiting.map(({ message }) => message));
    this.#queue = this.#queue.filter(({ message }) => !dropped.has(message));
    for (const entry of waiting) {
      if (!dropped.has(entry.message)) continue;
      this.#settleInSpool(entry);
      entry.resolve({ outcome: "coalesced", id: entry.message.id });
    }
    this.#mayWait = Math.max(maxPending, waiting.length - dropped.size + Math.ceil(maxPending / 2));
  }

  #start(): void {
    if (this.#draining || this.#queue.length === 0) return;
    this.#draining = this.#drain().then(() => {
      this.#draining = undefined;
      this.#start();
    });
  }

  async #drain(): Promise<void> {
    try {
      await this.#takeOverEarlier().catch((error) => {
        if (this.#signal.aborted) throw error;
        this.#warn(`What earlier runs left in the spool could not be read: ${words(error)}`);
      });
      while (this.#queue[0]) await this.#deliverFirst(this.#queue[0]);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Settles the first entry, or throws when nothing more can be delivered now. */
  async #deliverFirst(entry: Entry): Promise<void> {
    const { sender, target } = this.#options;
    const startedAt = sender.clock.now();
    try {
      const answer = await sender.deliver(entry.message, target, anySignal(this.#signal, entry.signal));
      this.#settle(entry);
      entry.resolve({ outcome: "stored", id: entry.message.id, ...answer });
    } catch (error) {
      if (!(error instanceof CallbackError) || this.#signal.aborted) throw error;
      if (error.code === "undeliverable") {
        // A schedule is for the whole line; but what ends a dispatch deserves one from its own beginning.
        const deserves = (other: Entry) => other.message.type !== "progress" && other.queuedAt > startedAt;
        if (!this.#queue.some(deserves)) throw error;
        return;
      }
      this.#settle(entry);
      entry.reject(error);
    }
  }

  #settle(entry: Entry): void {
    this.#queue = this.#queue.filter((other) => other !== entry);
    this.#settleInSpool(entry);
  }

  /** A note that cannot be written costs a repeat later, which the server knows by its id; no more. */
  #settleInSpool({ message, segment }: Entry): void {
    try {
      discardUpload(message);
      segment?.settle(message.id);
    } catch (error) {
      this.#warn(`The spool file ${segment?.path} could not be written: ${words(error)}`);
    }
  }

  #release(segment: Segment | undefined): void {
    try {
      segment?.release();
    } catch (error) {
      this.#warn(`The spool file ${segment?.path} could not be let go: ${words(error)}`);
    }
  }

  /** A full disk would say the same with every callback. */
  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.onWarning(message);
  }

  /** Fails all that waits. With a spool it is kept there, free for the next run to take. */
  #giveUp(error: unknown): void {
    const entries = this.#queue;
    this.#queue = [];
    this.#segment = undefined;
    const code =
      error instanceof CallbackError ? error.code : this.#signal.aborted ? "aborted" : "undeliverable";
    const status =
      error instanceof CallbackError && error.status !== undefined ? { status: error.status } : {};
    const cause = words(error);
    entries.forEach(({ message, segment, reject }, index) => {
      this.#release(segment);
      if (!segment) discardUpload(message);
      const reason =
        index === 0 ? cause : `The ${describe(message)} had to wait behind another callback. ${cause}`;
      const kept = segment ? ` It is kept in ${segment.path} and goes out with the next report.` : "";
      reject(new CallbackError(code, reason + kept, { ...status, cause: error }));
    });
  }

  /**
   * Puts what earlier runs left of this dispatch in front of the line. Where another living process is still at it,
   * waits until that one is done, so that the order holds across processes.
   */
  async #takeOverEarlier(): Promise<void> {
    const { spool, sender } = this.#options;
    if (!spool) return;
    const own = this.#queue[0]?.segment?.path;
    let taken = 0;
    for (;;) {
      const [entry] = spool
        .entries()
        .filter(
          ({ key, path }) => key === this.#key && (own === undefined || path < own) && !this.#holds(path),
        );
      if (!entry) return;
      if (entry.owned) {
        await sender.clock.sleep(PREDECESSOR_POLL_MS, this.#signal);
        continue;
      }
      const { segment, broken } = Segment.claim(entry.path);
      if (broken) this.#options.onWarning(broken);
      if (!segment) continue;
      const entries = [...segment.pending.values()].map((message) => ({ ...UNAWAITED, message, segment }));
      this.#queue.splice(taken, 0, ...entries);
      taken += entries.length;
    }
  }

  #holds(path: string): boolean {
    return this.#queue.some((entry) => entry.segment?.path === path);
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What an earlier run sent: nobody waits for it here. */
const UNAWAITED = { queuedAt: 0, signal: undefined, resolve: () => {}, reject: () => {} };
