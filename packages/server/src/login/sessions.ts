import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { newId } from "../ids.ts";
import type { Logger } from "../logger.ts";
import type { LogInCodeRecord, SessionRecord } from "../store/records.ts";
import { type Store, StoreUnavailableError } from "../store/store.ts";

/** How long a log-in lasts, in seconds. */
export const SESSION_SECONDS = 30 * 24 * 60 * 60;
/** How long a log-in code is good, in milliseconds. */
const CODE_MS = 10 * 60_000;

const SECRET_BYTES = 32;
const MAX_USER_AGENT = 300;
/** Between the id of a session, which has none itself, and a secret of it: in a cookie and in a code. */
const SEPARATOR = "-";
/** How often expired records are removed, in milliseconds. They are no sessions any more, whether or not they are there. */
const TIDY_MS = 60 * 60_000;

export interface SessionsOptions {
  store: Pick<Store, "edit" | "record" | "records">;
  now: () => Date;
  logger: Pick<Logger, "error">;
  /** Tells the administrator's token from any other: a session ends with the token that it was opened by. */
  tokenFingerprint: string;
  /** How often expired records are removed, in milliseconds. Default: 1 hour. */
  tidyMs?: number;
}

/** What proves a session: both are needed, and only their hashes are kept. */
export interface SessionProof {
  /** Held by the browser, which shows it to no script, but sends it to every port of the host. */
  cookie: string;
  /** Held by the pages of this origin, which no other port's pages can read, and sent in a header. */
  key: string;
}

/** A log-in, and what proves it from now on. */
export interface LogIn extends SessionProof {
  session: SessionRecord;
}

/**
 * The dashboard's log-ins. Nothing of them is in memory: each request looks its session up in the store, so that one which
 * began or ended at any node has done so at all of them, at the moment of its commit.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #tidy: NodeJS.Timeout;

  /** Removes what has expired, and the sessions of another token, from the store. */
  static async open(options: SessionsOptions): Promise<Sessions> {
    const sessions = new Sessions(options);
    await sessions.#removeAll(
      ({ tokenFingerprint, expiresAt }) =>
        tokenFingerprint !== options.tokenFingerprint || sessions.#isPast(expiresAt),
    );
    return sessions;
  }

  private constructor(options: SessionsOptions) {
    this.#options = options;
    // Not those of another token: while it is being changed, each node knows its own.
    const removeExpired = () => void this.#removeAll(({ expiresAt }) => this.#isPast(expiresAt));
    this.#tidy = setInterval(removeExpired, options.tidyMs ?? TIDY_MS).unref();
  }

  close(): void {
    clearInterval(this.#tidy);
  }

  /**
   * Starts a session; resolves once it is durable.
   * @throws StoreUnavailableError: then there is none
   */
  async create(userAgent: string): Promise<LogIn> {
    const logIn = this.#newLogIn(newId("session"), userAgent);
    await this.#options.store.edit("session", logIn.session.id, () => ({ record: logIn.session }));
    return logIn;
  }

  /**
   * A code that logs in once, within ten minutes, at any node.
   * @throws StoreUnavailableError
   */
  async issueCode(): Promise<{ code: string; expiresAt: string }> {
    const { store, tokenFingerprint } = this.#options;
    const id = newId("session");
    const code = id + SEPARATOR + randomBytes(SECRET_BYTES).toString("base64url");
    const now = this.#options.now();
    const record: LogInCodeRecord = {
      id,
      codeHash: hash(code),
      tokenFingerprint,
      createdAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + CODE_MS).toISOString(),
    };
    await store.edit("session", id, () => ({ record }));
    return { code, expiresAt: record.expiresAt };
  }

  /**
   * Logs in with a code: the code's record becomes the session's, in one step. So it is used once, at whichever nodes it
   * is tried at the same time, and is still good where the session could not be stored.
   * @returns null when the code is unknown, used or too old
   * @throws StoreUnavailableError
   */
  async redeemCode(code: string, userAgent: string): Promise<LogIn | null> {
    const { store } = this.#options;
    const id = idIn(code);
    const isGood = (record: LogInCodeRecord | SessionRecord | null) =>
      record !== null && "codeHash" in record && this.#lasts(record) && isHashOf(record.codeHash, code);
    // Looked at first, so that guesses write nothing.
    if (id === null || !isGood(await store.record("session", id))) return null;
    const logIn = this.#newLogIn(id, userAgent);
    const { record } = await store.edit("session", id, (current) => ({
      record: isGood(current) ? logIn.session : current,
    }));
    const { cookieHash } = logIn.session;
    return record && "cookieHash" in record && record.cookieHash === cookieHash ? logIn : null;
  }

  /**
   * The session that one of the cookies proves, together with the key; null when there is none, or it is over.
   * @throws StoreUnavailableError
   */
  async find(cookies: readonly string[], key: string): Promise<SessionRecord | null> {
    for (const cookie of cookies) {
      const session = await this.#get(idIn(cookie));
      if (session && isHashOf(session.cookieHash, cookie) && isHashOf(session.keyHash, key)) return session;
    }
    return null;
  }

  /**
   * Whether a session goes on: it has neither expired nor been ended, at any node.
   * @throws StoreUnavailableError
   */
  async lasts(id: string): Promise<boolean> {
    return (await this.#get(id)) !== null;
  }

  /** Every session that goes on, newest first. */
  async list(): Promise<SessionRecord[]> {
    const records = await this.#options.store.records("session");
    return records
      .filter((record) => "cookieHash" in record)
      .filter((session) => this.#lasts(session))
      .sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
  }

  /**
   * Ends a session.
   * @returns false when there is no such one
   * @throws StoreUnavailableError when that could not be made durable: then it has not ended
   */
  async remove(id: string): Promise<boolean> {
    if (!(await this.lasts(id))) return false;
    await this.#options.store.edit("session", id, () => ({ record: null }));
    return true;
  }

  async #get(id: string | null): Promise<SessionRecord | null> {
    const record = id === null ? null : await this.#options.store.record("session", id);
    return record && "cookieHash" in record && this.#lasts(record) ? record : null;
  }

  #newLogIn(id: string, userAgent: string): LogIn {
    const { now, tokenFingerprint } = this.#options;
    const cookie = id + SEPARATOR + randomBytes(SECRET_BYTES).toString("base64url");
    const key = randomBytes(SECRET_BYTES).toString("base64url");
    const at = now();
    const session: SessionRecord = {
      id,
      cookieHash: hash(cookie),
      keyHash: hash(key),
      tokenFingerprint,
      userAgent: userAgent.slice(0, MAX_USER_AGENT),
      createdAt: at.toISOString(),
      expiresAt: new Date(at.getTime() + SESSION_SECONDS * 1000).toISOString(),
    };
    return { cookie, key, session };
  }

  #lasts({ tokenFingerprint, expiresAt }: LogInCodeRecord | SessionRecord): boolean {
    return tokenFingerprint === this.#options.tokenFingerprint && !this.#isPast(expiresAt);
  }

  #isPast(time: string): boolean {
    return time <= this.#options.now().toISOString();
  }

  /** Tidies up records that are good for nothing any more. What cannot be removed now is tried again by the next round. */
  async #removeAll(isOver: (record: LogInCodeRecord | SessionRecord) => boolean): Promise<void> {
    const { store, logger } = this.#options;
    try {
      const records = await store.records("session");
      await Promise.all(
        records.filter(isOver).map(({ id }) =>
          store.edit("session", id, (current) => ({
            record: current && isOver(current) ? null : current,
          })),
        ),
      );
    } catch (error) {
      if (error instanceof StoreUnavailableError) return;
      logger.error({ err: error }, "sessions that are over could not be removed");
    }
  }
}

/**
 * Where a browser logs in with a code. It stands in the fragment, which no server, proxy or log is sent.
 * @param base the server's URL
 */
export function logInUrl(base: string, code: string): string {
  return `${base}/login#code=${code}`;
}

/** The id of the session that a cookie or a code speaks of; null when it speaks of none. */
function idIn(secret: string): string | null {
  const end = secret.indexOf(SEPARATOR);
  return end > 0 ? secret.slice(0, end) : null;
}

/** Compared in constant time. */
function isHashOf(kept: string, secret: string): boolean {
  return timingSafeEqual(Buffer.from(kept), Buffer.from(hash(secret)));
}

function hash(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
