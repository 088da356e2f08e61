import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { SessionRecord } from "../store/store.ts";
import type { Sessions } from "./sessions.ts";

export const SESSION_COOKIE = "mission_control_session";

/** Who sent a request: a holder of the administrator's token, or a logged-in browser. */
export type Identity = { kind: "token" } | { kind: "session"; session: SessionRecord };

/** Knows who may use the API. */
export class Authenticator {
  readonly #tokenHash: Buffer;
  readonly #sessions: Pick<Sessions, "find">;

  constructor(token: string, sessions: Pick<Sessions, "find">) {
    this.#tokenHash = hash(token);
    this.#sessions = sessions;
  }

  /**
   * Who sent the request; null when nobody that is known. A bearer token that is wrong is not made good by a
   * cookie. Whether the request may change anything with a cookie, {@link isSameOrigin} says.
   */
  authenticate({ headers }: Pick<IncomingMessage, "headers">): Identity | null {
    if (headers.authorization !== undefined) {
      const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(headers.authorization)?.[1];
      return token !== undefined && this.isToken(token) ? { kind: "token" } : null;
    }
    const cookie = sessionCookie(headers.cookie);
    const session = cookie === null ? null : this.#sessions.find(cookie);
    return session ? { kind: "session", session } : null;
  }

  /** Whether this is the administrator's token, told in constant time. */
  isToken(token: string): boolean {
    return timingSafeEqual(hash(token), this.#tokenHash);
  }
}

/**
 * Whether a page of this server sent the request: a browser's `Origin` names the host the request went to, or the
 * public URL.
 */
export function isSameOrigin({ headers }: IncomingMessage, publicUrl: string | undefined): boolean {
  const origin = headers.origin === undefined ? null : URL.parse(headers.origin);
  if (!origin) return false;
  if (origin.host === headers.host) return true;
  return publicUrl !== undefined && origin.origin === new URL(publicUrl).origin;
}

function sessionCookie(header: string | undefined): string | null {
  for (const pair of header?.split(";") ?? []) {
    const [name, value] = pair.split("=", 2);
    if (name?.trim() === SESSION_COOKIE && value) return value.trim();
  }
  return null;
}

function hash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
