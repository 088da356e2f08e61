import { ApiError } from "./api-error.ts";
import type { ApiClient } from "./client.ts";

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

/** Trades the token, or the code of a one-time link, for a session cookie. */
export async function logIn(api: ApiClient, proof: { token: string } | { code: string }): Promise<void> {
  await api.call({ method: "POST", path: "/api/session", body: proof });
}

export async function logOut(api: ApiClient): Promise<void> {
  await api.call({ method: "DELETE", path: "/api/session" });
}

/** Takes the one-time code out of the address (`/login#code=…`), so that it stays in no history. */
export function takeLogInCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) history.replaceState(null, "", location.pathname === "/login" ? "/" : location.pathname);
  return code;
}
