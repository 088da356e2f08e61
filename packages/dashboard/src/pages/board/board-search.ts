import { readTaskSearch, type TaskSearch } from "../task/task-search.ts";

/** What the address of the Board says, and of the task beside it. */
export interface BoardSearch extends TaskSearch {
  q?: string;
  agent?: string;
  tag?: string;
  /** Columns, unless it says otherwise. */
  view?: "list";
  /** The task whose panel is open. */
  task?: string;
  /** Which form for new tasks is open. */
  create?: "one" | "many";
}

/** Reads the address; what makes no sense is left out. */
export function readBoardSearch(search: Record<string, unknown>): BoardSearch {
  const read: BoardSearch = readTaskSearch(search);
  for (const name of ["q", "agent", "tag", "task"] as const) {
    const value = search[name];
    if (typeof value === "number" || (typeof value === "string" && value !== "")) read[name] = String(value);
  }
  if (search.view === "list") read.view = "list";
  if (search.create === "one" || search.create === "many") read.create = search.create;
  return read;
}
