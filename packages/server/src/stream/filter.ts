import type { EventFilter } from "@mission-control/protocol";
import type { LogEntry } from "../store/store.ts";

/** What a filter looks at. */
export type Subject = Pick<LogEntry, "type" | "taskId" | "agentId">;

/** Whether an event passes a filter; an empty list of types passes all, as in the log. */
export function passes(filter: EventFilter, event: Subject): boolean {
  return (
    (filter.taskId === undefined || filter.taskId === event.taskId) &&
    (filter.agentId === undefined || filter.agentId === event.agentId) &&
    (filter.agentIds?.includes(event.agentId ?? "") ?? true) &&
    (!filter.types?.length || filter.types.includes(event.type))
  );
}

/** The same text for filters that pass the same events, so that their readers can share what is encoded. */
export function filterKey({ taskId, agentId, agentIds, types }: EventFilter): string {
  const agents = agentIds ? [...new Set(agentIds)].sort() : null;
  const kinds = types?.length ? [...new Set(types)].sort() : null;
  return JSON.stringify([taskId ?? null, agentId ?? null, agents, kinds]);
}
