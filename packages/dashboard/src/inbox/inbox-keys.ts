import type { InboxItem } from "@mission-control/protocol";
import { type InboxAct, inboxActs } from "./inbox-acts.ts";
import { inboxKey } from "./inbox-items.ts";

const STEPS: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

/** The item that somebody chose, and where it stood then. */
export interface Chosen {
  key: string;
  index: number;
}

/** What a key does in the inbox. */
export type InboxMove =
  | { kind: "go"; to: Chosen }
  | { kind: "act"; item: InboxItem; act: InboxAct; chosen: Chosen };

/** Where the chosen item stands; where it was dealt with, the one that stands there now is next. -1 in an empty list. */
export function indexOfChosen(items: readonly InboxItem[], chosen: Chosen | null): number {
  const found = items.findIndex((item) => inboxKey(item) === chosen?.key);
  return found >= 0 ? found : Math.min(chosen?.index ?? 0, items.length - 1);
}

/**
 * What a key that is pressed means; null where it means nothing.
 * @param key.isHeld the key is down since before: whoever holds one does not mean the items that come up meanwhile
 * @param isInside whether the focus is in the list: else the first step is to where it stands
 * @param isPending whether something is being done to a task already
 */
export function inboxMove(
  { name, isHeld }: { name: string; isHeld: boolean },
  items: readonly InboxItem[],
  chosen: Chosen | null,
  isInside: boolean,
  isPending: (taskId: string) => boolean,
): InboxMove | null {
  const at = indexOfChosen(items, chosen);
  const step = Object.hasOwn(STEPS, name) ? STEPS[name] : undefined;
  if (step !== undefined) {
    const index = isInside ? Math.max(0, Math.min(items.length - 1, at + step)) : at;
    const item = items[index];
    return item ? { kind: "go", to: { key: inboxKey(item), index } } : null;
  }
  const item = items[at];
  if (!item || isHeld || isPending(item.task.id)) return null;
  const act = inboxActs(item).find(({ key }) => key === name);
  return act ? { kind: "act", item, act, chosen: { key: inboxKey(item), index: at } } : null;
}
