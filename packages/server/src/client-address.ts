import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { isIP, isIPv6 } from "node:net";
import proxyAddr from "@fastify/proxy-addr";

/** What shows who sent a request. */
export interface Sender {
  socket: { remoteAddress?: string | undefined };
  headers: IncomingHttpHeaders;
}

/**
 * Tells the address a request came from: that of the connection or, where the connection is a trusted proxy's, what
 * the proxies say in `X-Forwarded-For`. It is read from its right end, the only one a client cannot write: the first
 * address there that is not itself a trusted proxy's counts.
 */
export class ClientAddresses {
  readonly #isTrusted: ((address: string, hop: number) => boolean) | null;

  /**
   * @param trustedProxies addresses, CIDR ranges, or `loopback`, `linklocal`, `uniquelocal`
   * @throws TypeError for what is none of these
   */
  constructor(trustedProxies: readonly string[] = []) {
    this.#isTrusted = trustedProxies.length > 0 ? proxyAddr.compile([...trustedProxies]) : null;
  }

  /** The address of the client itself; an IPv4 address is written as such, also on an IPv6 socket. */
  of(request: Sender): string {
    const peer = plain(request.socket.remoteAddress ?? "");
    if (!this.#isTrusted?.(peer, 0)) return peer;
    const client = plain(proxyAddr(request as IncomingMessage, this.#isTrusted));
    // Something that is no address is nobody's: the proxy answers for it.
    return isIP(client) === 0 ? peer : client;
  }

  /** Whether a connection is a trusted proxy's, and so carries the requests of many clients. */
  isProxy(peer: string | undefined): boolean {
    return this.#isTrusted?.(plain(peer ?? ""), 0) ?? false;
  }
}

/** Whether an address is one of this machine's own loopback ones. */
export function isLoopback(address: string): boolean {
  return address === "::1" || plain(address).startsWith("127.");
}

/**
 * Who an address belongs to, as far as limits go: an IPv4 address by itself, an IPv6 address with the other addresses
 * of its /64, all of which one machine may have (RFC 4291, section 2.5.4).
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("%", 1)[0]?.split("::", 2) ?? [];
  const start = head === "" ? [] : head.split(":");
  const end = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : 8 - start.length - end.length - (tail.includes(".") ? 1 : 0);
  const groups = [...start, ...Array.from({ length: Math.max(0, gap) }, () => "0"), ...end].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

/** An IPv4 address that an IPv6 socket gives as `::ffff:192.0.2.1`, written by itself. */
function plain(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
}
