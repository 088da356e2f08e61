import type { ArtifactView } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { refreshOn } from "../../../app/refresh-on.ts";
import { useMission } from "../../../app/use-mission.ts";

const PAGE = 500;
/** While more of them come in, they are asked for again at most this often. */
const REFRESH_MS = 150;
/** Artifacts that are listed here; the command `artifacts` lists them all. */
const MOST = 2_000;

/** What the agents of a task handed in, read again when the log tells of more. */
export function useArtifacts(taskId: string) {
  const mission = useMission();
  const queryKey = ["artifacts", taskId];
  useEffect(
    () =>
      refreshOn(mission, {
        matters: (event) => event.type === "artifact" && event.taskId === taskId,
        everyMs: REFRESH_MS,
        refresh: () => mission.queries.invalidateQueries({ queryKey: ["artifacts", taskId] }),
      }),
    [mission, taskId],
  );
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const artifacts: ArtifactView[] = [];
      let cursor: string | null = null;
      do {
        const query = new URLSearchParams({ limit: String(PAGE), ...(cursor === null ? {} : { cursor }) });
        const path = `/api/tasks/${encodeURIComponent(taskId)}/artifacts?${query}`;
        const page: { items: ArtifactView[]; nextCursor: string | null } = await mission.api.get(
          path,
          signal,
        );
        artifacts.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null && artifacts.length < MOST);
      // What was sent to the agents stands with the message.
      return artifacts.filter(({ messageId }) => messageId === undefined);
    },
    staleTime: 0,
  });
}

/** The address of an artifact's bytes. */
export function artifactPath(taskId: string, { id }: Pick<ArtifactView, "id">): string {
  return `/api/tasks/${encodeURIComponent(taskId)}/artifacts/${encodeURIComponent(id)}`;
}

/** The bytes of an artifact, which never change: they are known by their digest. */
export function useArtifactBytes(taskId: string, artifact: ArtifactView) {
  const { api } = useMission();
  return useQuery({
    queryKey: ["artifact", artifact.sha256],
    queryFn: async ({ signal }) => {
      const response = await api.request({ method: "GET", path: artifactPath(taskId, artifact) }, signal);
      return new Uint8Array(await response.arrayBuffer());
    },
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
}
