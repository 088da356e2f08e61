import type { ExchangePage, ExchangeView } from "@mission-control/protocol";

/** A list of deliveries, newest first, as far as it was read. */
export interface ExchangeFeed {
  rows: readonly ExchangeView[];
  /** Newer ones, which are not shown yet as somebody reads further down. */
  fresh: readonly ExchangeView[];
  /** Where the list goes on behind its rows; null at its end. */
  cursor: string | null;
  /** Set where more came than was read: then `fresh` takes the place of the rows, and goes on here. */
  freshCursor?: string | null;
}

/**
 * The list with a page of its newest rows, read again.
 * @param isHeld whether what is new waits until somebody asks for it
 */
export function withNewest(feed: ExchangeFeed | null, page: ExchangePage, isHeld: boolean): ExchangeFeed {
  const { items, nextCursor } = page;
  if (!feed || (feed.rows.length === 0 && feed.cursor === null))
    return { rows: items, fresh: [], cursor: nextCursor };
  const now = new Map(items.map((item) => [item.id, item]));
  const renew = (rows: readonly ExchangeView[]) =>
    rows.some((row) => isOlder(row, now.get(row.id))) ? rows.map((row) => now.get(row.id) ?? row) : rows;
  const known = new Set([...feed.fresh, ...feed.rows].map(({ id }) => id));
  const added = items.filter(({ id }) => !known.has(id));
  const renewed = { ...feed, rows: renew(feed.rows), fresh: renew(feed.fresh) };
  if (added.length === 0) return isHeld ? renewed : released(renewed);
  const isGap = added.length === items.length && nextCursor !== null && feed.rows.length > 0;
  const held: ExchangeFeed = isGap
    ? { ...renewed, fresh: items, freshCursor: nextCursor }
    : { ...renewed, fresh: inOrder(added, renewed.fresh) };
  return isHeld ? held : released(held);
}

/** The list with its newer rows shown. */
export function released(feed: ExchangeFeed): ExchangeFeed {
  const { rows, fresh, cursor, freshCursor } = feed;
  if (fresh.length === 0) return feed;
  if (freshCursor !== undefined) return { rows: fresh, fresh: [], cursor: freshCursor };
  return { rows: inOrder(fresh, rows), fresh: [], cursor };
}

/** The list with the page behind its last row. */
export function withOlder(feed: ExchangeFeed, { items, nextCursor }: ExchangePage): ExchangeFeed {
  const known = new Set(feed.rows.map(({ id }) => id));
  return { ...feed, rows: [...feed.rows, ...items.filter(({ id }) => !known.has(id))], cursor: nextCursor };
}

/** Puts rows before others, in the order of their times where they were told later than they happened. */
function inOrder(first: readonly ExchangeView[], then: readonly ExchangeView[]): ExchangeView[] {
  const oldest = first.at(-1)?.at ?? "";
  const end = then.findIndex(({ at }) => at <= oldest);
  const among = end < 0 ? then : then.slice(0, end);
  const head = [...first, ...among].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  return end < 0 ? head : [...head, ...then.slice(end)];
}

/** What waits to be tried again changes; all else is as it was. */
function isOlder(row: ExchangeView, now: ExchangeView | undefined): boolean {
  return now !== undefined && (now.result !== row.result || now.tryCount !== row.tryCount);
}
