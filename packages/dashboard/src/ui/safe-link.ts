const ALLOWED = new Set(["http:", "https:", "mailto:"]);

/** The address of a foreign link if it leads to a page or a mailbox; null for scripts, data and the rest. */
export function safeLink(href: string): string | null {
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  return ALLOWED.has(url.protocol) ? url.href : null;
}
