import type { EventType } from "@mission-control/protocol";
import { EVENT_TYPES } from "@mission-control/protocol/kinds";

/** Types that are often looked for together; an empty list stands for all. */
export const PRESETS = {
  all: [],
  problems: ["error"],
  results: ["complete"],
  questions: ["permission"],
} as const satisfies Record<string, readonly EventType[]>;

/** What the address of the Activity page says. */
export interface ActivitySearch {
  task?: string;
  agent?: string;
  /** Types of events, with commas between. */
  types?: string;
  q?: string;
  /** Each event in a row of its own. */
  raw?: true;
  /** The event whose panel is open. */
  event?: number;
}

/** Reads the address; what makes no sense is left out. */
export function readActivitySearch(search: Record<string, unknown>): ActivitySearch {
  const read: ActivitySearch = {};
  if (isText(search.task)) read.task = search.task;
  if (isText(search.agent)) read.agent = search.agent;
  if (isText(search.types)) {
    const types = splitTypes(search.types).join(",");
    if (types) read.types = types;
  }
  if (isText(search.q) || typeof search.q === "number") read.q = String(search.q);
  if (search.raw === true) read.raw = true;
  if (typeof search.event === "number" && Number.isSafeInteger(search.event)) read.event = search.event;
  return read;
}

/** The known types of a list with commas, in the order of the filter's boxes. */
export function splitTypes(list: string | undefined): EventType[] {
  const named = new Set(list?.split(","));
  return EVENT_TYPES.filter((type) => named.has(type));
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
