import type { ClientAddresses, Sender } from "../client-address.ts";
import { requestedHost } from "../forwarded.ts";

export interface OwnOriginOptions {
  publicUrl: string | undefined;
  addresses: Pick<ClientAddresses, "isProxy">;
}

/**
 * Whether a page of this server sent the request: a browser's `Origin` names the host the request went to, or the
 * public URL.
 */
export function isOwnOrigin(request: Sender, { publicUrl, addresses }: OwnOriginOptions): boolean {
  const origin = URL.parse(request.headers.origin ?? "");
  if (!origin || !/^https?:$/.test(origin.protocol)) return false;
  if (publicUrl !== undefined && origin.origin === new URL(publicUrl).origin) return true;
  // Read as part of a URL, so that a port that goes without saying is the same as one that is said.
  return origin.host === URL.parse(`${origin.protocol}//${requestedHost(request, addresses)}`)?.host;
}

/** Why a request from another origin is refused, and what to do where the origin is right. */
export function foreignOrigin({ headers }: Sender): string {
  if (headers.origin === undefined) {
    return "A request that changes something with a session must say by its Origin that a page of this server sent it.";
  }
  return `The page at ${headers.origin} is not known as this server's own: if it is, for example through a reverse proxy, start the server with MISSION_CONTROL_PUBLIC_URL=${headers.origin}`;
}
