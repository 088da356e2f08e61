import { type LookupAddress, lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Addresses that only this machine's own link or its cloud answers at: link-local ones (RFC 3927, RFC 4291) and those
 * of the metadata services, which hand out the machine's credentials to whoever asks.
 */
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet("169.254.0.0", 16, "ipv4");
LINK_LOCAL.addSubnet("fe80::", 10, "ipv6");
LINK_LOCAL.addAddress("fd00:ec2::254", "ipv6"); // Amazon
LINK_LOCAL.addAddress("fd20:ce::254", "ipv6"); // Google
LINK_LOCAL.addAddress("100.100.100.200", "ipv4"); // Alibaba
LINK_LOCAL.addAddress("192.0.0.192", "ipv4"); // Oracle
LINK_LOCAL.addAddress("168.63.129.16", "ipv4"); // Azure
// The same IPv4 addresses as translators write them: NAT64 (RFC 6052), 6to4 (RFC 3056), IPv4-compatible (RFC 4291).
LINK_LOCAL.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");
LINK_LOCAL.addSubnet("2002:a9fe::", 32, "ipv6");
LINK_LOCAL.addSubnet("::a9fe:0", 112, "ipv6");

/** The setting that allows them, for the error that refuses one. */
export const ALLOWING_SETTING = "MISSION_CONTROL_ALLOW_PRIVATE_WEBHOOKS=true";

/** An address is link-local, and such are not called. */
export class LinkLocalAddressError extends Error {
  readonly code = "link_local_address";
  override name = "LinkLocalAddressError";

  constructor() {
    super(`its address is link-local or a cloud's metadata service, which only ${ALLOWING_SETTING} allows`);
  }
}

/**
 * Whether a URL's host is such an address as it stands. Decimal, octal and hexadecimal spellings are looked through,
 * as the URL parser writes them all as four numbers; IPv4 inside IPv6 as well. Names say nothing here: see
 * {@link lookupOutsideLinkLocal}.
 */
export function isLinkLocal({ hostname }: URL): boolean {
  return isLinkLocalAddress(hostname.replace(/^\[|\]$/g, ""));
}

function isLinkLocalAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  // An address of a link carries the link's name behind a "%".
  return LINK_LOCAL.check(address.replace(/%.*$/, ""), family === 4 ? "ipv4" : "ipv6");
}

/**
 * Looks up a host name for a connection as `dns.lookup` does, without the addresses that are link-local; fails with a
 * {@link LinkLocalAddressError} when none is left. What is looked up is what is connected to: a name cannot resolve to
 * something else in between.
 */
export const lookupOutsideLinkLocal: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, []);
    const allowed = addresses.filter(({ address }) => !isLinkLocalAddress(address));
    const [first] = allowed;
    if (!first) return callback(new LinkLocalAddressError(), []);
    if (options.all) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};
