import {
  type CreateSavedView,
  MAX_SAVED_VIEWS,
  type NewEvent,
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

/** Filters of pages that are kept under a name, in the order they are shown in. The log tells of every change. */
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
      return { record: { id: RECORD_ID, views: [...views, view] }, event: viewEvent(view, "created") };
    });
    if (refusal) throw new TooManyViewsError(refusal.detail);
    return view;
  }

  /** Renames a view, gives it other filters, or moves it. @returns null when there is no such view */
  async update(id: string, asked: PatchSavedView): Promise<SavedView | null> {
    const fields = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    return this.#edit(id, (before, others, at) => {
      const { name = before.name, search = before.search, index = at } = asked;
      const view: SavedView = { ...before, name, search };
      return { view, views: others.toSpliced(index, 0, view), event: viewEvent(view, "edited", fields) };
    });
  }

  /** @returns whether there was such a view */
  async remove(id: string): Promise<boolean> {
    const removed = await this.#edit(id, (view, others) => {
      return { views: others, view, event: viewEvent(view, "deleted") };
    });
    return removed !== null;
  }

  /** @returns what the change says of the view; null when there is none of this id */
  async #edit(
    id: string,
    change: (view: SavedView, others: readonly SavedView[], at: number) => ViewEdit,
  ): Promise<SavedView | null> {
    let edited: SavedView | null = null;
    await this.#store.edit("saved_views", RECORD_ID, (current) => {
      edited = null;
      const at = current?.views.findIndex((view) => view.id === id) ?? -1;
      const before = current?.views[at];
      if (!before || !current) return { record: current };
      const { views, view, event } = change(before, current.views.toSpliced(at, 1), at);
      edited = view;
      return { record: { id: RECORD_ID, views }, event };
    });
    return edited;
  }
}

interface ViewEdit {
  views: readonly SavedView[];
  view: SavedView;
  event: NewEvent;
}

function viewEvent(
  { id, name }: SavedView,
  change: "created" | "edited" | "deleted",
  fields?: string[],
): NewEvent {
  const now = new Date().toISOString();
  const data = { change, viewId: id, ...(fields ? { fields } : {}) };
  return { type: "view", message: name, data, timestamp: now, receivedAt: now };
}
