import { useCallback, useMemo, useState } from "react";

/** Which tasks are selected, by their ids. */
export interface Selection {
  ids: ReadonlySet<string>;
  /** Selects a task, or no longer. @param range selects all from the last one on, in the order they are shown in */
  toggle(id: string, range: boolean): void;
  set(ids: Iterable<string>): void;
  clear(): void;
}

/** @param shown the ids of what is shown now, in lists: a range lies within one of them */
export function useSelection(shown: () => readonly (readonly string[])[]): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const [last, setLast] = useState<string | null>(null);
  const toggle = useCallback(
    (id: string, range: boolean) => {
      setLast(id);
      setIds((before) => toggled(before, id, range ? between(shown(), last, id) : []));
    },
    [shown, last],
  );
  const set = useCallback((chosen: Iterable<string>) => setIds(new Set(chosen)), []);
  const clear = useCallback(() => setIds(new Set()), []);
  return useMemo(() => ({ ids, toggle, set, clear }), [ids, toggle, set, clear]);
}

/** The selection after a task was pointed at. @param range what lies between it and the one before, if that was meant */
export function toggled(
  before: ReadonlySet<string>,
  id: string,
  range: readonly string[],
): ReadonlySet<string> {
  const after = new Set(before);
  if (range.length > 1) for (const one of range) after.add(one);
  else if (!after.delete(id)) after.add(id);
  return after;
}

/** What lies from one to the other in the list that has both, with both; nothing where none has. */
export function between(
  lists: readonly (readonly string[])[],
  from: string | null,
  to: string,
): readonly string[] {
  for (const list of lists) {
    const [start, end] = [list.indexOf(from ?? ""), list.indexOf(to)].sort((a, b) => a - b) as [
      number,
      number,
    ];
    if (start >= 0) return list.slice(start, end + 1);
  }
  return [];
}
