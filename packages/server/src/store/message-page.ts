import type { Message } from "../tasks/task.ts";
import type { MessagePage } from "./store.ts";

/** A message as an engine keeps it: its JSON, and its place among those of its task. */
export interface KeptMessage {
  eventId: number;
  record: string;
}

/**
 * A page of messages.
 * @param rows those of the page, and one more where there are more
 */
export function messagePage(rows: readonly KeptMessage[], limit: number): MessagePage {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  return {
    items: kept.map(({ record }) => JSON.parse(record) as Message),
    nextCursor: rows.length > limit && last ? String(last.eventId) : null,
  };
}
