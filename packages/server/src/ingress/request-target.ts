import type { IncomingMessage } from "node:http";

/** Scheme, authority, and path with query (RFC 9112, section 3.2.2). */
const ABSOLUTE_FORM = /^https?:\/\/(?:[^/?#@]*@)?([^/?#@]+)([/?].*)?$/i;

/**
 * Brings a request whose target is a whole URL, as clients send that take the server for a proxy, into the usual form:
 * the target is the path with its query, and the host the URL's, whatever the `Host` field says (RFC 9112, sections
 * 3.2.2 and 3.3).
 */
export function toOriginForm(request: IncomingMessage): void {
  const { url = "" } = request;
  if (url.startsWith("/")) return;
  const [, host, target = "/"] = ABSOLUTE_FORM.exec(url) ?? [];
  if (host === undefined) return;
  request.url = target.startsWith("/") ? target : `/${target}`;
  request.headers.host = host;
}

/**
 * The path under which a public URL has the server, such as `/mission`; empty for the root of its host. Never ends with
 * a slash.
 */
export function basePathOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? "" : new URL(publicUrl).pathname.replace(/\/+$/, "");
}

/**
 * A request target without the base path. One that does not begin with it stays as it is: proxies may take the base
 * path away, and what asks on the same machine need not know of it.
 */
export function withoutBasePath(target: string, basePath: string): string {
  if (basePath === "" || !target.startsWith(basePath)) return target;
  const rest = target.slice(basePath.length);
  if (rest.startsWith("/")) return rest;
  return rest === "" || rest.startsWith("?") ? `/${rest}` : target;
}
