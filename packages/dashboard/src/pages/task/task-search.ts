/** What there is to see of a task, in the order of its tabs. */
export const TASK_TABS = ["transcript", "changes", "timeline", "raw"] as const;
export type TaskTab = (typeof TASK_TABS)[number];

/** What the address of a task's page says. */
export interface TaskSearch {
  tab?: TaskTab;
  /** The entry of the transcript that is looked at, by its event. */
  entry?: number;
  /** Somebody came to say something to the agent. */
  say?: true;
}

/** Reads the address; what makes no sense is left out. */
export function readTaskSearch(search: Record<string, unknown>): TaskSearch {
  const tab = TASK_TABS.find((name) => name === search.tab);
  const { entry } = search;
  return {
    ...(tab ? { tab } : {}),
    ...(search.say === true ? { say: true } : {}),
    ...(typeof entry === "number" && Number.isSafeInteger(entry) && entry > 0 ? { entry } : {}),
  };
}
