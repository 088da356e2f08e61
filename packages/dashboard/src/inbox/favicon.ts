import { basePath } from "../api/base-path.ts";

/** More than this is not counted in so small a place. */
const MOST = 9;

/** Says in the page's favicon how much waits: the sign with a number on it, or as it always is. */
export function showInFavicon(waiting: number): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link) link.href = waiting === 0 ? `${basePath()}/favicon.svg` : `data:image/svg+xml,${badge(waiting)}`;
}

/** The sign of `public/favicon.svg` with a number in its corner, as it stands in a `data:` address. */
function badge(waiting: number): string {
  const words = waiting > MOST ? `${MOST}+` : String(waiting);
  return encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2f5fd0"/><g fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round"><path d="M9 20a8 8 0 1 1 14 0"/><path d="M16 18l4-5"/></g><circle cx="16" cy="18" r="2.2" fill="#fff"/><circle cx="22" cy="10" r="10" fill="#b3261e"/><text x="22" y="15" font-family="sans-serif" font-size="14" font-weight="700" text-anchor="middle" fill="#fff">${words}</text></svg>`,
  );
}
