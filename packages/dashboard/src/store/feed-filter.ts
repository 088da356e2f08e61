import type { EventType } from "@mission-control/protocol";
import type { HeldEvent } from "./held-event.ts";

/** Which events the Activity page shows. Empty fields match all. */
export interface FeedFilter {
  taskId?: string | undefined;
  agentId?: string | undefined;
  types?: readonly EventType[] | undefined;
  /** Text looked for in the message, the ids, and the names behind them; case does not matter. */
  q?: string | undefined;
}

/** The names people know tasks and agents by. */
export interface Names {
  task(id: string): string | undefined;
  agent(id: string): string | undefined;
}

/** Makes the test for one filter. */
export function matcher(filter: FeedFilter, names: Names): (event: HeldEvent) => boolean {
  const needle = filter.q?.trim().toLowerCase();
  const types = filter.types?.length ? new Set(filter.types) : null;
  return (event) => {
    if (filter.taskId && event.taskId !== filter.taskId) return false;
    if (filter.agentId && event.agentId !== filter.agentId) return false;
    if (types && !types.has(event.type)) return false;
    return !needle || mentions(event, needle, names);
  };
}

function mentions(event: HeldEvent, needle: string, names: Names): boolean {
  const places = [
    event.message,
    event.taskId,
    event.taskId && names.task(event.taskId),
    event.agentId,
    event.agentId && names.agent(event.agentId),
    event.dispatchId,
  ];
  return places.some((text) => text?.toLowerCase().includes(needle));
}
