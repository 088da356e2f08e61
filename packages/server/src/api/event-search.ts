import type { EventFilter, LogEvent } from "@mission-control/protocol";
import type { EventPage, Store } from "../store/store.ts";

/** Events read in one step. */
const STEP = 250;
/** Events one page looks at: bounds its time where few match. Such a page is short, and its cursor goes on. */
const LOOKED_AT = 5_000;

/** What a search reads. */
export interface SearchSource {
  store: Pick<Store, "task" | "history">;
  /** The name of an agent, if there is such an agent. */
  agentName(id: string): string | undefined;
}

/**
 * A page of the events that mention a text, newest first, whatever engine the store has: in what was said, in a reason
 * or a last state, in an id, in the title of the task or the name of the agent. Case does not matter.
 */
export async function searchEvents(
  { store, agentName }: SearchSource,
  q: string,
  before: number | null,
  filter: EventFilter,
  limit: number,
): Promise<EventPage> {
  const needle = q.toLowerCase();
  const has = (text: unknown) => typeof text === "string" && text.toLowerCase().includes(needle);
  const titles = new Map<string, Promise<boolean>>();
  const titleHas = (id: string) => {
    const known = titles.get(id) ?? store.task(id).then((task) => has(task?.title));
    titles.set(id, known);
    return known;
  };
  const matches = async (event: LogEvent): Promise<boolean> => {
    const { taskId, agentId, dispatchId, message, lastState, data } = event;
    if ([message, lastState, data.reason, taskId, agentId, dispatchId].some(has)) return true;
    if (agentId !== undefined && has(agentName(agentId))) return true;
    return taskId !== undefined && (await titleHas(taskId));
  };
  const items: LogEvent[] = [];
  let cursor = before;
  for (let looked = 0; looked < LOOKED_AT; ) {
    const page = await store.history(cursor, filter, STEP);
    const found = await Promise.all(page.items.map(matches));
    for (const [index, event] of page.items.entries()) {
      if (!found[index]) continue;
      items.push(event);
      if (items.length === limit) return { items, nextCursor: String(event.id) };
    }
    if (page.nextCursor === null) return { items, nextCursor: null };
    cursor = Number(page.nextCursor);
    looked += page.items.length;
  }
  return { items, nextCursor: String(cursor) };
}
