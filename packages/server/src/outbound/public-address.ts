import { type LookupAddress, lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { ALLOWING_SETTING } from "../gateways/http/link-local.ts";

/** Public by its number, but answered by the cloud's own host: Azure's, which hands out machines' settings. */
const CLOUD_HOSTS: ReadonlySet<string> = new Set(["168.63.129.16"]);
/** All that is routed in the public Internet's IPv6 (RFC 4291, section 2.4). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/** A host has no public address, and only such are sent to. */
export class PrivateAddressError extends Error {
  readonly code = "private_address";
  override name = "PrivateAddressError";

  constructor() {
    super(`its address is not a public one, which only ${ALLOWING_SETTING} allows`);
  }
}

/**
 * Whether an address is one of the public Internet's: no private, loopback, link-local, shared, reserved or multicast
 * one, no cloud's metadata service, and none of IPv6 that stands for one of IPv4 by translation or tunnel (NAT64, 6to4,
 * Teredo), wherever that may lead. IPv4 mapped into IPv6 is looked at as the IPv4 address that it is.
 */
export function isPublicAddress(address: string): boolean {
  const text = isIP(address) === 6 ? withoutDots(address) : address;
  if (!ipaddr.isValid(text)) return false;
  const parsed = ipaddr.process(text);
  if (parsed.range() !== "unicast") return false;
  if (parsed instanceof ipaddr.IPv6) return parsed.match(GLOBAL_UNICAST);
  return !CLOUD_HOSTS.has(parsed.toString());
}

/** IPv6 whose end is written as IPv4, in hexadecimal: the library takes `::1.2.3.4` for one that is mapped. */
function withoutDots(address: string): string {
  return URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? "";
}

/** Whether a URL's host is an address as it stands, and not a public one. Says nothing of names. */
export function isPrivateHost({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  return isIP(host) !== 0 && !isPublicAddress(host);
}

/** Looks a name up, as `dns.lookup` does with `all: true`. */
export type Resolve = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A look-up for connections that gives public addresses alone, and fails with a {@link PrivateAddressError} where there
 * is none. A connection is made to what it gives: the name is not looked up again in between.
 * @param resolve default the system's way
 */
export function publicLookup(resolve: Resolve = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const allowed = addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = allowed;
      if (!first) return callback(new PrivateAddressError(), []);
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
