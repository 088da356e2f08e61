import { taskIdOf } from "../app/place.ts";
import { shelf } from "../store/shelf.ts";

const KEY = "mission-control.recent";
const KEPT = 8;

/** Something somebody looked at lately. */
export interface Visit {
  kind: "task" | "agent";
  id: string;
}

/** What a page's address shows, where that is a thing one comes back to. */
export function visitOf(pathname: string, search: Readonly<Record<string, unknown>>): Visit | null {
  const task = taskIdOf(pathname);
  if (task !== null) return { kind: "task", id: task };
  if (pathname === "/board" && typeof search.task === "string") return { kind: "task", id: search.task };
  if (pathname === "/agents" && typeof search.agent === "string") return { kind: "agent", id: search.agent };
  return null;
}

/** The latest first; in this browser, for all its tabs. */
export function readVisits(): Visit[] {
  try {
    const kept: unknown = JSON.parse(shelf.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isVisit).slice(0, KEPT) : [];
  } catch {
    return [];
  }
}

/** Keeps a visit as the latest. */
export function noteVisit(visit: Visit): void {
  const others = readVisits().filter(({ kind, id }) => kind !== visit.kind || id !== visit.id);
  shelf.setItem(KEY, JSON.stringify([visit, ...others].slice(0, KEPT)));
}

function isVisit(kept: unknown): kept is Visit {
  if (typeof kept !== "object" || kept === null) return false;
  const { kind, id } = kept as Partial<Record<keyof Visit, unknown>>;
  return (kind === "task" || kind === "agent") && typeof id === "string";
}
