import { SESSION_KEY_HEADER } from "@mission-control/protocol/paths";
import { basePath } from "./base-path.ts";

/**
 * The half of a session's proof that this origin alone has. A browser sends the session's cookie to every port of the
 * host, also to the one where an agent runs a server of its own; what an origin stores it shows to nobody else.
 */

/** Servers that share a host, each under a path of its own, have keys of their own. */
const name = () => `mission-control-session-key${basePath()}`;

/** Used where the browser lets the page store nothing: then the session lasts as long as the page. */
let held: string | null = null;

export function keepSessionKey(key: string): void {
  held = key;
  try {
    localStorage.setItem(name(), key);
  } catch {
    // Held, at least.
  }
}

export function forgetSessionKey(): void {
  held = null;
  try {
    localStorage.removeItem(name());
  } catch {
    // Nothing was stored.
  }
}

/** The key of the newest log-in of any tab; null before the first. */
export function sessionKey(): string | null {
  try {
    return localStorage.getItem(name()) ?? held;
  } catch {
    return held;
  }
}

/** The header that proves, together with the cookie, a session (docs/contract.md, section 2). */
export function sessionHeaders(key: string | null): Record<string, string> {
  return key === null ? {} : { [SESSION_KEY_HEADER]: key };
}
