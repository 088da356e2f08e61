import type { Store } from "../store/store.ts";

/**
 * The position before the first event that was stored at a time or later; found by halving, as ids rise with time.
 * @param since ISO 8601
 */
export async function positionBefore(
  store: Pick<Store, "range" | "history">,
  since: string,
): Promise<number> {
  const time = Date.parse(since);
  const { oldest, newest } = await store.range();
  let before = Math.max(0, oldest - 1);
  let after = newest + 1;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    const [event] = (await store.history(middle + 1, {}, 1)).items;
    if (event && Date.parse(event.receivedAt) < time) before = middle;
    else after = middle;
  }
  return before;
}
