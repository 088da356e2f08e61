import type { CreateSavedView, PatchSavedView, SavedView, SavedViewPage } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useMemo } from "react";
import type { ApiCall } from "../api/client.ts";
import type { Mission } from "../app/mission.ts";
import { useMission } from "../app/use-mission.ts";
import { PATH_OF, savedSearch } from "./view-address.ts";
import { VIEWS_KEY } from "./view-news.ts";

/** The saved views, in their order. */
export function useViews() {
  const { api } = useMission();
  return useQuery({
    queryKey: VIEWS_KEY,
    queryFn: async ({ signal }) => (await api.get<{ items: SavedView[] }>("/api/views", signal)).items,
  });
}

/** Which page with which filters is looked at now; null on a page that has none to save. */
export function useShownView(): { page: SavedViewPage; search: string } | null {
  const { pathname, search } = useLocation();
  const page = pathname === PATH_OF.activity ? "activity" : pathname === PATH_OF.board ? "board" : null;
  return page && { page, search: savedSearch(page, search) };
}

/** {@link viewCalls} of this page. */
export function useViewCalls() {
  const mission = useMission();
  return useMemo(() => viewCalls(mission), [mission]);
}

/** Changes to the saved views. Each resolves to why it was refused, or to null when it was done. */
export function viewCalls({ api, queries }: Pick<Mission, "api" | "queries">) {
  const run = async (call: ApiCall): Promise<string | null> => {
    try {
      await api.call(call);
      return null;
    } catch (error) {
      return (error as Error).message;
    } finally {
      await queries.invalidateQueries({ queryKey: VIEWS_KEY });
    }
  };
  const path = (id: string) => `/api/views/${encodeURIComponent(id)}`;
  return {
    create: (body: CreateSavedView) => run({ method: "POST", path: "/api/views", body }),
    update: (id: string, body: PatchSavedView) => run({ method: "PATCH", path: path(id), body }),
    remove: (id: string) => run({ method: "DELETE", path: path(id) }),
    /** Puts a removed view back where it was. */
    async restore({ name, page, search }: SavedView, index: number): Promise<string | null> {
      const body: CreateSavedView = { name, page, search };
      try {
        const made = await api.call<SavedView>({ method: "POST", path: "/api/views", body });
        return await run({ method: "PATCH", path: path(made.id), body: { index } });
      } catch (error) {
        return (error as Error).message;
      }
    },
  };
}
