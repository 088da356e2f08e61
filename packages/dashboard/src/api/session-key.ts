import { SESSION_KEY_HEADER } from "@mission-control/protocol/paths";

/**
 * The half of a session's proof that this origin alone has. A browser sends the session's cookie to every port of the
 * host, also to the one where an agent runs a server of its own; what an origin stores it shows to nobody else.
 */

const NAME = "mission-control-session-key";

/** Used where the browser lets the page store nothing: then the session lasts as long as the page. */
let held: string | null = null;

export function keepSessionKey(key: string): void {
  held = key;
  try {
    localStorage.setItem(NAME, key);
  } catch {
    // Held, at least.
  }
}

export function forgetSessionKey(): void {
  held = null;
  try {
    localStorage.removeItem(NAME);
  } catch {
    // Nothing was stored.
  }
}

/** The key of the newest log-in of any tab; null before the first. */
export function sessionKey(): string | null {
  try {
    return localStorage.getItem(NAME) ?? held;
  } catch {
    return held;
  }
}

/** The header that proves, together with the cookie, a session (docs/contract.md, section 2). */
export function sessionHeaders(key: string | null): Record<string, string> {
  return key === null ? {} : { [SESSION_KEY_HEADER]: key };
}
