/** A place that keeps texts by name, as `localStorage` does. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** What the browser did not take: it stands in place of whatever is stored under that name. */
const held = new Map<string, string>();

/**
 * What this browser keeps for the page. Never throws: where the browser lets the page store nothing, or its room is used
 * up, a text is kept for as long as the page is open.
 */
export const shelf: Shelf = {
  getItem(name) {
    const kept = held.get(name);
    if (kept !== undefined) return kept;
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  setItem(name, text) {
    try {
      localStorage.setItem(name, text);
      held.delete(name);
    } catch {
      held.set(name, text);
    }
  },
  removeItem(name) {
    held.delete(name);
    try {
      localStorage.removeItem(name);
    } catch {
      // What cannot be removed cannot be read either.
    }
  },
};
