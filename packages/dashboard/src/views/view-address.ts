import type { SavedView, SavedViewPage } from "@mission-control/protocol";
import { defaultParseSearch, defaultStringifySearch } from "@tanstack/react-router";
import { readActivitySearch } from "../pages/activity/activity-search.ts";
import { readBoardSearch } from "../pages/board/board-search.ts";

/** The page behind a name, as an address has it. */
export const PATH_OF = { activity: "/", board: "/board" } as const satisfies Record<SavedViewPage, string>;

/** What of each page's address is how the page is looked at; the rest is what is open on it. */
const KEPT = {
  activity: ["agent", "q", "raw", "task", "types"],
  board: ["agent", "q", "tag", "view"],
} as const;

/** The filters of a page as they are saved: always the same words for the same filters. */
export function savedSearch(page: SavedViewPage, search: Record<string, unknown>): string {
  const read: Record<string, unknown> =
    page === "activity" ? { ...readActivitySearch(search) } : { ...readBoardSearch(search) };
  const kept = KEPT[page].flatMap((name) => (read[name] === undefined ? [] : [[name, read[name]] as const]));
  return defaultStringifySearch(Object.fromEntries(kept)).replace(/^\?/, "");
}

/** Where a saved view leads; what of it makes no sense to this page is left out. */
export function viewTarget({ page, search }: Pick<SavedView, "page" | "search">) {
  const given = defaultParseSearch(`?${search}`);
  return page === "activity"
    ? ({ to: PATH_OF.activity, search: readActivitySearch(given) } as const)
    : ({ to: PATH_OF.board, search: readBoardSearch(given) } as const);
}

/** Whether a page with these filters is what a view shows. */
export function isShown(view: SavedView, page: SavedViewPage, search: string): boolean {
  return (
    view.page === page && savedSearch(page, viewTarget(view).search as Record<string, unknown>) === search
  );
}
