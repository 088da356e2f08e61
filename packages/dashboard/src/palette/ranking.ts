import { fuzzyScore } from "../text/fuzzy.ts";

/** Something to go to or to do, as the palette finds it. */
export interface Findable {
  /** What it is found by. */
  name: string;
  /** Only found by what is in `name` beyond these words: what is done to a thing, beside the thing itself. */
  beyond?: string;
}

/** What matches what was typed, the best first; in the order given where nothing tells them apart. */
export function ranked<Item extends Findable>(typed: string, items: readonly Item[], most: number): Item[] {
  const needle = typed.trim();
  return items
    .map((item) => ({ item, score: scoreOf(needle, item) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ item }) => item);
}

function scoreOf(needle: string, { name, beyond }: Findable): number {
  // Who types a task's title looks for the task: everything that could be done to it would only stand in the way.
  if (beyond !== undefined && (needle === "" || fuzzyScore(needle, beyond) > 0)) return 0;
  return fuzzyScore(needle, name);
}

/**
 * The tasks that are looked through, those first that were heard of last; behind them what the server has found beyond.
 * @param known in the order of the task store: the latest stand last
 */
export function searchedTasks<Task extends { id: string }>(
  known: readonly Task[],
  found: readonly Task[],
  most: number,
): Task[] {
  const latest = known.slice(-most).reverse();
  const ids = new Set(latest.map(({ id }) => id));
  return [...latest, ...found.filter(({ id }) => !ids.has(id))];
}
