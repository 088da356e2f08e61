import { SESSION_KEY_HEADER } from "@mission-control/protocol/paths";
import { shelf } from "../store/shelf.ts";
import { basePath } from "./base-path.ts";

/**
 * The half of a session's proof that this origin alone has. A browser sends the session's cookie to every port of the
 * host, also to the one where an agent runs a server of its own; what an origin stores it shows to nobody else.
 */

/** Servers that share a host, each under a path of its own, have keys of their own. */
const name = () => `mission-control-session-key${basePath()}`;

export function keepSessionKey(key: string): void {
  shelf.setItem(name(), key);
}

export function forgetSessionKey(): void {
  shelf.removeItem(name());
}

/** The key of the newest log-in of any tab; null before the first. Where nothing can be stored, that of this page. */
export function sessionKey(): string | null {
  return shelf.getItem(name());
}

/** The header that proves, together with the cookie, a session (docs/contract.md, section 2). */
export function sessionHeaders(key: string | null): Record<string, string> {
  return key === null ? {} : { [SESSION_KEY_HEADER]: key };
}
