import { text } from "../text/text.ts";
import { ApiError } from "./api-error.ts";
import { basePath } from "./base-path.ts";
import type { ApiClient } from "./client.ts";
import { forgetSessionKey, keepSessionKey } from "./session-key.ts";

/** The session this browser has, and what the server offers. */
export interface Session {
  id: string;
  expiresAt: string;
  features: { outboundWebhooks: boolean };
}

/** A session in the list of all of them. */
export interface SessionEntry {
  id: string;
  userAgent: string;
  createdAt: string;
  expiresAt: string;
  current?: boolean;
}

/** The session, or null when there is none. */
export async function readSession(api: ApiClient): Promise<Session | null> {
  try {
    return await api.get<Session>("/api/session");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** The browser did not keep the cookie of a log-in that the server has accepted; the message says why. */
export class CookieDroppedError extends Error {
  override name = "CookieDroppedError";
}

/**
 * Trades the token, or the code of a one-time link, for a session.
 * @throws ApiError when the server refuses
 * @throws CookieDroppedError
 */
export async function logIn(api: ApiClient, proof: { token: string } | { code: string }): Promise<void> {
  const { key, secure } = await api.call<{ key: string; secure: boolean }>({
    method: "POST",
    path: "/api/session",
    body: proof,
  });
  keepSessionKey(key);
  // A browser says nothing about a cookie it refuses: only asking shows whether it is sent.
  if (await readSession(api)) return;
  const overHttp = secure && location.protocol === "http:";
  throw new CookieDroppedError(overHttp ? text.logIn.cookieNeedsTls : text.logIn.cookieDropped);
}

/** @throws ApiError when the server could not end the session: it goes on */
export async function logOut(api: ApiClient): Promise<void> {
  try {
    await api.call({ method: "DELETE", path: "/api/session" });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
  forgetSessionKey();
}

/** Takes the one-time code out of the address (`/login#code=…`), so that it stays in no history. */
export function takeLogInCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  const { pathname } = location;
  if (code) history.replaceState(null, "", pathname === `${basePath()}/login` ? `${basePath()}/` : pathname);
  return code;
}
