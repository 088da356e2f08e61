import { LruMap } from "toad-cache";
import { pause } from "../abortable.ts";
import { LeasedWork } from "../leased-work.ts";
import type { Logger } from "../logger.ts";
import type { PastAttempt, UncountedFact } from "../store/insights.ts";
import { FencedError } from "../store/operations.ts";
import type { Lease, LogEntry, Store } from "../store/store.ts";
import type { InsightFact } from "../tasks/insight-fact.ts";
import { type Bucket, bucketsOf, countFacts, keyText, tagKey } from "./counts.ts";
import { pastFact } from "./past-attempt.ts";

/** The lease under which facts are counted: one node does. */
const LEASE = "insights";
/** Facts that one commit counts at most. */
const STEP_FACTS = 500;
/** Facts that come within this time are counted together, in milliseconds. */
const GATHER_MS = 1000;
const AFTER_ERROR_MS = 5000;
/** Between two looks for counts that were kept long enough. */
const PRUNE_EVERY_MS = 3600_000;
const PRUNE_ROWS = 500;
const KEPT_BUCKETS = 64;
const DAY_MS = 86_400_000;
/** So long are hours told apart; days are three years. */
export const KEEP_HOURS_DAYS = 62;
const KEEP_DAYS = 3 * 366;

/** Whoever looks at what is counted, for as long as this node counts. */
export interface CountWatch {
  /** Tags that are to be kept apart however many others there are. */
  tags(): Promise<readonly string[]>;
  /** Called after each step, also when there was nothing to count. */
  counted(facts: readonly InsightFact[]): Promise<void>;
}

export interface CountingOptions {
  store: Store;
  now: () => Date;
  logger: Pick<Logger, "error">;
  gatherMs?: number;
  /** Makes the one that looks at what is counted under a lease. */
  watch?: (under: Lease["token"]) => CountWatch;
}

/** Adds facts to the counts, for as long as this node has the lease. */
export class Counting {
  readonly #options: CountingOptions;
  readonly #work: LeasedWork;

  constructor(options: CountingOptions) {
    this.#options = options;
    this.#work = new LeasedWork({
      store: options.store,
      name: LEASE,
      work: (lease, signal) => this.#hold(lease, signal),
      failed: (error) => options.logger.error({ err: error }, "what happened could not be counted"),
      pauseMs: AFTER_ERROR_MS,
    });
  }

  close(): Promise<void> {
    return this.#work.close();
  }

  async #hold({ token: under }: Lease, signal: AbortSignal): Promise<void> {
    const { store, gatherMs = GATHER_MS, watch } = this.#options;
    const { newest } = await store.range();
    let woken = Promise.withResolvers<void>();
    const follow = (entries: readonly LogEntry[]) => {
      if (entries.some(mayCount)) woken.resolve();
    };
    const follower = store.follow(newest, follow, { inBatches: true });
    const counter = new Counter(store, under, watch?.(under));
    let prunedAt = Number.NEGATIVE_INFINITY;
    try {
      while (!signal.aborted) {
        // The first time too: a server that starts has more urgent things to do.
        await pause(gatherMs, signal);
        woken = Promise.withResolvers();
        while (!signal.aborted && (await counter.step()));
        if (performance.now() - prunedAt > PRUNE_EVERY_MS) {
          prunedAt = performance.now();
          await this.#prune(under, signal);
        }
        const idle = new AbortController();
        await Promise.race([woken.promise, pause(PRUNE_EVERY_MS, AbortSignal.any([signal, idle.signal]))]);
        idle.abort();
      }
    } catch (error) {
      // Somebody else has the lease, and does it.
      if (!(error instanceof FencedError)) throw error;
    } finally {
      follower.close();
    }
  }

  async #prune(under: Lease["token"], signal: AbortSignal): Promise<void> {
    const { store, now } = this.#options;
    const before = (days: number) => new Date(now().getTime() - days * DAY_MS).toISOString();
    const { hour: hoursBefore } = bucketsOf(before(KEEP_HOURS_DAYS));
    const { day: daysBefore } = bucketsOf(before(KEEP_DAYS));
    while (await store.pruneInsights({ hoursBefore, daysBefore, rows: PRUNE_ROWS, under })) {
      if (signal.aborted) return;
    }
  }
}

/** Counts facts step by step. It alone writes counts, so that it may remember what is in the newest buckets. */
export class Counter {
  readonly #store: Store;
  readonly #under: Lease["token"];
  readonly #watch: CountWatch | undefined;
  readonly #buckets = new LruMap<Bucket>(KEPT_BUCKETS);

  constructor(store: Store, under: Lease["token"], watch?: CountWatch) {
    this.#store = store;
    this.#under = under;
    this.#watch = watch;
  }

  /** Counts the oldest facts. Resolves to whether more may be left. @throws FencedError, StoreUnavailableError */
  async step(): Promise<boolean> {
    const uncounted = await this.#store.uncountedFacts(STEP_FACTS);
    const facts = uncounted.length === 0 ? [] : await this.#count(uncounted);
    await this.#watch?.counted(facts);
    return uncounted.length === STEP_FACTS;
  }

  async #count(uncounted: readonly UncountedFact[]): Promise<InsightFact[]> {
    const facts = await this.#factsOf(uncounted);
    const buckets = new Map<string, Bucket>();
    for (const { at } of facts) {
      const { hour, day } = bucketsOf(at);
      for (const name of [hour, day]) if (!buckets.has(name)) buckets.set(name, await this.#bucket(name));
    }
    const asked = new Set((await this.#watch?.tags())?.map(tagKey));
    const rows = countFacts(facts, buckets, asked);
    try {
      await this.#store.countFacts({ facts: uncounted.map(({ seq }) => seq), rows, under: this.#under });
    } catch (error) {
      this.#buckets.clear();
      throw error;
    }
    for (const [name, bucket] of buckets) {
      const changed = rows.filter((row) => row.bucket === name).map((row) => [keyText(row), row] as const);
      this.#buckets.set(name, new Map([...bucket, ...changed]));
    }
    return facts;
  }

  async #factsOf(uncounted: readonly UncountedFact[]): Promise<InsightFact[]> {
    const facts: InsightFact[] = [];
    for (const { fact } of uncounted) {
      const known = isPast(fact) ? await pastFact(this.#store, fact) : fact;
      if (known) facts.push(known);
    }
    return facts;
  }

  async #bucket(name: string): Promise<Bucket> {
    const known = this.#buckets.get(name);
    if (known) return known;
    return new Map((await this.#store.insightRows(name)).map((row) => [keyText(row), row]));
  }
}

export function isPast(fact: InsightFact | PastAttempt): fact is PastAttempt {
  return "dispatchId" in fact;
}

/** Most of what comes is progress, which nothing is counted of. */
function mayCount({ type, change }: LogEntry): boolean {
  return type !== "activity" || change?.attempts !== undefined;
}
