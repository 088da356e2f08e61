import { useEffect, useState } from "react";
import { useMission } from "../app/use-mission.ts";
import type { PaletteTask } from "./use-commands.tsx";

const SEARCH_AFTER_MS = 200;

/** Tasks this page has not loaded, found by the server. */
export function useServerSearch(typed: string): PaletteTask[] {
  const mission = useMission();
  const [found, setFound] = useState<PaletteTask[]>([]);
  useEffect(() => {
    const q = typed.trim();
    if (q.length < 2) return setFound([]);
    const ended = new AbortController();
    const timer = setTimeout(() => {
      mission
        .loadTasks(String(new URLSearchParams({ q, limit: "10", sort: "updatedAt" })), ended.signal)
        .then(({ items }) => setFound(items))
        .catch(() => setFound([]));
    }, SEARCH_AFTER_MS);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [mission, typed]);
  return found;
}
