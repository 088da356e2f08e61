import type { Socket } from "node:net";
import { hostName } from "@mission-control/protocol";
import { LruMap } from "toad-cache";
import type { ClientAddresses, Sender } from "./client-address.ts";
import { requestedHost } from "./forwarded.ts";

/** Header values known to be good, kept so that a busy client's costs one look. */
const MAX_REMEMBERED = 256;

/** Why a request is refused with 421 (RFC 9110, section 15.5.20). */
export const FOREIGN_HOST =
  "This server does not go by the name in the Host header: set MISSION_CONTROL_PUBLIC_URL to the address it is opened at, or add the name to MISSION_CONTROL_ALLOWED_HOSTS.";

export interface AllowedHostsOptions {
  /** The address the server listens on, as in the settings. */
  host: string;
  publicUrl: string | undefined;
  /** Further names from the settings. */
  names: readonly string[];
  proxies: Pick<ClientAddresses, "isProxy">;
}

/**
 * The names this server answers to. A page of a foreign site that has its own name point here (DNS rebinding) can
 * read what this server says, and is known only by that name in `Host`.
 */
export class AllowedHosts {
  readonly #names: ReadonlySet<string>;
  readonly #proxies: AllowedHostsOptions["proxies"];
  readonly #remembered = new LruMap<true>(MAX_REMEMBERED);

  constructor({ host, publicUrl, names, proxies }: AllowedHostsOptions) {
    const own = [host, ...names].map(hostName).filter((name) => name !== null);
    this.#names = new Set(publicUrl === undefined ? own : [...own, new URL(publicUrl).hostname]);
    this.#proxies = proxies;
  }

  /**
   * Whether a request is for this server: by a loopback name, the public URL's, a configured one, or an address of
   * this machine. One without a `Host` (HTTP/1.0) is no browser's.
   */
  allows(request: Sender & { socket: Pick<Socket, "localAddress"> }): boolean {
    const host = requestedHost(request, this.#proxies);
    if (host === undefined || this.#remembered.get(host)) return true;
    const name = hostName(host);
    if (name === null) return false;
    const known =
      this.#names.has(name) || isLoopback(name) || name === hostName(request.socket.localAddress ?? "");
    if (known) this.#remembered.set(host, true);
    return known;
  }
}

function isLoopback(name: string): boolean {
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(name)
  );
}
