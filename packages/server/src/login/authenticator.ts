import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { SESSION_KEY_HEADER } from "@mission-control/protocol/paths";
import { type ClientAddresses, networkOf, type Sender } from "../client-address.ts";
import type { Metrics } from "../metrics.ts";
import type { SessionRecord } from "../store/records.ts";
import type { LogInThrottle } from "./log-in-throttle.ts";
import type { SessionCookie } from "./session-cookie.ts";
import type { Sessions } from "./sessions.ts";

/** Who sent a request: a holder of the administrator's token, or a logged-in browser. */
export type Identity = { kind: "token" } | { kind: "session"; session: SessionRecord };

export interface AuthenticatorOptions {
  /** The administrator's token. */
  token: string;
  sessions: Pick<Sessions, "find">;
  cookie: Pick<SessionCookie, "read">;
  throttle: LogInThrottle;
  addresses: Pick<ClientAddresses, "of">;
  metrics: Pick<Metrics, "limited">;
}

/** Knows who may use the API. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #tokenHash: Buffer;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#tokenHash = hash(options.token);
  }

  /**
   * Who sent the request; null when nobody that is known. A bearer token that is wrong is not made good by a session;
   * other schemes of `Authorization` are a proxy's affair. Whether the request may change anything with a session, the
   * routes say.
   * @throws StoreUnavailableError when a session cannot be looked up; a token is known without the store
   */
  async authenticate({ headers }: Pick<Sender, "headers">): Promise<Identity | null> {
    const token = bearerToken(headers);
    if (token !== null) return this.isToken(token) ? { kind: "token" } : null;
    const key = headers[SESSION_KEY_HEADER];
    const cookies = this.#options.cookie.read(headers.cookie);
    if (typeof key !== "string" || cookies.length === 0) return null;
    const session = await this.#options.sessions.find(cookies, key);
    return session && { kind: "session", session };
  }

  /** Whether this is the administrator's token, compared in constant time. */
  isToken(token: string): boolean {
    return timingSafeEqual(hash(token), this.#tokenHash);
  }

  /**
   * Takes note that a request was refused. To be called once for each.
   * @returns seconds its sender has to wait before it tries again; 0 for none
   */
  refused(request: Sender): number {
    return bearerToken(request.headers) === null ? 0 : this.failedTry(request);
  }

  /** The same for a wrong token or code, by whichever way it came. */
  failedTry(request: Sender): number {
    const { throttle, addresses, metrics } = this.#options;
    const wait = throttle.failed(networkOf(addresses.of(request)));
    if (wait > 0) metrics.limited("log_ins");
    return wait;
  }
}

/** What a request sends as a bearer token (RFC 6750, section 2.1); null when it sends none. */
function bearerToken({ authorization }: IncomingHttpHeaders): string | null {
  return /^bearer( |$)/i.test(authorization ?? "")
    ? (authorization ?? "").slice("bearer".length).trim()
    : null;
}

function hash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
