import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { newId } from "../ids.ts";
import type { Logger } from "../logger.ts";
import type { SessionRecord } from "../store/records.ts";
import { type Store, StoreUnavailableError } from "../store/store.ts";

/** How long a log-in lasts, in seconds. */
export const SESSION_SECONDS = 30 * 24 * 60 * 60;

const SECRET_BYTES = 32;
const MAX_USER_AGENT = 300;
/** How often expired sessions are looked for, in milliseconds: their streams go on no longer than that. */
const SWEEP_MS = 1000;

export interface SessionsOptions {
  store: Pick<Store, "edit" | "records">;
  now: () => Date;
  logger: Pick<Logger, "error">;
  /** Tells the administrator's token from any other: a session ends with the token that it was opened by. */
  tokenFingerprint: string;
  /** How often expired sessions are looked for, in milliseconds. Default: 1 second. */
  sweepMs?: number;
}

/** What proves a session: both are needed, and only their hashes are kept. */
export interface SessionProof {
  /** Held by the browser, which shows it to no script, but sends it to every port of the host. */
  cookie: string;
  /** Held by the pages of this origin, which no other port's pages can read, and sent in a header. */
  key: string;
}

/** The dashboard's log-ins. Whatever is said here to be so is so in the store. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #endListeners = new Set<(id: string) => void>();
  readonly #byCookieHash = new Map<string, SessionRecord>();
  readonly #sweep: NodeJS.Timeout;

  /** Takes up the sessions of an earlier run; those of another token are removed. */
  static async open(options: SessionsOptions): Promise<Sessions> {
    const sessions = new Sessions(options);
    for (const record of await options.store.records("session")) {
      if (record.tokenFingerprint === options.tokenFingerprint) {
        sessions.#byCookieHash.set(record.cookieHash, record);
      } else await sessions.#removeFromStore(record.id);
    }
    await sessions.#endExpired();
    return sessions;
  }

  private constructor(options: SessionsOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => void this.#endExpired(), options.sweepMs ?? SWEEP_MS).unref();
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  /** Starts a session; resolves, once it is durable, with what proves it. */
  async create(userAgent: string): Promise<SessionProof & { session: SessionRecord }> {
    const cookie = randomBytes(SECRET_BYTES).toString("base64url");
    const key = randomBytes(SECRET_BYTES).toString("base64url");
    const now = this.#options.now();
    const session: SessionRecord = {
      id: newId("session"),
      cookieHash: hash(cookie),
      keyHash: hash(key),
      tokenFingerprint: this.#options.tokenFingerprint,
      userAgent: userAgent.slice(0, MAX_USER_AGENT),
      createdAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + SESSION_SECONDS * 1000).toISOString(),
    };
    await this.#options.store.edit("session", session.id, () => ({ record: session }));
    this.#byCookieHash.set(session.cookieHash, session);
    return { cookie, key, session };
  }

  /** The session that one of the cookies proves, together with the key; null when there is none, or it is over. */
  find(cookies: readonly string[], key: string): SessionRecord | null {
    const keyHash = Buffer.from(hash(key));
    for (const cookie of cookies) {
      const session = this.#byCookieHash.get(hash(cookie));
      if (!session || this.#isExpired(session)) continue;
      if (timingSafeEqual(Buffer.from(session.keyHash), keyHash)) return session;
    }
    return null;
  }

  /** Every session that has not expired, newest first. */
  list(): SessionRecord[] {
    return [...this.#byCookieHash.values()]
      .filter((session) => !this.#isExpired(session))
      .sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
  }

  /** Calls the listener with the id of each session that ends. */
  onEnd(listener: (id: string) => void): void {
    this.#endListeners.add(listener);
  }

  /**
   * Ends a session; false when there is no such one.
   * @throws StoreUnavailableError when that could not be made durable: then it has not ended
   */
  async remove(id: string): Promise<boolean> {
    const session = [...this.#byCookieHash.values()].find((one) => one.id === id);
    if (!session) return false;
    await this.#options.store.edit("session", id, () => ({ record: null }));
    this.#forget(session);
    return true;
  }

  #forget(session: SessionRecord): void {
    this.#byCookieHash.delete(session.cookieHash);
    for (const listener of this.#endListeners) listener(session.id);
  }

  #isExpired(session: SessionRecord): boolean {
    return session.expiresAt <= this.#options.now().toISOString();
  }

  /** Time ends a session whether or not the store can say so: one that stays there has expired as well. */
  async #endExpired(): Promise<void> {
    const expired = [...this.#byCookieHash.values()].filter((session) => this.#isExpired(session));
    for (const session of expired) this.#forget(session);
    await Promise.all(expired.map(({ id }) => this.#removeFromStore(id)));
  }

  /** Tidies up a record that is no session any more; the next start tries again. */
  async #removeFromStore(id: string): Promise<void> {
    try {
      await this.#options.store.edit("session", id, () => ({ record: null }));
    } catch (error) {
      if (error instanceof StoreUnavailableError) return;
      this.#options.logger.error(
        { err: error, sessionId: id },
        "a session that is over could not be removed",
      );
    }
  }
}

/** Looked up by hash, so that the time a look-up takes tells nothing about the cookies. */
function hash(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
