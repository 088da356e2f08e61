import { TokenBucket } from "limiter";
import { LruMap } from "toad-cache";

/** What may come at once after a pause, in seconds of the rate: work comes in bursts. */
const BURST_SECONDS = 50;
/** Keys remembered; the one not heard of for longest is forgotten first, and so has its burst again. */
const MAX_KEYS = 10_000;

/** Why something is over its limit. */
export interface Excess {
  /** Whole seconds after which it may be tried again. */
  retryAfter: number;
  /** Whether it came although an earlier one was answered with a wait that is not over. */
  repeated: boolean;
}

interface Account {
  bucket: TokenBucket;
  /** Until when the last one that was refused has to wait, in ms of the monotonic clock. */
  waitsUntil: number;
}

/** How many of something each key may have a second on average; a token bucket each. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #accounts = new LruMap<Account>(MAX_KEYS);

  /** @param perSecond 0 for no limit */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Takes one; null when the key may have it. */
  take(key: string): Excess | null {
    if (this.#perSecond === 0) return null;
    const account = this.#accounts.get(key) ?? this.#open(key);
    if (account.bucket.tryRemoveTokens(1)) return null;
    const now = performance.now();
    const retryAfter = Math.max(1, Math.ceil(account.bucket.getWaitTime(1) / 1000));
    const repeated = now < account.waitsUntil;
    if (!repeated) account.waitsUntil = now + retryAfter * 1000;
    return { retryAfter, repeated };
  }

  #open(key: string): Account {
    const bucketSize = this.#perSecond * BURST_SECONDS;
    const bucket = new TokenBucket({ bucketSize, tokensPerInterval: this.#perSecond, interval: "second" });
    bucket.content = bucketSize;
    const account = { bucket, waitsUntil: 0 };
    this.#accounts.set(key, account);
    return account;
  }
}
