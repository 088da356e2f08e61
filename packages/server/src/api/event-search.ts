import { type Entry, type EventFilter, entryTexts, type LogEvent } from "@mission-control/protocol";
import type { EventPage, Store } from "../store/store.ts";

/** Events read in one step: fewer where those before them were large. */
const STEP = { most: 250, least: 10, units: 1024 * 1024 };
/**
 * What one page looks at, in events and in UTF-16 units of their entries' texts: bounds its time where few match. Such
 * a page is short, and its cursor goes on.
 */
const LOOKED_AT = { events: 5_000, units: 8 * 1024 * 1024 };

/** What a search reads. */
export interface SearchSource {
  store: Pick<Store, "task" | "history">;
  /** The name of an agent, if there is such an agent. */
  agentName(id: string): string | undefined;
}

/**
 * A page of the events that mention a text, newest first, whatever engine the store has: in what was said, in a reason
 * or a last state, in any text of an entry, in an id, in the title of the task or the name of the agent. Case does not
 * matter.
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
    if ([message, lastState, data.reason, taskId, agentId, dispatchId, ...textsOf(event)].some(has))
      return true;
    if (agentId !== undefined && has(agentName(agentId))) return true;
    return taskId !== undefined && (await titleHas(taskId));
  };
  const items: LogEvent[] = [];
  let cursor = before;
  let step = STEP.most;
  for (let events = 0, units = 0; events < LOOKED_AT.events && units < LOOKED_AT.units; ) {
    const page = await store.history(cursor, filter, step);
    const found = await Promise.all(page.items.map(matches));
    for (const [index, event] of page.items.entries()) {
      if (!found[index]) continue;
      items.push(event);
      if (items.length === limit) return { items, nextCursor: String(event.id) };
    }
    if (page.nextCursor === null) return { items, nextCursor: null };
    cursor = Number(page.nextCursor);
    events += page.items.length;
    const size = page.items.reduce((sum, event) => sum + textsOf(event).join("").length, 0);
    units += size;
    const perEvent = size / page.items.length;
    step = Math.max(STEP.least, Math.min(STEP.most, Math.floor(STEP.units / perEvent)));
  }
  return { items, nextCursor: String(cursor) };
}

/** The texts of the entry that an event brought. */
function textsOf({ data }: LogEvent): string[] {
  if (typeof data.entry !== "object" || data.entry === null) return [];
  return entryTexts(data.entry as unknown as Entry).map(([, text]) => text);
}
