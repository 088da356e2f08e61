/**
 * A gateway's address as it may be shown, logged and told: what may carry credentials — user, password, query,
 * fragment — is left out, and used for nothing but connecting.
 */
export function shownUrl(url: string): string {
  const { username, password, search, hash, protocol, host, pathname } = new URL(url);
  if (!username && !password && !search && !hash) return url;
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}
