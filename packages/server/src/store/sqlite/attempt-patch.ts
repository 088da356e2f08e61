import type { Attempt } from "../../tasks/task.ts";

/** What a change made of an attempt: the fields that it set, and those that it took away. */
export interface AttemptPatch {
  id: string;
  set: Partial<Attempt>;
  unset?: (keyof Attempt)[];
}

export function patchOf({ before, after }: { before: Attempt; after: Attempt }): AttemptPatch {
  const set: Partial<Record<keyof Attempt, unknown>> = {};
  const unset: (keyof Attempt)[] = [];
  for (const name of Object.keys({ ...before, ...after }) as (keyof Attempt)[]) {
    if (after[name] === before[name]) continue;
    if (after[name] === undefined) unset.push(name);
    else set[name] = after[name];
  }
  const patch: AttemptPatch = { id: after.id, set: set as Partial<Attempt> };
  return unset.length === 0 ? patch : { ...patch, unset };
}

export function patched(attempt: Attempt, { set, unset = [] }: AttemptPatch): Attempt {
  const after: Attempt & Partial<Record<keyof Attempt, unknown>> = { ...attempt, ...set };
  for (const name of unset) delete after[name];
  return after;
}
