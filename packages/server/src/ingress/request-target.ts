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
