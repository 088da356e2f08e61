import {
  type CreateSavedView,
  MAX_SAVED_VIEWS,
  type PatchSavedView,
  type SavedView,
} from "@mission-control/protocol";
import { newId } from "../ids.ts";
import type { Store } from "../store/store.ts";

/** All views are one record, under this id. */
const RECORD_ID = "all";

/** No more views can be kept. */
export class TooManyViewsError extends Error {
  readonly code = "too_many_views";
  override name = "TooManyViewsError";
}

/** Filters of pages that are kept under a name, in the order they are shown in. */
export class SavedViews {
  readonly #store: Pick<Store, "edit" | "record">;

  constructor(store: Pick<Store, "edit" | "record">) {
    this.#store = store;
  }

  async list(): Promise<readonly SavedView[]> {
    return (await this.#store.record("saved_views", RECORD_ID))?.views ?? [];
  }

  /** Adds one at the end. @throws TooManyViewsError */
  async create(fields: CreateSavedView): Promise<SavedView> {
    const view: SavedView = { id: newId("view"), ...fields, createdAt: new Date().toISOString() };
    const { refusal } = await this.#store.edit("saved_views", RECORD_ID, (current) => {
      const views = current?.views ?? [];
      if (views.length >= MAX_SAVED_VIEWS) {
        const detail = `There are ${MAX_SAVED_VIEWS} saved views, and there can be no more: remove one first.`;
        return { refusal: { code: "conflict", detail } };
      }
      return { record: { id: RECORD_ID, views: [...views, view] } };
    });
    if (refusal) throw new TooManyViewsError(refusal.detail);
    return view;
  }

  /** Renames a view, gives it other filters, or moves it. @returns null when there is no such view */
  async update(id: string, { index, ...fields }: PatchSavedView): Promise<SavedView | null> {
    return this.#edit(id, (view, others, at) => {
      const given = Object.entries(fields).filter(([, value]) => value !== undefined);
      return others.toSpliced(index ?? at, 0, { ...view, ...Object.fromEntries(given) });
    });
  }

  /** @returns whether there was such a view */
  async remove(id: string): Promise<boolean> {
    let removed = false;
    await this.#store.edit("saved_views", RECORD_ID, (current) => {
      const views = current?.views.filter((view) => view.id !== id) ?? [];
      removed = views.length < (current?.views.length ?? 0);
      return { record: removed ? { id: RECORD_ID, views } : current };
    });
    return removed;
  }

  async #edit(
    id: string,
    change: (view: SavedView, others: readonly SavedView[], at: number) => readonly SavedView[],
  ): Promise<SavedView | null> {
    const { record } = await this.#store.edit("saved_views", RECORD_ID, (current) => {
      const at = current?.views.findIndex((view) => view.id === id) ?? -1;
      const view = current?.views[at];
      if (!view || !current) return { record: current };
      return { record: { id: RECORD_ID, views: change(view, current.views.toSpliced(at, 1), at) } };
    });
    return record?.views.find((view) => view.id === id) ?? null;
  }
}
