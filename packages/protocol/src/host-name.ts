/**
 * The name in a `Host` header (RFC 9110, section 7.2) without its port, written as browsers write it: lower case,
 * IPv6 shortened and in brackets. Null for what names no host.
 */
export function hostName(text: string): string | null {
  const address = text.replace(/^::ffff:(?=\d+\.)/i, "");
  const isBareIPv6 = address.split(":").length > 2 && !address.startsWith("[");
  if (!/^[^\s/?#@*\\]+$/.test(address)) return null;
  const url = URL.parse(`http://${isBareIPv6 ? `[${address.replace(/%.*$/, "")}]` : address}`);
  return url === null ? null : url.hostname.replace(/\.$/, "");
}
