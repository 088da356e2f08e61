import { createHash, randomBytes } from "node:crypto";

const LIFETIME_MS = 10 * 60_000;
const CODE_BYTES = 24;
/** Codes open at one time; issuing more ends the oldest. */
const MAX_OPEN = 16;

/** One-time log-in codes, good for ten minutes and one use. Only their hashes are in memory. */
export class LogInCodes {
  readonly #now: () => Date;
  /** Unix milliseconds at which each open code ends. */
  readonly #open = new Map<string, number>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  issue(): string {
    const code = randomBytes(CODE_BYTES).toString("base64url");
    this.#open.set(hash(code), this.#now().getTime() + LIFETIME_MS);
    if (this.#open.size > MAX_OPEN) {
      const oldest = this.#open.keys().next();
      if (!oldest.done) this.#open.delete(oldest.value);
    }
    return code;
  }

  /**
   * Uses a code up for what it is good for: nobody else can use it meanwhile, and it is good again when that fails.
   * @returns null, without having tried, when the code is unknown, used or too old
   */
  async redeem<Result>(code: string, use: () => Promise<Result>): Promise<Result | null> {
    const key = hash(code);
    const endsAt = this.#open.get(key);
    this.#open.delete(key);
    if (endsAt === undefined || this.#now().getTime() >= endsAt) return null;
    try {
      return await use();
    } catch (error) {
      this.#open.set(key, endsAt);
      throw error;
    }
  }
}

/** Looked up by hash, so that the time a look-up takes tells nothing about the codes. */
function hash(code: string): string {
  return createHash("sha256").update(code).digest("base64url");
}
