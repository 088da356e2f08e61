import { createHash, randomBytes } from "node:crypto";
import { newId } from "../ids.ts";
import type { SessionRecord, Store } from "../store/store.ts";

/** How long a log-in lasts, in seconds. */
export const SESSION_SECONDS = 30 * 24 * 60 * 60;

const COOKIE_BYTES = 32;
const MAX_USER_AGENT = 300;

/** The dashboard's log-ins. The store keeps a hash of each cookie, never the cookie. */
export class Sessions {
  readonly #store: Pick<Store, "put" | "remove">;
  readonly #now: () => Date;
  readonly #endListeners = new Set<(id: string) => void>();
  readonly #byHash = new Map<string, SessionRecord>();

  static async open(store: Pick<Store, "put" | "remove" | "records">, now: () => Date): Promise<Sessions> {
    const sessions = new Sessions(store, now);
    for (const record of await store.records("session")) sessions.#byHash.set(record.cookieHash, record);
    await sessions.#removeExpired();
    return sessions;
  }

  private constructor(store: Pick<Store, "put" | "remove">, now: () => Date) {
    this.#store = store;
    this.#now = now;
  }

  /** Starts a session; resolves, once it is durable, with the cookie that proves it. */
  async create(userAgent: string): Promise<{ cookie: string; session: SessionRecord }> {
    await this.#removeExpired();
    const cookie = randomBytes(COOKIE_BYTES).toString("base64url");
    const now = this.#now();
    const session: SessionRecord = {
      id: newId("session"),
      cookieHash: hash(cookie),
      userAgent: userAgent.slice(0, MAX_USER_AGENT),
      createdAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + SESSION_SECONDS * 1000).toISOString(),
    };
    await this.#store.put("session", session);
    this.#byHash.set(session.cookieHash, session);
    return { cookie, session };
  }

  /** The session a cookie proves; null when it is unknown, ended or expired. */
  find(cookie: string): SessionRecord | null {
    const session = this.#byHash.get(hash(cookie));
    return session && !this.#isExpired(session) ? session : null;
  }

  /** Every session that has not expired, newest first. */
  list(): SessionRecord[] {
    return [...this.#byHash.values()]
      .filter((session) => !this.#isExpired(session))
      .sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
  }

  /** Calls the listener with the id of each session that ends. */
  onEnd(listener: (id: string) => void): void {
    this.#endListeners.add(listener);
  }

  /** Ends a session; false when there is no such one. */
  async remove(id: string): Promise<boolean> {
    const session = [...this.#byHash.values()].find((one) => one.id === id);
    if (!session) return false;
    this.#byHash.delete(session.cookieHash);
    for (const listener of this.#endListeners) listener(id);
    await this.#store.remove("session", id);
    return true;
  }

  #isExpired(session: SessionRecord): boolean {
    return session.expiresAt <= this.#now().toISOString();
  }

  async #removeExpired(): Promise<void> {
    const expired = [...this.#byHash.values()].filter((session) => this.#isExpired(session));
    await Promise.all(expired.map(({ id }) => this.remove(id)));
  }
}

/** Looked up by hash, so that the time a look-up takes tells nothing about the cookies. */
function hash(cookie: string): string {
  return createHash("sha256").update(cookie).digest("base64url");
}
