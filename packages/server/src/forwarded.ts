import type { ClientAddresses, Sender } from "./client-address.ts";

type Proxies = Pick<ClientAddresses, "isProxy">;

/** The host a client asked for, as in a `Host` header: where a trusted proxy names it, what that says. */
export function requestedHost(request: Sender, proxies: Proxies): string | undefined {
  return forwarded(request, proxies, "x-forwarded-host") ?? request.headers.host;
}

/** Whether a trusted proxy says that the client's own connection is encrypted. */
export function cameByHttps(request: Sender, proxies: Proxies): boolean {
  return forwarded(request, proxies, "x-forwarded-proto")?.toLowerCase() === "https";
}

/** Of several proxies' values, the outermost one's, which stands first. */
function forwarded({ socket, headers }: Sender, proxies: Proxies, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined || !proxies.isProxy(socket.remoteAddress)) return undefined;
  return String(value).split(",", 1)[0]?.trim() || undefined;
}
